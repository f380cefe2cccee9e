"""What becomes of a notice, and of what is read for it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cli.translation import Tried, Verdict, try_message
from lockstep.canonical.events import ProductReported
from lockstep.canonical.notices import ResourceNotice
from lockstep.canonical.product import Product, ProductStatus
from lockstep.connectors.poslog.manifest import MANIFEST
from lockstep.messaging.errors import CaseKey, MessageMalformed, TotalsUnbalanced
from lockstep.messaging.inbound import UNDECLARED, Delivery, Request, Translation

AT = datetime(2026, 11, 23, tzinfo=UTC)
assert MANIFEST.inbound is not None
INBOUND = MANIFEST.inbound
BY_BODY = type(INBOUND)(**{name: getattr(INBOUND, name) for name in INBOUND.__slots__} | {"reads": ("product",)})
BY_HEADER = type(INBOUND)(
    **{name: getattr(BY_BODY, name) for name in INBOUND.__slots__}
    | {"topics": ("products/update",), "topic_headers": ("x-topic",), "kept_headers": ("x-shop",)}
)


class Shop:
    """Says what its body tells it to."""

    def __init__(self) -> None:
        self.asked: list[Delivery] = []

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        raise NotImplementedError

    def translate(self, delivery: Delivery) -> Translation:
        self.asked.append(delivery)
        match delivery.body.decode():
            case "notice":
                notice = ResourceNotice(resource="product", key="7", notified_at=AT, delivery_id=delivery.delivery_id)
                return Translation((), notices=(notice,))
            case "product":
                data = Product(id="7", version="1", status=ProductStatus.ACTIVE, changed_at=AT)
                event = ProductReported.create(
                    data, source=delivery.account, received_at=AT, causation_id=delivery.delivery_id
                )
                return Translation((event,))
            case "draft":
                return Translation((), ignored=("a draft",))
            case "unknown":
                return Translation((), ignored=(f"{UNDECLARED}products/moved",))
            case "uneven":
                raise TotalsUnbalanced("does not add up", CaseKey("unbalanced_totals", "x"))
            case _:
                raise MessageMalformed("product/id is missing")


def tried(body: str, fetched: str | None = None, *, inbound: Any = BY_BODY, topic: str = "POSLog") -> Tried:
    read = None if fetched is None else fetched.encode()
    return try_message(Shop(), inbound, "shop.main", topic, body.encode(), fetched=read, received_at=AT)


@pytest.mark.parametrize(
    ("body", "fetched", "expected"),
    [
        ("notice", None, (Verdict.TRANSLATED, "ok", 0, 1)),
        ("notice", "product", (Verdict.TRANSLATED, "ok", 1, 1)),
        ("notice", "draft", (Verdict.IGNORED, "not_for_us", 0, 1)),
        ("notice", "notice", (Verdict.TRANSLATED, "ok", 0, 2)),
        ("notice", "junk", (Verdict.EXCEPTION, "unreadable_resource", 0, 1)),
        ("notice", "uneven", (Verdict.EXCEPTION, "unbalanced_totals", 0, 1)),
        ("product", "junk", (Verdict.TRANSLATED, "ok", 1, 0)),
        ("draft", None, (Verdict.IGNORED, "not_for_us", 0, 0)),
        ("unknown", None, (Verdict.IGNORED, "topic_not_declared", 0, 0)),
        ("junk", None, (Verdict.REFUSED, "message_malformed", 0, 0)),
    ],
)
def test_what_becomes_of_it(body: str, fetched: str | None, expected: tuple[Verdict, str, int, int]) -> None:
    said = tried(body, fetched)
    assert (said.outcome, said.code, len(said.events), len(said.notices)) == expected


def test_a_topic_that_a_header_names_must_be_declared() -> None:
    said = tried("product", inbound=BY_HEADER, topic="products/moved")
    assert (said.outcome, said.code) == (Verdict.IGNORED, "topic_not_declared")
    assert tried("product", inbound=BY_HEADER, topic="PRODUCTS_UPDATE").outcome is Verdict.TRANSLATED


def test_where_the_body_names_the_topic_it_is_believed() -> None:
    assert tried("product", topic="whatever").outcome is Verdict.TRANSLATED
    said = tried("junk", topic="whatever")
    assert (said.outcome, said.code) == (Verdict.IGNORED, "topic_not_declared")


def test_the_translator_is_asked_as_the_door_would_ask_it() -> None:
    shop = Shop()
    headers = {"x-shop": "1", "x-other": "2"}
    try_message(shop, BY_HEADER, "shop.main", "products-update", b"notice", headers=headers, fetched=b"product")

    sent, read = shop.asked
    assert (sent.topic, sent.headers) == ("products/update", {"x-shop": "1"})
    assert (read.topic, read.headers, read.body) == ("fetched/product", {}, b"product")


def test_what_was_read_may_be_tried_alone() -> None:
    shop = Shop()
    said = try_message(shop, BY_BODY, "shop.main", "fetched-product", b"product")
    assert said.outcome is Verdict.TRANSLATED
    assert shop.asked[0].topic == "fetched/product"
    assert try_message(shop, BY_BODY, "shop.main", "fetched/product", b"junk").code == "unreadable_resource"
