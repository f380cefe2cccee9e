"""The demo retailer holds together: what names something names a thing that is there."""

from collections import Counter

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.identifiers import has_check_digit, is_gtin
from sandbox.retailer import DOWNTOWN, LAST_UNITS_SKU, NEW_ARRIVAL_SKU, RETAILER


def test_codes_are_unique() -> None:
    for codes in (
        [tax.code for tax in RETAILER.taxes],
        [product.sku for product in RETAILER.products],
        [product.gtin for product in RETAILER.products],
        [tender.code for tender in RETAILER.tenders],
        [store.code for store in RETAILER.stores],
        [store.gln for store in RETAILER.stores],
    ):
        assert [code for code, times in Counter(codes).items() if times > 1] == []


def test_global_numbers_have_their_check_digits() -> None:
    assert all(is_gtin(product.gtin) for product in RETAILER.products)
    assert all(has_check_digit(store.gln) for store in RETAILER.stores)


def test_what_is_named_is_there() -> None:
    for product in RETAILER.products:
        assert RETAILER.tax_rate(product.sku) >= 0
    for store in RETAILER.stores:
        assert all(RETAILER.product(sku).stocked for sku in store.opening_stock)
    for charge in RETAILER.charges:
        assert (charge.sku is None) is not (charge.tender is None)
        assert RETAILER.product(charge.sku) if charge.sku else RETAILER.tender(charge.tender or "")


def test_every_charge_a_till_can_make_has_its_account() -> None:
    assert {charge.kind for charge in RETAILER.charges} == set(ChargeKind)


def test_one_tender_is_cash_as_the_erp_demands() -> None:
    assert [tender.code for tender in RETAILER.tenders if tender.cash] == ["CASH"]


def test_the_stories_have_their_goods() -> None:
    stock = {store.code: store.opening_stock.get(LAST_UNITS_SKU, 0) for store in RETAILER.stores}
    assert stock.pop(DOWNTOWN) == 2
    assert not any(stock.values())
    assert RETAILER.store(DOWNTOWN).opening_stock[NEW_ARRIVAL_SKU] >= 3
