"""What the contract kit, samples and the command line are told of Adobe Commerce. Not deployed."""

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lockstep.messaging.conformance import Conformance, Contract, Message, Vector, VendorAnswer
from lockstep.messaging.errors import ConfigurationError, EndpointTimeout, EndpointUnavailable, RateLimited
from lockstep.messaging.inbound import Request

CLIENT: Final = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
"""The client that the fixtures are for."""
_PRIMES: Final = (
    (
        (
            "f20dbc0390a6477465c2d4d5082d0e9fdf906f249b08535b4caf422cd22321e8413dc21c76e2de7fe3f9232e3034041d"
            "b28360b6c78eb5bec6c2bdc4dc16730f9cb6813a6dbb32a7c99057d03821a12fd384b632cf2984f91bdc1aa77dfb687b"
            "8ce5d5abc389f7bfb3d7cc1862934826f8fe0c9098bdaee64287db830215972f"
        ),
        (
            "d88fe840f9fac0e665c6fbd3d94fe9db825fc3132f4012098b109048a9bb62c62787e90d5e8ec63d57be22e94c1533d9"
            "fc20566843be3fae5d323d796350016c2e48350112a9f574c90d977d15940b3745116642154e0bf115265b13e2429814"
            "56060435cf911a18ded28abd2a53f69a14f6f6cb6375a41f39d4155dcaf7b28f"
        ),
    ),
    (
        (
            "fc91b110d5c7abc3e4d8d6044623be22486a4bf99a3b47d63707d39aacfc0bbe493b2394a088ddb768288b1adddd6450"
            "7df206f86853776a4687bcfb0758f39f49553aa208bfcd9d8bc0dc580f13582a46651cd550882a8efa92815016d7e206"
            "75b040c31bb5936bd44c7620cbc42e8978f107e7b694a54ea2320856f68a85e9"
        ),
        (
            "ed7d01fbe04a37a72df40cb361c8fa44ecccfa245f1c1d8d1deccdbaccce5185858d7d9f0fe973db196efd123104c2f1"
            "cc40f36c541c7ccea2b54db15b84596a9042e74c767f8924d624af80b77051e62538c6385376fab0dcca6a5b12a52618"
            "c7a437c3461138f0c2ae32fda2744c8aa91b438cd94539e9888f923a76e9b65f"
        ),
    ),
)
"""Of two key pairs that sign nothing but examples."""
_EXPONENT: Final = 65537


@cache
def _private(place: int) -> RSAPrivateKey:
    p, q = (int(prime, 16) for prime in _PRIMES[place])
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    public = RSAPublicNumbers(_EXPONENT, p * q)
    parts = rsa_crt_dmp1(d, p), rsa_crt_dmq1(d, q), rsa_crt_iqmp(p, q)
    return RSAPrivateNumbers(p, q, d, *parts, public).private_key()


def _secret(place: int) -> str:
    key = _private(place).public_key()
    return f"client_id {CLIENT}\n" + key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


SECRETS: Final = (_secret(0), _secret(1))


def sign(message: Message, secret: str) -> Request:
    """The call with which I/O Events deliver, signed with the private half of the secret's key."""
    key = _private(SECRETS.index(secret))
    signature = b64encode(key.sign(message.body, PKCS1v15(), SHA256())).decode()
    return Request({**message.headers, "x-adobe-digital-signature-1": signature}, message.body, message.url)


def totals(topic: str, body: bytes) -> Sequence[Decimal]:
    """The grand totals of orders, invoices and credit memos, in each of their currencies."""
    said = json.loads(body, parse_float=Decimal)
    if topic.startswith("fetched/"):
        found = said["items"] if "total_count" in said else [said]
        kind = topic.removeprefix("fetched/")
    else:
        events = said if isinstance(said, list) else [said]
        found = [event["data"]["value"] for event in events if isinstance(event.get("data"), dict)]
        kind = next((name for word, name in _KINDS.items() if word in topic), "")
    return [amount for document in found for amount in _stated(kind, document)]


_KINDS: Final = {"order_invoice": "invoice", "order_creditmemo": "credit_memo", "order_shipment": "", "order": "order"}


def _stated(kind: str, document: dict[str, Any]) -> list[Decimal]:
    if kind == "invoice":
        return [Decimal(str(document["grand_total"]))] if "order_currency_code" in document else []
    if kind not in ("order", "credit_memo") or "items" not in document or "base_currency_code" not in document:
        return []
    if kind == "order" and not all("item_id" in item for item in document["items"]):
        return []  # not stored yet: it is read
    found = [Decimal(str(document["base_grand_total"]))]
    seen = document.get("order_currency_code")
    if seen and seen != document["base_currency_code"]:
        found.append(Decimal(str(document["grand_total"])))
    return found


def _vectors() -> tuple[Vector, ...]:
    """Signed with OpenSSL: `openssl dgst -sha256 -sign key.pem -binary`, of the body and of its base64."""
    body = b'{"id":"e-1","recipient_client_id":"0a1b2c3d4e5f60718293a4b5c6d7e8f9"}'
    now = datetime(2026, 11, 23, tzinfo=UTC)
    return (
        Vector(request=Request({"x-adobe-digital-signature-2": _BY_OPENSSL[0]}, body), secret=SECRETS[0], now=now),
        Vector(
            request=Request({"x-adobe-commerce-webhook-signature": _BY_OPENSSL[1]}, body), secret=SECRETS[0], now=now
        ),
    )


