"""What each topic is read as, and who reports it. Nothing here does anything by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from lockstep.connectors.shopify.models import catalogue, finance, fulfilment, order
from lockstep.connectors.shopify.models.base import Vendor
from lockstep.connectors.shopify.reports import catalogue as of_catalogue
from lockstep.connectors.shopify.reports import drafts, orders, payments, refunds
from lockstep.connectors.shopify.reports import finance as of_finance
from lockstep.connectors.shopify.reports import fulfilment as of_fulfilment
from lockstep.connectors.shopify.reports.envelope import Report


@dataclass(frozen=True, slots=True)
class Reading:
    """How a message, or a resource, is read."""

    model: type[Vendor]
    report: Callable[[Any, Report], None]
    resource: str = ""
    """What it is read as, where a message names it and says nothing of it."""
    thin_without: tuple[str, ...] = ()
    """Fields of which a message that says anything has one: a subscription may leave out any (`include_fields`)."""


_ORDER: Final = Reading(order.Order, orders.report_order, "order", ("line_items", "total_price"))
_RETURN: Final = Reading(fulfilment.Return, of_fulfilment.report_return)
_PRODUCT: Final = Reading(catalogue.Product, of_catalogue.report_product)
_CUSTOMER: Final = Reading(catalogue.Customer, of_catalogue.report_customer)
_LEVEL: Final = Reading(catalogue.InventoryLevel, of_catalogue.report_level)
_FULFILLMENT: Final = Reading(fulfilment.Fulfillment, of_fulfilment.report_fulfillment)
_DRAFT: Final = Reading(order.DraftOrder, drafts.report_draft)
_DISPUTE: Final = Reading(finance.Dispute, of_finance.report_dispute)
_REFUND: Final = Reading(order.Refund, refunds.report_refund)
_ASKED: Final = Reading(fulfilment.FulfillmentOrderNotice, of_fulfilment.reread_fulfillment_order)

WEBHOOKS: Final[dict[str, Reading]] = {
    "orders/create": _ORDER,
    "orders/paid": _ORDER,
    "orders/updated": _ORDER,
    "orders/cancelled": _ORDER,
    "orders/fulfilled": _ORDER,
    "orders/partially_fulfilled": _ORDER,
    "orders/edited": Reading(order.OrderEdited, orders.reread_edited),
    "refunds/create": _REFUND,
    "returns/request": _RETURN,
    "returns/approve": _RETURN,
    "returns/process": _RETURN,
    "returns/update": _RETURN,
    "returns/close": _RETURN,
    "returns/cancel": _RETURN,
    "returns/decline": _RETURN,
    "returns/reopen": _RETURN,
    "order_transactions/create": Reading(order.Transaction, payments.report_transaction),
    "tender_transactions/create": Reading(finance.TenderTransaction, of_finance.reread_tender),
    "draft_orders/create": _DRAFT,
    "draft_orders/update": _DRAFT,
    "inventory_levels/update": _LEVEL,
    "inventory_levels/connect": _LEVEL,
    "products/create": _PRODUCT,
    "products/update": _PRODUCT,
    "products/delete": Reading(catalogue.Deleted, of_catalogue.report_deleted_product),
    "customers/create": _CUSTOMER,
    "customers/update": _CUSTOMER,
    "customers/enable": _CUSTOMER,
    "customers/disable": _CUSTOMER,
    "customers/delete": Reading(catalogue.Deleted, of_catalogue.report_deleted_customer),
    "fulfillments/create": _FULFILLMENT,
    "fulfillments/update": _FULFILLMENT,
    "fulfillment_events/create": Reading(fulfilment.FulfillmentEvent, of_fulfilment.report_fulfillment_event),
    "fulfillment_orders/order_routing_complete": _ASKED,
    "fulfillment_orders/moved": _ASKED,
    "fulfillment_orders/cancelled": _ASKED,
    "disputes/create": _DISPUTE,
    "disputes/update": _DISPUTE,
}
"""By topic."""

IGNORED: Final[dict[str, str]] = {
    "orders/delete": "an order can be deleted once it is cancelled or archived: what it said stays in the books",
    "draft_orders/delete": "nothing was promised by a draft, so that nothing is undone",
    "inventory_levels/disconnect": "the item is no more kept at the location: that is no count",
    "inventory_items/create": "cost and customs data: article data comes with products",
    "inventory_items/update": "cost and customs data: article data comes with products",
    "inventory_items/delete": "cost and customs data: article data comes with products",
    "fulfillment_events/delete": "a carrier's message was taken back: the fulfilment says how far it is",
    "locations/update": "master data of locations is kept by the retailer",
    "variants/in_stock": "said by the level of its inventory item",
    "variants/out_of_stock": "said by the level of its inventory item",
}
"""Why a declared topic is no event."""

EVENTS: Final[dict[str, str]] = {"Order": "order", "Product": "product", "Customer": "customer"}
"""Topics of the family without `X-`, whose messages hold what the subscriber asked for: what they name is read."""

RESOURCES: Final[dict[str, Reading]] = {
    "order": _ORDER,
    "refund": _REFUND,
    "return": _RETURN,
    "product": _PRODUCT,
    "variant": Reading(catalogue.Variant, of_catalogue.report_variant),
    "customer": _CUSTOMER,
    "inventory_level": _LEVEL,
    "fulfillment": _FULFILLMENT,
    "fulfillment_order": Reading(fulfilment.FulfillmentOrder, of_fulfilment.report_fulfillment_order),
    "draft_order": _DRAFT,
    "gift_card": Reading(finance.GiftCard, of_finance.report_gift_card),
    "payout": Reading(finance.Payout, of_finance.report_payout),
    "dispute": _DISPUTE,
}
"""What is read at the shop, as one resource or as a list."""
