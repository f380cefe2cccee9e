"""An invoice, with which Commerce takes an order's money."""

from typing import Final

from lockstep.canonical.events import Event
from lockstep.canonical.money import Money
from lockstep.canonical.payment import Payment, PaymentKind, PaymentStatus
from lockstep.connectors.adobe_commerce.amounts import currency_of
from lockstep.connectors.adobe_commerce.fields import Fields
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code

_STATUS: Final = {"1": PaymentStatus.PENDING, "2": PaymentStatus.SUCCEEDED, "3": PaymentStatus.FAILED}
"""`state`: open, paid, cancelled."""
_NEEDED: Final = ("entity_id", "order_id", "grand_total", "base_grand_total", "order_currency_code", "created_at")


def is_whole(invoice: Fields) -> bool:
    """Whether an event holds what a payment's money and identity need."""
    return all(invoice.has(name) for name in _NEEDED)


def reported(invoice: Fields, delivery: Delivery, _currency: str | None) -> Translation:
    """The event of what was taken: in the order's currency, and in the shop's where that is another.

    Raises:
        MessageMalformed: Money or identity is missing; names the field.
    """
    return Translation((_event(invoice, delivery),))


def _event(invoice: Fields, delivery: Delivery) -> Event:
    order = invoice.key("order_id")
    paid, shop = (_money(invoice, name, base=name.startswith("base")) for name in ("order", "base"))
    data = Payment(
        id=invoice.key("entity_id", "id"),
        payment=code(invoice.text("transaction_id")) or f"order/{order}",
        kind=PaymentKind.CAPTURE,
        status=_STATUS.get(invoice.text("state"), PaymentStatus.PENDING),
        amount=paid,
        shop_amount=shop if shop.currency != paid.currency else None,
        order=order,
        reference=code(invoice.text("increment_id")),
        moved_at=invoice.time("created_at", "updated_at"),
    )
    return event_of(data, delivery)


def _money(invoice: Fields, name: str, *, base: bool) -> Money:
    currency = currency_of(invoice, f"{name}_currency_code")
    total = invoice.stated("grand_total", base=base)
    field = invoice.at("base_grand_total" if base else "grand_total")
    if total is None:
        raise MessageMalformed(f"{field} is missing")
    try:
        return Money(amount=total, currency=currency)
    except ValueError as error:
        raise MessageMalformed(f"{field} is finer than the currency's minor unit") from error
