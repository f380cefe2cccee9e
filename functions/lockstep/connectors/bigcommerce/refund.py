"""A refund, as it is read: with its order and what was bought, or by itself."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from lockstep.canonical.amounts import Amounts, Charge, LineAmount, Tax
from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.events import Event
from lockstep.canonical.money import EXPONENTS, Money
from lockstep.canonical.order import OrderTender
from lockstep.canonical.refund import Refund, RefundLine, RefundStatus
from lockstep.connectors.bigcommerce import models
from lockstep.connectors.bigcommerce.order import item_of
from lockstep.connectors.bigcommerce.values import items, moment
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code, malformed
from lockstep.messaging.loosely_typed import mapping, stamp, text
from lockstep.messaging.versions import state_of

_PRODUCT: Final = "PRODUCT"
_KINDS: Final = {"SHIPPING": ChargeKind.SHIPPING}
"""Other things that are refunded are fees: handling, wrapping, an amount of the order."""
_UNPRICED: Final = "unallocated"
"""Code of the charge that stands for what the refund comes to, where its items do not say what each is worth."""
_STORED_VALUE: Final = frozenset({"storecredit", "giftcertificate"})
_TAX: Final = "tax"
_NOTHING: Final = Decimal(0)
_MOST_DIGITS: Final = 18


def translate_refund(read: Mapping[str, Any], delivery: Delivery, currency: str | None) -> Translation:
    """A refund's event: `{"refund", "order", "products"}`, or V3's answer, or a refund by itself.

    Raises:
        MessageMalformed: Money or identity is missing; names the field.
    """
    at = next((name for name in ("refund", "data") if isinstance(read.get(name), Mapping)), "")
    try:
        refund = models.Refund.model_validate(read[at] if at else read)
    except ValidationError as error:
        raise malformed(error, at) from error
    order = mapping(read.get("order"))
    written = (text(order.get("default_currency_code")) or text(order.get("currency_code")) or currency or "").upper()
    if written not in EXPONENTS:
        raise MessageMalformed("order.default_currency_code is missing, and the account names none")
    products = {}
    for place, entry in enumerate(items(read.get("products"))):
        try:
            product = models.OrderProduct.model_validate(entry)
        except ValidationError as error:
            raise malformed(error, f"products.{place}") from error
        products[product.id] = product
    return Translation((_event(refund, products, delivery, written),))


def _event(
    refund: models.Refund, products: Mapping[str, models.OrderProduct], delivery: Delivery, currency: str
) -> Event:
    refunded_at = moment(refund.created, "created")
    total = Money.rounded(refund.total_amount, currency)
    if total.amount != refund.total_amount:
        raise MessageMalformed("total_amount is finer than the currency's minor unit")
    data = Refund(
        id=refund.id,
        version=f"{stamp(refunded_at)}/{state_of(refund)}",
        order=refund.order_id or None,
        status=_status(refund.payments),
        refunded_at=refunded_at,
        changed_at=refunded_at,
        lines=tuple(_lines(refund, products)),
        shop=_amounts(refund, products, total),
        tenders=tuple(
            OrderTender(
                tender=code(payment.provider_id) or "unknown",
                amount=Money.rounded(payment.amount, currency),
                is_gift_card=payment.provider_id in _STORED_VALUE,
            )
            for payment in refund.payments
            if not payment.is_declined and payment.amount
        ),
    )
    return event_of(data, delivery)


def _status(payments: Sequence[models.RefundPayment]) -> RefundStatus:
    declined = [payment.is_declined for payment in payments]
    if declined and all(declined):
        return RefundStatus.FAILED
    return RefundStatus.PENDING if any(declined) else RefundStatus.SUCCEEDED


def _lines(refund: models.Refund, products: Mapping[str, models.OrderProduct]) -> Iterator[RefundLine]:
    for number, item in enumerate(refund.items, 1):
        if item.item_type.upper() == _PRODUCT and item.quantity > 0:
            product = products.get(item.item_id)
            yield RefundLine(
                number=number,
                order_line=item.item_id or None,
                item=item_of(product.sku, product.product_id, product.variant_id) if product else None,
                quantity=item.quantity,
            )


def _amounts(refund: models.Refund, products: Mapping[str, models.OrderProduct], total: Money) -> Amounts:
    """What each item is worth, where that comes to the total; else the total alone. Its tax is in it."""
    worth = [_worth(item, products) for item in refund.items]
    currency = total.currency
    lines, charges = [], []
    known = [amount for amount in worth if amount is not None]
    if worth and len(known) == len(worth) and sum(known, _NOTHING) == total.amount:
        for number, (item, amount) in enumerate(zip(refund.items, known, strict=True), 1):
            money = Money(amount=amount, currency=currency)
            if item.item_type.upper() == _PRODUCT and item.quantity > 0:
                lines.append(LineAmount(line=number, amount=money))
            else:
                name = code(item.item_type.lower().replace("_", " "))
                kind = _KINDS.get(item.item_type.upper(), ChargeKind.FEE)
                charges.append(Charge(number=number, kind=kind, amount=money, code=name))
    elif total:
        charges.append(Charge(number=len(refund.items) + 1, kind=ChargeKind.FEE, amount=total, code=_UNPRICED))
    tax = Money.rounded(refund.total_tax, currency)
    # What belongs to no line of goods belongs to a charge: there is nothing else to book it with.
    place = None if lines or not charges else charges[0].number
    return Amounts(
        currency=currency,
        total=total,
        lines=tuple(lines),
        charges=tuple(charges),
        taxes=(Tax(code=_TAX, amount=tax, included=True, line=place),) if tax else (),
    )


def _worth(item: models.RefundItem, products: Mapping[str, models.OrderProduct]) -> Decimal | None:
    """With tax: what was asked for, else the line's total by quantity; None where neither is known."""
    if item.requested_amount is not None:
        return item.requested_amount
    product = products.get(item.item_id) if item.item_type.upper() == _PRODUCT else None
    if product is None or not product.quantity:
        return None
    worth = product.total_inc_tax * item.quantity / product.quantity
    return worth if worth.adjusted() < _MOST_DIGITS and worth == round(worth, 4) else None
