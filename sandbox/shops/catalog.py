"""What the shop sells and where, worked out from the demo retailer.

Global ids end in the article's GTIN and the store's GLN, so that they can be worked out and recognised anywhere.
"""

from dataclasses import dataclass

from sandbox.retailer import Product, Retailer, Store


@dataclass(frozen=True)
class Item:
    """An inventory item. A fixed one (a bundle, say) cannot be set."""

    id: str
    sku: str
    name: str
    fixed: bool = False


@dataclass(frozen=True)
class Place:
    """A location."""

    id: str
    code: str
    name: str


@dataclass(frozen=True)
class Catalog:
    """Everything the shop starts with; quantities by item id and location id."""

    items: tuple[Item, ...]
    places: tuple[Place, ...]
    opening: dict[tuple[str, str], int]


def item_id(product: Product) -> str:
    """The global id of a product's inventory item."""
    return f"gid://shopify/InventoryItem/{product.gtin}"


def location_id(store: Store) -> str:
    """The global id of a store's location."""
    return f"gid://shopify/Location/{store.gln}"


def catalog_of(retailer: Retailer) -> Catalog:
    """The retailer's stocked products at all of its stores, with what lies there when the day begins."""
    stocked = tuple(product for product in retailer.products if product.stocked)
    return Catalog(
        items=tuple(Item(item_id(product), product.sku, product.name) for product in stocked),
        places=tuple(Place(location_id(store), store.code, store.name) for store in retailer.stores),
        opening={
            (item_id(retailer.product(sku)), location_id(store)): quantity
            for store in retailer.stores
            for sku, quantity in store.opening_stock.items()
        },
    )
