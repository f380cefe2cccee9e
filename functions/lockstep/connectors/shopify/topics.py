"""What each topic is read as, and who reports it. Nothing here does anything by itself.

Modules of reports are loaded when the first message of theirs comes: most instances meet a few topics, and a cold start
would pay for all.
"""

from importlib import import_module
from typing import Final

from lockstep.connectors.shopify.reports.envelope import Reading

_REPORTS: Final = "lockstep.connectors.shopify.reports"

WEBHOOKS: Final[dict[str, str]] = {
    "orders/create": "orders.order",
    "orders/paid": "orders.order",
    "orders/updated": "orders.order",
    "orders/cancelled": "orders.order",
    "orders/fulfilled": "orders.order",
    "orders/partially_fulfilled": "orders.order",
    "orders/edited": "orders.edited",
    "refunds/create": "refunds.refund",
    "returns/request": "fulfilment.return",
    "returns/approve": "fulfilment.return",
    "returns/process": "fulfilment.return",
    "returns/update": "fulfilment.return",
    "returns/close": "fulfilment.return",
    "returns/cancel": "fulfilment.return",
    "returns/decline": "fulfilment.return",
    "returns/reopen": "fulfilment.return",
    "order_transactions/create": "payments.transaction",
    "tender_transactions/create": "finance.tender",
    "draft_orders/create": "drafts.draft",
    "draft_orders/update": "drafts.draft",
    "inventory_levels/update": "catalogue.level",
    "inventory_levels/connect": "catalogue.level",
    "products/create": "catalogue.product",
    "products/update": "catalogue.product",
    "products/delete": "catalogue.deleted_product",
    "customers/create": "catalogue.customer",
    "customers/update": "catalogue.customer",
    "customers/enable": "catalogue.customer",
    "customers/disable": "catalogue.customer",
    "customers/delete": "catalogue.deleted_customer",
    "fulfillments/create": "fulfilment.fulfillment",
    "fulfillments/update": "fulfilment.fulfillment",
    "fulfillment_events/create": "fulfilment.event",
    "fulfillment_orders/order_routing_complete": "fulfilment.asked",
    "fulfillment_orders/moved": "fulfilment.asked",
    "fulfillment_orders/cancelled": "fulfilment.asked",
    "disputes/create": "finance.dispute",
    "disputes/update": "finance.dispute",
}
"""By topic: the module of reports, and the reading there."""

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

RESOURCES: Final[dict[str, str]] = {
    "order": "orders.order",
    "refund": "refunds.refund",
    "return": "fulfilment.return",
    "product": "catalogue.product",
    "variant": "catalogue.variant",
    "customer": "catalogue.customer",
    "inventory_level": "catalogue.level",
    "fulfillment": "fulfilment.fulfillment",
    "fulfillment_order": "fulfilment.fulfillment_order",
    "draft_order": "drafts.draft",
    "gift_card": "finance.gift_card",
    "payout": "finance.payout",
    "dispute": "finance.dispute",
}
"""What is read at the shop, as one resource or as a list."""


def reading(named: str) -> Reading:
    """A reading by its name in one of these tables."""
    module, _, name = named.partition(".")
    found: Reading = import_module(f"{_REPORTS}.{module}").READINGS[name]
    return found
