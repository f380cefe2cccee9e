"""Declares the Adobe Commerce connector (Magento).

Facts: Adobe's extensibility pages (events, webhooks, signature verification), its I/O Events pages and the sources of
its event libraries (headers, RSA-SHA256 over the raw body), and the REST description of Adobe Commerce 2.4.9.
"""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Evidence, Inbound, Poll, Signature

INBOUND = Inbound(
    topics=(
        "observer.sales_order_save_after",
        "observer.sales_order_save_commit_after",
        "observer.sales_order_place_after",
        "plugin.magento.sales.api.order_management.place",
        "observer.sales_order_invoice_save_after",
        "observer.sales_order_invoice_save_commit_after",
        "observer.sales_order_creditmemo_save_after",
        "observer.sales_order_creditmemo_save_commit_after",
        "observer.sales_order_shipment_save_after",
        "observer.sales_order_shipment_save_commit_after",
        "observer.catalog_product_save_after",
        "observer.catalog_product_save_commit_after",
        "observer.catalog_product_delete_after",
        "observer.catalog_product_delete_commit_after",
        "observer.customer_save_after",
        "observer.customer_save_commit_after",
        "observer.customer_delete_after",
        "observer.customer_delete_commit_after",
        "plugin.magento.inventory_api.api.source_items_save.execute",
    ),
    events=(
        "OrderReported",
        "RefundReported",
        "DocumentUnbalanced",
        "PaymentRecorded",
        "ShipmentReported",
        "ProductReported",
        "PriceReported",
        "CustomerReported",
        "InventoryLevelReported",
    ),
    signature=Signature(
        scheme="RSA-SHA256: I/O Events over the raw body, Commerce Webhooks over its base64",
        headers=("x-adobe-digital-signature-1", "x-adobe-digital-signature-2", "x-adobe-commerce-webhook-signature"),
        tolerance=None,
        source="Adobe I/O Events, Signature Verification; Adobe Commerce Webhooks, Signature verification",
        proven=False,
    ),
    delivery_id="`id` of the event in the body; for a batch, and for a webhook, a digest of the body",
    event_identity="the entity's id with its updated_at, and for an order what was paid, shipped and refunded of it",
    max_body_bytes=2_000_000,
    answer_within=timedelta(seconds=10),
    methods=("POST", "GET"),
    rate_per_second=50,
    burst=200,
    redelivery="for 24 hours, less and less often; then the registration is marked unstable, and the rest is to be had "
    "from the journal for seven days",
    delivery_guaranteed=False,
    reads=("order", "invoice", "credit_memo", "shipment", "product", "customer"),
    pages=("order", "credit_memo", "shipment", "product", "customer"),
    polls=(
        Poll(resource="order", every=timedelta(minutes=15), overlap=timedelta(minutes=10)),
        Poll(resource="credit_memo", every=timedelta(minutes=15), overlap=timedelta(minutes=10)),
        Poll(resource="shipment", every=timedelta(hours=1), overlap=timedelta(minutes=10)),
        Poll(resource="product", every=timedelta(hours=6), overlap=timedelta(minutes=10)),
        Poll(resource="customer", every=timedelta(hours=6), overlap=timedelta(minutes=10)),
    ),
    reads_per_second=5.0,
)

MANIFEST = ConnectorManifest(
    system="adobe_commerce",
    title="Adobe Commerce",
    proven_against=(
        (Evidence.MACHINE_READABLE_CONTRACT, "the REST description of 2.4.9: fixtures of what is read satisfy it"),
        (Evidence.REAL_MESSAGES, "the events and resources of Adobe's documentation"),
    ),
    inbound=INBOUND,
    notes=(
        "Adobe calls the signature of Commerce Webhooks an HMAC and shows RSA with a public key: RSA is what is taken.",
        "Commerce Webhooks wait for an answer in a form of their own; hooks that ask before saving are ignored.",
        "The public keys of I/O Events stand in the account's secret: they are not fetched while a caller waits.",
        "The redelivery of I/O Events is documented by Adobe and was not tried.",
    ),
)
