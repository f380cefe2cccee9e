"""The canonical model, the core and the workflows are about retail, not about anybody's product.

A vendor's word in one of them is a rule for one vendor in a place that serves all of them, or will become one.
"""

import re
from pathlib import Path

import pytest

import lockstep.connectors

FUNCTIONS = Path(lockstep.connectors.__file__).resolve().parents[1]
PACKAGES = ("canonical", "messaging", "workflows")
CONNECTORS = {folder.parent.name for folder in (FUNCTIONS / "connectors").glob("*/manifest.py")}
OTHERS = {
    *("adyen", "aptos", "authorize.net", "avalara", "bigcommerce", "braintree", "brightpearl", "business central"),
    *("checkout.com", "cin7", "clover", "commercetools", "d365", "dhl", "doordash", "dynamics", "easypost"),
    *("fedex", "gk software", "hubspot", "klarna", "klaviyo", "lightspeed", "magento", "mollie", "ncr"),
    *("netsuite", "odoo", "oracle", "paypal", "plytix", "prestashop", "quickbooks", "ramp", "sage intacct"),
    *("salesforce", "sap", "shipbob", "shippo", "shipstation", "shopware", "stripe", "sumup", "taxjar"),
    *("toshiba", "vend", "vertex", "voyado", "woocommerce", "worldpay", "xero", "zendesk"),
}
WORDS = sorted(CONNECTORS | OTHERS)
VENDOR = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(map(re.escape, WORDS))})(?![a-z0-9])", re.IGNORECASE)
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
FILES = sorted(path for package in PACKAGES for path in (FUNCTIONS / package).rglob("*.py"))


def found_in(text: str) -> list[str]:
    """Vendors' words, as `line: word`; those inside a name of several words too."""
    lines = enumerate(text.splitlines(), start=1)
    return [
        f"{number}: {word}"
        for number, line in lines
        for word in dict.fromkeys(match[0] for form in (line, HUMP.sub(" ", line)) for match in VENDOR.finditer(form))
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FUNCTIONS).as_posix())
def test_it_names_no_vendor(path):
    assert found_in(path.read_text(encoding="utf-8")) == []


def test_every_connector_is_looked_for():
    assert {"poslog", "shopify", "tryton"} <= CONNECTORS
    assert {path.relative_to(FUNCTIONS).parts[0] for path in FILES} == set(PACKAGES)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("as in `shopify.main`", ["1: shopify"]),
        ("first\nSAP_TENDERS = ()", ["2: SAP"]),
        ("Business Central deletes", ["1: Business Central"]),
        ("class ShopifyOrder(NetSuite)", ["1: NetSuite", "1: Shopify"]),
        ("vendor, groups, stripes, vertexes, collapsed, tillystrypton", []),
    ],
)
def test_words_are_whole(text, found):
    assert found_in(text) == found
