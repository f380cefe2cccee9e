"""Products, with their prices. Commerce names a product by its SKU; each is one thing that can be bought."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final

from lockstep.canonical.events import Event
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.money import Money
from lockstep.canonical.product import Price, PriceReport, Product, ProductStatus, Variant
from lockstep.connectors.adobe_commerce.fields import Fields
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code
from lockstep.messaging.loosely_typed import stamp
from lockstep.messaging.versions import state_of

DELETED: Final = "deleted"
"""Version of a product that is no more."""

_STATUS: Final = {"1": ProductStatus.ACTIVE, "2": ProductStatus.ARCHIVED}
"""`status`: enabled, disabled."""
_WITHOUT_STOCK: Final = frozenset({"virtual", "downloadable", "giftcard", "bundle", "configurable", "grouped"})
_PRICED_BY_PARTS: Final = frozenset({"bundle", "configurable", "grouped"})
_TEXT: Final = 1024


def is_whole(product: Fields) -> bool:
    """Whether an event holds what a product's identity needs."""
    return product.has("sku") and product.has("updated_at")


def reported(product: Fields, delivery: Delivery, currency: str | None) -> Translation:
    """A product's event, and that of its price where the account names a currency: products name none.

    Raises:
        MessageMalformed: Identity is missing; names the field.
    """
    sku = _sku(product)
    changed_at = product.time("updated_at", "created_at")
    kind = product.text("type_id")
    data = Product(
        id=sku,
        version=stamp(changed_at),
        status=_STATUS.get(product.text("status"), ProductStatus.UNKNOWN),
        title=product.text("name")[:_TEXT],
        variants=(
            Variant(key=sku, sku=sku, title=product.text("name")[:_TEXT], is_stocked=kind not in _WITHOUT_STOCK),
        ),
        changed_at=changed_at,
    )
    version = f"{stamp(changed_at)}/{state_of(data)}"
    events: list[Event] = [event_of(data.model_copy(update={"version": version}), delivery)]
    ignored: list[str] = []
    prices = tuple(_prices(product, sku, currency, ignored)) if kind not in _PRICED_BY_PARTS else ()
    if prices:
        stated = PriceReport(id=sku, version=stamp(changed_at), prices=prices, changed_at=changed_at)
        version = f"{stamp(changed_at)}/{state_of(stated)}"
        events.append(event_of(stated.model_copy(update={"version": version}), delivery))
    return Translation(tuple(events), ignored=tuple(ignored))


def _prices(product: Fields, sku: str, currency: str | None, ignored: list[str]) -> Iterator[Price]:
    """The price, and a special one with the days from and to which it holds."""
    item = ItemReference(value=sku)
    regular = _price(product.number("price"), "price", currency, ignored)
    if regular is None:
        return
    yield Price(item=item, amount=regular)
    special = _price(product.custom_number("special_price"), "special_price", currency, ignored)
    if special is not None and special < regular:
        yield Price(
            item=item,
            amount=special,
            list_price=regular,
            valid_from=product.custom_time("special_from_date"),
            valid_until=product.custom_time("special_to_date"),
        )


def _price(amount: Decimal | None, name: str, currency: str | None, ignored: list[str]) -> Money | None:
    if amount is None:
        return None
    if currency is None:
        ignored.append(f"{name}: the account names no currency")
        return None
    if amount < 0:
        ignored.append(f"{name}: below zero")
        return None
    try:
        return Money(amount=amount, currency=currency)
    except ValueError:
        ignored.append(f"{name}: finer than the currency's minor unit")
        return None


def deleted(product: Fields, delivery: Delivery, happened_at: datetime) -> Event:
    """That a product is no more.

    Raises:
        MessageMalformed: Its SKU is missing.
    """
    # A SKU may be given again: when it was deleted is part of what makes the event itself.
    version = f"{DELETED}/{stamp(happened_at)}"
    data = Product(id=_sku(product), version=version, status=ProductStatus.DELETED, changed_at=happened_at)
    return event_of(data, delivery)


def _sku(product: Fields) -> str:
    found = code(product.text("sku"))
    if found is None:
        raise MessageMalformed(f"{product.at('sku')} is missing")
    return found
