"""ShipHero's messages, as far as they are used (developer.shiphero.com, webhooks)."""

from lockstep.messaging.lenient import Lenient


class Label(Lenient):
    """What is stuck on a package."""

    tracking_number: str | None = None
    carrier: str | None = None
    tracking_url: str | None = None


class ShippedPackage(Lenient):
    """One package of a shipment."""

    tracking_number: str | None = None
    shipping_label: Label | None = None


class ShippedLine(Lenient):
    """Goods of a shipment."""

    line_item_id: str | None = None
    id: str | None = None
    partner_line_item_id: str | None = None
    sku: str | None = None
    quantity: str | None = None


class Fulfillment(Lenient):
    """A shipment."""

    shipment_id: str | None = None
    shipment_uuid: str | None = None
    warehouse: str | None = None
    warehouse_id: str | None = None
    partner_order_id: str | None = None
    order_number: str | None = None
    tracking_number: str | None = None
    custom_tracking_url: str | None = None
    shipping_carrier: str | None = None
    line_items: tuple[ShippedLine, ...] | None = None
    created_at: str | None = None


class ShipmentUpdate(Lenient):
    """A shipment left the warehouse."""

    fulfillment: Fulfillment | None = None
    packages: tuple[ShippedPackage, ...] | None = None


class PackedItem(Lenient):
    """One unit that was packed."""

    line_item_id: str | None = None
    sku: str | None = None


class PackedOut(Lenient):
    """An order was packed, mostly out of a tote."""

    tote_id: str | None = None
    order_id: str | None = None
    partner_order_id: str | None = None
    order_number: str | None = None
    items: tuple[PackedItem, ...] | None = None


class WarehouseStock(Lenient):
    """What lies in one warehouse."""

    warehouse_id: str | None = None
    identifier: str | None = None
    on_hand: str | None = None


class StockFigure(Lenient):
    """What there is of one SKU."""

    sku: str | None = None
    updated_warehouse: WarehouseStock | None = None


class InventoryUpdate(Lenient):
    """What there is, after it changed."""

    inventory: tuple[StockFigure, ...] | None = None


class InventoryChange(Lenient):
    """What moved in one bin."""

    sku: str | None = None
    warehouse_id: str | None = None
    quantity: str | None = None
    old_quantity: str | None = None
    location_name: str | None = None
    timestamp: str | None = None
    source: str | None = None


class Contents(Lenient):
    """What a message is about; older ones say only here of which kind they are."""

    webhook_type: str | None = None


class Envelope(Lenient):
    """What every message says of itself."""

    webhook_type: str | None = None
    test: str | None = None
    fulfillment: Contents | None = None
    inventory: tuple[Contents, ...] | None = None

    @property
    def kind(self) -> str | None:
        """Of which kind it is, wherever it says so."""
        about = self.fulfillment or next(iter(self.inventory or ()), None)
        return self.webhook_type or (about.webhook_type if about else None)


class OrderOfShipment(Lenient):
    """What a listed shipment says of its order."""

    partner_order_id: str | None = None
    order_number: str | None = None


class LineItem(Lenient):
    """What a listed line says of the order's line."""

    legacy_id: str | None = None
    sku: str | None = None
    partner_line_item_id: str | None = None


class ListedLine(Lenient):
    """A line of a listed shipment."""

    quantity: str | None = None
    line_item: LineItem | None = None


class LineEdge(Lenient):
    """An edge of a connection."""

    node: ListedLine


class LineConnection(Lenient):
    """Lines."""

    edges: tuple[LineEdge, ...] = ()


class ListedShipment(Lenient):
    """A shipment as the API lists it."""

    id: str | None = None
    legacy_id: str | None = None
    warehouse_id: str | None = None
    created_date: str | None = None
    order: OrderOfShipment | None = None
    shipping_labels: tuple[Label, ...] | None = None
    line_items: LineConnection | None = None


class ShipmentEdge(Lenient):
    """An edge of a connection."""

    node: ListedShipment


class ShipmentConnection(Lenient):
    """Shipments."""

    edges: tuple[ShipmentEdge, ...] = ()


class ShipmentsResult(Lenient):
    """What a query for shipments comes to."""

    data: ShipmentConnection | None = None


class ShipmentsData(Lenient):
    """The data of an answer."""

    shipments: ShipmentsResult | None = None


class ListedShipments(Lenient):
    """An answer that lists shipments."""

    data: ShipmentsData | None = None


class WarehouseProduct(Lenient):
    """What is on hand of one SKU in one warehouse."""

    sku: str | None = None
    warehouse_id: str | None = None
    on_hand: str | None = None
    updated_at: str | None = None


class ProductEdge(Lenient):
    """An edge of a connection."""

    node: WarehouseProduct


class ProductConnection(Lenient):
    """Stock."""

    edges: tuple[ProductEdge, ...] = ()


class ProductsResult(Lenient):
    """What a query for stock comes to."""

    data: ProductConnection | None = None


class ProductsData(Lenient):
    """The data of an answer."""

    warehouse_products: ProductsResult | None = None


class ListedStock(Lenient):
    """An answer that lists stock."""

    data: ProductsData | None = None
