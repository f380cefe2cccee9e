"""The demo retailer's crosswalk: how its till, its ERP, its shop and its count sheets name the same things."""

import csv
import io
from collections.abc import Iterator

from lockstep.workflows.financial_posting.bill import DEFAULT_STORE, UNSPECIFIED_TENDER
from lockstep.workflows.inventory_availability.stock import DEFAULT_LOCATION
from sandbox import square
from sandbox.erp.template import ErpFacts
from sandbox.retailer import NEW_ARRIVAL_SKU, Product, Retailer
from sandbox.shops.catalog import item_id, location_id
from sandbox.shops.orders import GATEWAY

HEADER = ("kind", "canonical", "system", "value")
TILL = "poslog.main"
COUNTS = "files.main"
SHOP = "shopify.main"
SQUARE = "square.main"
ERP = "tryton.main"
PLANNING = "lockstep"

Row = tuple[str, str, str, str]


def crosswalk_csv(retailer: Retailer, facts: ErpFacts) -> str:
    """Everything but what the tills call the new arrival: that is what a person will have to supply."""
    return _csv([*_sources(retailer), *_shop(retailer), *_square(retailer), *_erp(facts), *_planning(retailer)])


def new_arrival_csv(retailer: Retailer) -> str:
    """What the tills call the new arrival."""
    product = retailer.product(NEW_ARRIVAL_SKU)
    return _csv([("item", product.sku, TILL, product.gtin)])


def _sources(retailer: Retailer) -> Iterator[Row]:
    for system in (TILL, COUNTS):
        for store in retailer.stores:
            yield "location", store.code, system, store.code
        for product in retailer.products:
            if system != TILL or product.sku != NEW_ARRIVAL_SKU:
                yield "item", product.sku, system, product.gtin
    for store in retailer.stores:
        yield "store", store.code, TILL, store.code
    for tender in retailer.tenders:
        yield "tender", tender.code, TILL, tender.code
    for tax in retailer.taxes:
        yield "tax", tax.code, TILL, tax.code


def _shop(retailer: Retailer) -> Iterator[Row]:
    """Of several names of one thing, the last is what the shop is told; the others are what it says."""
    serving = retailer.stores[0].code
    yield "location", serving, SHOP, DEFAULT_LOCATION
    yield "store", serving, SHOP, DEFAULT_STORE
    for store in retailer.stores:
        yield "location", store.code, SHOP, location_id(store)
    for product in retailer.products:
        yield "item", product.sku, SHOP, product.sku
    for product in _stocked(retailer):
        yield "item", product.sku, SHOP, item_id(product)
    for tax in retailer.taxes:
        yield "tax", tax.code, SHOP, tax.code
    for name in (GATEWAY, UNSPECIFIED_TENDER):
        yield "tender", "CARD", SHOP, name


def _square(retailer: Retailer) -> Iterator[Row]:
    for store in retailer.stores:
        yield "location", store.code, SQUARE, square.location_id(store)
        yield "store", store.code, SQUARE, square.location_id(store)
    for product in retailer.products:
        yield "item", product.sku, SQUARE, square.variation_id(product)
    for tax in retailer.taxes:
        yield "tax", tax.code, SQUARE, tax.code
    yield "tender", "CARD", SQUARE, square.CARD


def _erp(facts: ErpFacts) -> Iterator[Row]:
    for kind, names in facts.counterparts().items():
        for canonical, value in names.items():
            yield kind, canonical, ERP, value


def _planning(retailer: Retailer) -> Iterator[Row]:
    for product in retailer.products:
        if not product.stocked:
            yield "item", product.sku, PLANNING, "-"


def _stocked(retailer: Retailer) -> Iterator[Product]:
    return (product for product in retailer.products if product.stocked)


def _csv(rows: list[Row]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    return written.getvalue()
