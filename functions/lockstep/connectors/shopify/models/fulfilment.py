"""Fulfilments, their events, fulfilment orders and returns, as webhooks and the REST resources write them."""

from typing import Any

from lockstep.connectors.shopify.models.base import Count, Id, OptionalId, OptionalTime, Rows, Vendor


class ShippedLine(Vendor):
    """A line of an order, as far as it goes out here."""

    id: Id
    quantity: Count
    sku: str | None = None
    variant_id: OptionalId = None


class Fulfillment(Vendor):
    """A snapshot of a fulfilment: what leaves together."""

    id: Id
    order_id: OptionalId = None
    name: str | None = None
    status: str | None = None
    shipment_status: str | None = None
    location_id: OptionalId = None
    tracking_company: str | None = None
    tracking_number: str | None = None
    tracking_numbers: Rows[str | None] = ()
    tracking_url: str | None = None
    tracking_urls: Rows[str | None] = ()
    created_at: OptionalTime = None
    updated_at: OptionalTime = None
    delivered_at: OptionalTime = None
    estimated_delivery_at: OptionalTime = None
    line_items: Rows[ShippedLine] = ()


class FulfillmentEvent(Vendor):
    """What a carrier said of a fulfilment."""

    id: Id
    fulfillment_id: Id
    order_id: OptionalId = None
    status: str | None = None
    happened_at: OptionalTime = None
    created_at: OptionalTime = None
    updated_at: OptionalTime = None
    estimated_delivery_at: OptionalTime = None


class FulfillmentOrderLine(Vendor):
    """What a location is to hand over of a line."""

    id: Id
    line_item_id: OptionalId = None
    variant_id: OptionalId = None
    sku: str | None = None
    quantity: Count


class FulfillmentOrder(Vendor):
    """What a location is asked to hand over."""

    id: Id
    order_id: OptionalId = None
    order_name: str | None = None
    status: str | None = None
    assigned_location_id: OptionalId = None
    created_at: OptionalTime = None
    updated_at: OptionalTime = None
    line_items: Rows[FulfillmentOrderLine] = ()


class FulfillmentOrderNotice(Vendor):
    """What topics of fulfilment orders say: hardly more than which one it is."""

    fulfillment_order: dict[str, Any] | None = None
    original_fulfillment_order: dict[str, Any] | None = None
    moved_fulfillment_order: dict[str, Any] | None = None


class LineRef(Vendor):
    """A line that something refers to."""

    id: OptionalId = None
    sku: str | None = None
    variant_id: OptionalId = None


class FulfilmentLineRef(Vendor):
    """A line of a fulfilment that something refers to."""

    line_item: LineRef | None = None


class ReturnLine(Vendor):
    """Goods that come back, or are asked to."""

    id: Id
    quantity: Count
    return_reason: str | None = None
    fulfillment_line_item: FulfilmentLineRef | None = None


class OrderRef(Vendor):
    """The order that something belongs to."""

    id: Id


class Return(Vendor):
    """A return: whole in `returns/request`, `approve`, `decline`; only its status in `close`, `cancel`, `reopen`."""

    id: OptionalId = None
    admin_graphql_api_id: OptionalId = None
    name: str | None = None
    status: str | None = None
    order: OrderRef | None = None
    order_id: OptionalId = None
    return_line_items: Any = None
    """A list; in `returns/update` what was taken out of it."""
    updated_at: OptionalTime = None