_BY_OPENSSL: Final = (
    (
        "SOH0FNSjQNrPk4GCxRA21J4oMPtqcinEhJMV006rYPOZpdpZgJLFz6XwQwPBZyDVBV/c8Ea1Ny9JbY/gRcMdBEOtvF3UYowxBmJp"
        "i/KDBCdnl3xbXTBUixtFfX60XyBeFbNQwyJfgYkwkLtz/yaFGenR0GuuJY9EUyPecgaflhBFM7UDYvAtrBGmKyqTknzJ6ivacZJU"
        "u6aNwTqSQ9btyNet1gA78s0A8cgeKFpqEDKBJT3wRB0afozTfEHV3dkJsKt4qi2QKHyIbRdQ9XS7rEZbOQPeHI1/OAy7QL4BbBTv"
        "zvIBlFnngQjhvIyxkPxs5GLKO6FoJxee4FC28RGHcQ=="
    ),
    (
        "wdYkeao2uFGaOdyKeLpW/7sXBKVNyDxb6CQK8TQYwkyj6yktkWy0LF/0zIUXnS3t/Bega6tIVONfTPEH3Cycbbu0x2sxcvHIK3DA"
        "5PzubxMKgTDWk5hlKwIZPsi+Be+eDML0BE8QzPqKzL+cEdqYsYDxvno9M+1alysixwuUYpD1qqDyG2PdokYWl4V3pemVfpHNm0Fv"
        "uTFYkaoNzCohY9gAUmxlmXTZHxOANvhUNvQMmBKjlpT1dsHZN3mrJ7oRwi50zc3Vj59uoPWks+iGJrz04WfjWVuVyHAILGrvlckY"
        "Sn7ff5nt8DfqsqyYcl+o4VDvEnGOwInZc5m236FFww=="
    ),
)

_CONTRACT: Final = "adobe_commerce/admin-schema-2.4.9.yaml"

CONFORMANCE = Conformance(
    secrets=SECRETS,
    sign=sign,
    currency="EUR",
    required={
        "fetched-order--tax_and_discount": (
            "base_grand_total",
            "base_currency_code",
            "items.0.item_id",
        ),
        "fetched-credit_memo--one_line": ("entity_id", "order_id", "base_grand_total"),
        "fetched-invoice--paid": ("entity_id", "grand_total", "order_currency_code"),
        "fetched-product--simple": ("sku",),
        "observer-sales_order_save_after--fewer_fields": ("data.value.entity_id",),
        "plugin-magento-inventory_api-api-source_items_save-execute": ("data.value.source_items.0.quantity",),
    },
    totals=totals,
    personal=("Ines", "Falkenried", "ines.falkenried@example.com", "Hafenstrasse 12", "+49 40 5550123"),
    own_vectors=_vectors(),
    payload_topics={
        "debugging": "observer.catalog_product_save_commit_after",
        "deployment": "observer.catalog_product_save_commit_after",
        "nested-event": "observer.sales_order_invoice_save_after",
        "rest.order-create-invoice": "fetched/invoice",
        "api": "",
        "commands": "",
        "hooks": "",
        "product-generate-content": "",
        "product-update-validation": "",
        "rest.in-store-pickup": "",
        "rest.manage-sources": "",
        "rest.negotiable-order-workflow": "",
        "rest.order-prepare-checkout": "",
        "shipping-use-cases": "",
        "testing": "",
        "totals-collector-fees": "",
    },
    contracts=(
        Contract(file=_CONTRACT, schema="/definitions/sales-data-order-interface", fixtures="fetched-order--[!p]*"),
        Contract(
            file=_CONTRACT, schema="/definitions/sales-data-creditmemo-interface", fixtures="fetched-credit_memo--*"
        ),
        Contract(file=_CONTRACT, schema="/definitions/sales-data-invoice-interface", fixtures="fetched-invoice--*"),
        Contract(file=_CONTRACT, schema="/definitions/sales-data-shipment-interface", fixtures="fetched-shipment--*"),
        Contract(file=_CONTRACT, schema="/definitions/catalog-data-product-interface", fixtures="fetched-product--*"),
        Contract(
            file=_CONTRACT, schema="/definitions/customer-data-customer-interface", fixtures="fetched-customer--*"
        ),
    ),
    connection={"base_url": "https://shop.example", "token": "an-example-access-token"},
    statuses=(
        VendorAnswer(status=200, means=None),
        VendorAnswer(status=404, means=None, body=b'{"message":"The entity that was requested doesn\'t exist."}'),
        VendorAnswer(status=400, means=ConfigurationError),
        VendorAnswer(status=401, means=ConfigurationError, body=b'{"message":"The consumer isn\'t authorized"}'),
        VendorAnswer(status=403, means=ConfigurationError),
        VendorAnswer(status=405, means=ConfigurationError),
        VendorAnswer(status=408, means=EndpointTimeout),
        VendorAnswer(status=429, means=RateLimited, headers={"retry-after": "30"}, retry_after=timedelta(seconds=30)),
        VendorAnswer(status=500, means=EndpointUnavailable),
        VendorAnswer(status=503, means=EndpointUnavailable),
    ),
)
