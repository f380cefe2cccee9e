"""The demo retailer's crosswalk answers everything that the workflows and connectors of the sandbox ask."""

from datetime import date

import pytest

from lockstep.masterdata.crosswalk import Crosswalk
from lockstep.masterdata.exporting import export_mappings
from lockstep.masterdata.mapping_file import read_mappings
from lockstep.messaging.references import Reference, ReferenceKind
from sandbox.crosswalk import crosswalk_csv, new_arrival_csv
from sandbox.erp.template import ErpFacts, StoreIds
from sandbox.retailer import NEW_ARRIVAL_SKU, RETAILER
from tests.unit.operations.retail_world import World

ITEM, STORE, LOCATION = ReferenceKind.ITEM, ReferenceKind.STORE, ReferenceKind.LOCATION
TENDER, TAX, CHARGE = ReferenceKind.TENDER, ReferenceKind.TAX, ReferenceKind.CHARGE


def numbered(names):
    return {name: number for number, name in enumerate(names, 1)}


FACTS = ErpFacts(
    user="u",
    password="p",
    admin_user="a",
    admin_password="p",
    bearer_key="k",
    company=1,
    stores={store.code: StoreIds(n, n, n, n) for n, store in enumerate(RETAILER.stores, 1)},
    products=numbered(product.sku for product in RETAILER.products),
    tenders=numbered(tender.code for tender in RETAILER.tenders),
    charges={charge.kind: f"product:{number}" for number, charge in enumerate(RETAILER.charges, 1)},
    taxes=numbered(tax.code for tax in RETAILER.taxes),
    closed_month=date(2025, 1, 1),
    last_day=date(2027, 12, 31),
)
CSV = crosswalk_csv(RETAILER, FACTS)


@pytest.fixture
def world():
    world = World()
    world.map(CSV)
    return world


def asked():
    """Inward, by the tills and the count sheets; outward, by the shop and the ERP."""
    for store in RETAILER.stores:
        yield Reference(STORE, "poslog.main", store.code)
        yield Reference(LOCATION, "poslog.main", store.code)
        yield Reference(LOCATION, "files.main", store.code)
        yield Reference(LOCATION, "shopify.main", store.code, outward=True)
        yield Reference(STORE, "tryton.main", store.code, outward=True)
    for product in RETAILER.products:
        yield Reference(ITEM, "poslog.main", product.gtin.zfill(14))
        yield Reference(ITEM, "files.main", product.gtin)
        yield Reference(ITEM, "tryton.main", product.sku, outward=True)
        yield Reference(ITEM, "shopify.main" if product.stocked else "lockstep", product.sku, outward=True)
    for kind, codes in ((TENDER, RETAILER.tenders), (TAX, RETAILER.taxes)):
        for code in codes:
            yield Reference(kind, "poslog.main", code.code)
            yield Reference(kind, "tryton.main", code.code, outward=True)
    for charge in RETAILER.charges:
        yield Reference(CHARGE, "tryton.main", charge.kind, outward=True)


def test_only_the_new_arrival_is_missing_and_its_file_supplies_it(world):
    arrival = Reference(ITEM, "poslog.main", RETAILER.product(NEW_ARRIVAL_SKU).gtin.zfill(14))
    wanted = set(asked())

    assert wanted - set(Crosswalk(world.masterdata, world.clock).resolve(wanted)) == {arrival}
    world.map(new_arrival_csv(RETAILER))
    assert wanted == set(Crosswalk(world.masterdata, world.clock).resolve(wanted))


def test_there_is_nothing_to_remark_on_it():
    assert read_mappings(CSV.encode()).warnings == ()


def test_it_survives_a_round_trip(world):
    content, count = export_mappings(world.masterdata)

    assert sorted(content.decode().splitlines()) == sorted(CSV.splitlines())
    assert world.map(content.decode()).unchanged == count
