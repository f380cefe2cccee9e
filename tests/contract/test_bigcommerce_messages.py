"""What real messages of BigCommerce become. The table is what a person would say of each."""

import pytest

from tests.contract.kit.outcomes import outcome
from tests.contract.kit.shared import PAYLOADS

FOLDER = PAYLOADS / "bigcommerce"

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="real messages are not beside the checkout")

# A product or a tax of an order is no resource by itself: it is read with its order.
BECOMES: dict[str, list[str]] = {
    "resource.order__1.json": ["OrderReported 361.95 USD"],
    "resource.order__3.json": ["OrderReported 1008.74 USD"],
    "resource.order_product__4.json": ["ignored: topic not declared: fetched/order_product"],
    "resource.order_product__6.json": ["ignored: topic not declared: fetched/order_product"],
    "resource.order_product__9.json": ["ignored: topic not declared: fetched/order_product"],
    "resource.order_tax__14.json": ["ignored: topic not declared: fetched/order_tax"],
    "resource.shipment__11.json": ["ShipmentReported"],
    "resource.shipment__12.json": ["ShipmentReported"],
    "store-order-created__1.json": ["notice order 250"],
    "store-order-message-created__1.json": ["ignored: topic not declared: store/order/message/created"],
    "store-order-refund-created__1.json": ["notice order_refund 250/3"],
    "store-order-statusUpdated__1.json": ["notice order 250"],
    "store-order-updated__1.json": ["notice order 250"],
    "store-product-created__1.json": ["notice product 205"],
    "store-product-deleted__1.json": ["ProductReported"],
    "store-product-inventory-order-updated__1.json": ["notice inventory 167"],
    "store-product-inventory-updated__1.json": ["notice inventory 167"],
    "store-product-updated__1.json": ["notice product 205"],
    "store-shipment-created__1.json": ["notice shipment 251/12"],
    "store-shipment-updated__1.json": ["notice shipment 251/12"],
    "store-sku-inventory-updated__1.json": ["notice inventory 206/509"],
}


def topic_of(file: str) -> str:
    """Empty for a webhook, whose body names it; or what is read."""
    topic = file.partition("__")[0]
    return f"fetched/{topic.removeprefix('resource.')}" if topic.startswith("resource.") else ""


@pytest.mark.parametrize("file", sorted(BECOMES))
def test_a_real_message_becomes_what_a_person_would_say(file):
    if not (FOLDER / file).exists():
        pytest.skip(f"{file} is not there")
    assert outcome("bigcommerce", topic_of(file), file) == BECOMES[file]


def test_every_real_message_is_in_the_table():
    assert {path.name for path in FOLDER.glob("*.json")} <= set(BECOMES)
