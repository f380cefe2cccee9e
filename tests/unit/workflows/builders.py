"""Small builders for the workflows' tests: events as a till would send them, contexts as the core would give them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from lockstep.canonical.amounts import Amounts, LineAmount
from lockstep.canonical.events import Event, OrderReported, RefundReported, TransactionClosed
from lockstep.canonical.identifiers import ItemReference, TransactionId
from lockstep.canonical.money import Money
from lockstep.canonical.order import (
    FulfilmentState,
    Order,
    OrderLine,
    OrderStatus,
    OrderTender,
    PaymentState,
    SalesChannel,
)
from lockstep.canonical.refund import Refund, RefundLine
from lockstep.canonical.sale_transaction import (
    DiscountLine,
    SaleLine,
    SaleTransaction,
    TaxLine,
    TenderLine,
    TransactionKind,
)
from lockstep.messaging.references import Reference, ReferenceKind
from lockstep.messaging.workflow import Context, Workflow

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
SOURCE = "poslog.main"
STORE = "101"


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def transaction_id(sequence: int) -> TransactionId:
    return TransactionId(store=STORE, workstation="1", business_day=date(2026, 11, 27), sequence=sequence)


def line(number: int, item: str, quantity: str, price: str) -> SaleLine:
    amount = Decimal(quantity) * Decimal(price)
    return SaleLine(
        number=number,
        item=ItemReference(value=item),
        quantity=Decimal(quantity),
        unit_price=usd(price),
        amount=Money.rounded(amount, "USD"),
    )


def sale(
    *lines: SaleLine,
    sequence: int = 1,
    taxes: tuple[TaxLine, ...] = (),
    discounts: tuple[DiscountLine, ...] = (),
    tender: str = "CASH",
    kind: TransactionKind | None = None,
    voids: TransactionId | None = None,
) -> SaleTransaction:
    """A transaction whose one tender pays it exactly."""
    due = Money.total((each.amount for each in lines), "USD")
    due += Money.total((tax.amount for tax in taxes if not tax.included), "USD")
    due -= Money.total((discount.amount for discount in discounts), "USD")
    returns = any(each.is_return for each in lines)
    sells = any(not each.is_return for each in lines)
    if kind is None:
        kind = TransactionKind.SALE
        if returns:
            kind = TransactionKind.EXCHANGE if sells else TransactionKind.RETURN
    return SaleTransaction(
        id=transaction_id(sequence),
        kind=kind,
        currency="USD",
        closed_at=NOON,
        lines=lines,
        taxes=taxes,
        discounts=discounts,
        tenders=(TenderLine(tender=tender, amount=due),) if due else (),
        voids=voids,
    )


def closed(data: SaleTransaction, *, source: str = SOURCE) -> TransactionClosed:
    return TransactionClosed.create(data, source=source, received_at=NOON, causation_id="delivery-1")


def names(**kinds: Mapping[str, str]) -> dict[Reference, str]:
    """References inward by kind, as in `names(item={"A": "SKU-A"})`."""
    return {
        Reference(ReferenceKind(kind), SOURCE, value): canonical
        for kind, known in kinds.items()
        for value, canonical in known.items()
    }


def context(
    known: Mapping[Reference, str],
    *,
    records: Mapping[str, Mapping[str, Any]] | None = None,
    earlier: Mapping[str, Event] | None = None,
    targets: tuple[str, ...] = ("target.main",),
) -> Context:
    return Context(names=known, records=records or {}, earlier=earlier or {}, targets=targets)


def asked(workflow: Workflow, event: Event, known: Mapping[Reference, str], **more: Any) -> set[Reference]:
    """Everything the workflow looks up, round by round, as the core does it."""
    found: dict[Reference, str] = {}
    wanted: set[Reference] = set()
    for _ in range(3):
        new = set(workflow.references(event, context(found, **more))) - wanted
        wanted |= new
        found |= {reference: known[reference] for reference in new if reference in known}
    return wanted


def order(
    *lines: OrderLine,
    version: int = 1,
    status: OrderStatus = OrderStatus.OPEN,
    payment: PaymentState = PaymentState.PAID,
    fulfilment: FulfilmentState = FulfilmentState.UNKNOWN,
    channel: SalesChannel = SalesChannel.WEB,
    prices: Mapping[int, str] | None = None,
    tenders: tuple[OrderTender, ...] = (),
    at: datetime = NOON,
    **parts: Any,
) -> Order:
    """A snapshot of order 4711, each line at 10.00 USD unless priced; its total is what its parts add up to."""
    amounts = tuple(
        LineAmount(line=each.number, amount=usd((prices or {}).get(each.number, "10.00"))) for each in lines
    )
    return Order(
        id="4711",
        version=str(version),
        channel=channel,
        status=status,
        payment=payment,
        fulfilment=fulfilment,
        placed_at=NOON,
        changed_at=at,
        lines=lines,
        shop=amounts_of(amounts, **parts),
        tenders=tenders,
    )


def order_line(number: int, item: str, quantity: str, *, fulfilled: str | None = None) -> OrderLine:
    return OrderLine(
        number=number,
        key=f"line-{number}",
        item=ItemReference(value=item),
        quantity=Decimal(quantity),
        fulfilled=Decimal(fulfilled) if fulfilled is not None else None,
    )


def refund(*lines: RefundLine, number: str = "r1", prices: Mapping[int, str] | None = None, **values: Any) -> Refund:
    """A refund of order 4711, each line at 10.00 USD unless priced."""
    amounts = tuple(
        LineAmount(line=each.number, amount=usd((prices or {}).get(each.number, "10.00"))) for each in lines
    )
    return Refund(
        **{
            "id": number,
            "version": "1",
            "order": "4711",
            "refunded_at": NOON,
            "changed_at": NOON,
            "lines": lines,
            "shop": amounts_of(amounts),
            **values,
        }
    )


def amounts_of(lines: tuple[LineAmount, ...], **parts: Any) -> Amounts:
    """Amounts in USD whose total is what they add up to."""
    due = Money.total((each.amount for each in (*lines, *parts.get("charges", ()))), "USD")
    due += Money.total((tax.amount for tax in parts.get("taxes", ()) if not tax.included), "USD")
    due -= Money.total((discount.amount for discount in parts.get("discounts", ())), "USD")
    return Amounts(currency="USD", total=due, lines=lines, **parts)


def reported(data: Order | Refund, *, source: str = SOURCE) -> Event:
    event = OrderReported if isinstance(data, Order) else RefundReported
    return event.create(data, source=source, received_at=NOON, causation_id="delivery-1")
