"""What real messages of WooCommerce become. The table is what a person would say of each."""

import pytest

from tests.contract.kit.outcomes import outcome
from tests.contract.kit.shared import PAYLOADS

FOLDER = PAYLOADS / "woocommerce"

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="real messages are not beside the checkout")

# The doctored ones are the vendor's own: some state a total that their items do not come to, some write an item twice.
BECOMES: dict[str, list[str]] = {
    "coupon.updated__1.json": ["PromotionReported percent off"],
    "coupon.updated__2.json": ["PromotionReported percent off"],
    "coupon.updated__3.json": ["PromotionReported free shipping"],
    "coupon.updated__4.json": ["PromotionReported percent off"],
    "coupon.updated__5.json": ["PromotionReported percent off"],
    "customer.updated__3.json": ["CustomerReported"],
    "customer.updated__4.json": ["CustomerReported"],
    "customer.updated__app_customer-2_1.json": ["CustomerReported"],
    "customer.updated__app_customer-without-data_2.json": ["CustomerReported"],
    "order.created__live_2.json": ["OrderReported 1728.31 USD"],
    "order.updated__3.json": ["OrderReported 29.35 USD"],
    "order.updated__5.json": ["OrderReported 29.35 USD"],
    "order.updated__6.json": ["OrderReported 29.35 USD"],
    "order.updated__7.json": ["OrderReported 29.35 USD"],
    "order.updated__app_broken-orders-mark-2_2.json": ["OrderReported 25.00 EUR"],
    "order.updated__app_broken-orders-mark-2_3.json": ["OrderReported 25.00 EUR"],
    "order.updated__app_broken-orders-mark-2_5.json": ["OrderReported 12.00 GBP"],
    "order.updated__app_broken-orders-mark-2_6.json": ["OrderReported 15.00 GBP"],
    "order.updated__app_order-auto-draft-status_9.json": ["ignored: auto-draft: nobody has ordered anything yet"],
    "order.updated__app_order-details-partially-refunded_10.json": [
        "OrderReported 304.45 USD",
        "ShipmentReported",
        "notice order_refund 324/549",
        "notice order_refund 324/547",
    ],
    "order.updated__app_order-with-attribution-info_13.json": ["OrderReported 4.00 USD"],
    "order.updated__app_order-with-charge_15.json": ["OrderReported 33.30 USD"],
    "order.updated__app_order-with-special-character-currency_20.json": ["DocumentUnbalanced 31.20 AED"],
    "order.updated__app_orders-load-all_24.json": ["DocumentUnbalanced 31.20 USD"],
    "order.updated__app_orders-load-all_27.json": [
        "OrderReported 1198.50 USD",
        "ShipmentReported",
        "ShipmentReported",
        "notice order_refund 560/1172",
        "notice order_refund 560/1025",
        "notice order_refund 560/590",
        "notice order_refund 560/562",
    ],
    "order_refund.resource__10.json": ["RefundReported 10.00 USD"],
    "order_refund.resource__2.json": ["RefundReported 10.00 USD"],
    "order_refund.resource__8.json": ["RefundReported 10.00 USD"],
    "order_refund.resource__app_order-560-all-refunds_3.json": ["RefundReported 18.00 USD"],
    "order_refund.resource__app_refund-single_6.json": ["DocumentUnbalanced 27.00 USD"],
    "order_refund.resource__app_refunds-all-without-data_7.json": ["RefundReported 18.00 USD"],
    "order_refund.resource__app_refunds-all-without-data_8.json": ["RefundReported 27.00 USD"],
    "product.updated__2.json": ["ProductReported"],
    "product.updated__app_product-add-or-delete_1.json": ["ProductReported"],
    "product.updated__app_product-composite_2.json": ["ProductReported", "PriceReported"],
    "product.updated__app_product-min-max-quantities_4.json": ["ProductReported"],
    "product.updated__app_product-on-sale-with-empty-sale-price_5.json": ["ProductReported"],
    "product.updated__app_product-subscription-sync-renewals-day-month-format-int-values_7.json": [
        "ProductReported",
        "PriceReported",
    ],
    "product.updated__app_product-subscription-sync-renewals-day-month-format_8.json": [
        "ProductReported",
        "PriceReported",
    ],
    "product.updated__app_product-update_10.json": ["ProductReported"],
    "product.updated__app_product-variation-min-max-quantities_12.json": ["ProductReported", "PriceReported"],
    "product.updated__app_product-variation-update-without-data_15.json": ["ProductReported", "PriceReported"],
    "product.updated__app_product-variations-load-all-alternative-types_17.json": ["ProductReported", "PriceReported"],
    "product.updated__app_product-variations-load-all-manage-stock-two-states_19.json": [
        "ProductReported",
        "PriceReported",
    ],
    "product.updated__app_product-variations-load-all-manage-stock-two-states_20.json": ["ProductReported"],
    "product.updated__app_product-variations-load-all-without-data_21.json": ["ProductReported"],
    "product.updated__app_product-variations-load-all-without-data_22.json": ["ProductReported"],
    "product_variation.resource__1.json": ["ProductReported", "PriceReported"],
    "product_variation.resource__3.json": ["ProductReported", "PriceReported"],
    "product_variation.resource__5.json": ["ProductReported", "PriceReported"],
    "shipment_tracking.resource__app_shipment_tracking_delete_1.json": ["ShipmentReported"],
    "shipment_tracking.resource__app_shipment_tracking_multiple_2.json": ["ShipmentReported"],
    "shipment_tracking.resource__app_shipment_tracking_multiple_4.json": ["ShipmentReported"],
    "tax.resource__3.json": ["ignored: topic not declared: fetched/tax"],
    "webhook_subscription.resource__1.json": ["ignored: topic not declared: fetched/webhook_subscription"],
    "webhook_subscription.resource__2.json": ["ignored: topic not declared: fetched/webhook_subscription"],
    "webhook_subscription.resource__4.json": ["ignored: topic not declared: fetched/webhook_subscription"],
    "webhook_subscription.resource__5.json": ["ignored: topic not declared: fetched/webhook_subscription"],
}


def topic_of(file: str) -> str:
    """The webhook's topic, or what is read."""
    topic = file.partition("__")[0]
    return f"fetched/{topic.removesuffix('.resource')}" if topic.endswith(".resource") else topic


@pytest.mark.parametrize("file", sorted(BECOMES))
def test_a_real_message_becomes_what_a_person_would_say(file):
    if not (FOLDER / file).exists():
        pytest.skip(f"{file} is not there")
    assert outcome("woocommerce", topic_of(file), file) == BECOMES[file]


def test_every_real_message_is_in_the_table():
    assert {path.name for path in FOLDER.glob("*.json")} <= set(BECOMES)
