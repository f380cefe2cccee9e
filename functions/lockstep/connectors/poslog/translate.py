"""From what a POSLog says to canonical events."""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

from pydantic import ValidationError

from lockstep.canonical.events import (
    Event,
)
from lockstep.canonical.identifiers import ItemReference, TransactionId
from lockstep.canonical.money import EXPONENTS, Money
from lockstep.canonical.sale_transaction import (
    ChargeLine,
    DiscountLine,
    SaleLine,
    SaleTransaction,
    TaxLine,
    TenderLine,
    TransactionKind,
    UnbalancedTransaction,
)
from lockstep.connectors.poslog.document import Node, read_document
from lockstep.connectors.poslog.inventory import translate_inventory
from lockstep.connectors.poslog.models import Header, Line, RetailTransaction
from lockstep.connectors.poslog.parse import (
    Conventions,
    currency_of_transaction,
    parse_header,
    parse_link,
    parse_retail,
)
from lockstep.connectors.poslog.readings import Ledger, LineAmount, read
from lockstep.connectors.poslog.tender_control import translate_tender_control
from lockstep.connectors.poslog.values import problem_of
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery, Translation, event_of

_ROOTS: Final = frozenset({"POSLog", "DigitalReceipt", "Transaction"})
_NOT_CLOSED: Final = frozenset(
    {
        "voided",
        "canceled",
        "cancelled",
        "cancelorphaned",
        "suspended",
        "suspendeddeleted",
        "failed",
        "inprocess",
        "replaced",
    }
)
"""`TransactionStatus` of what ended without a sale, or is not ended."""


def translate_poslog(delivery: Delivery, conventions: Conventions) -> Translation:
    """The events of a POSLog, in document order, and why the rest of it is none.

    Raises:
        MessageMalformed: It is no POSLog, or money or identity is missing somewhere; names the element.
    """
    root = read_document(delivery.body)
    if root.tag not in _ROOTS:
        raise MessageMalformed(f"{root.tag} is not one of {', '.join(sorted(_ROOTS))}")
    transactions = [root] if root.tag == "Transaction" else list(root.all("Transaction"))
    if not transactions:
        raise root.missing("Transaction")
    events: list[Event] = []
    ignored: list[str] = []
    passed_over: list[TransactionId] = []
    for place, transaction in enumerate(transactions, start=1):
        path = f"{root.tag}/Transaction[{place}]" if len(transactions) > 1 else transaction.path
        if (reason := _reason_to_ignore(transaction)) is not None:
            ignored.append(f"{path}: {reason}")
            passed_over += _number_of(transaction, conventions)
            continue
        content = _content(transaction)
        found = list(_events(transaction, content, delivery, conventions)) if content is not None else []
        if not found:
            ignored.append(f"{path}: {_nothing_in(content)}")
        if all(event.register() is None for event in found):
            passed_over += _number_of(transaction, conventions)
        events.extend(found)
    return Translation(events=tuple(events), ignored=tuple(ignored), passed_over=tuple(passed_over))


def _number_of(transaction: Node, conventions: Conventions) -> list[TransactionId]:
    """The number that a till used for what is no sale; none where it does not say, for nothing else hangs on it."""
    try:
        return [parse_header(transaction, conventions).id]
    except MessageMalformed:
        return []


def _reason_to_ignore(transaction: Node) -> str | None:
    workstation = transaction.find("WorkstationID")
    mode = "" if workstation is None else workstation.attributes.get("Mode", "")
    if transaction.flag("TrainingModeFlag") or mode.lower() == "training":
        return "training mode"
    if transaction.flag("CancelFlag"):
        return "cancelled"
    content = _content(transaction)
    if content is None:
        kinds = sorted({child.tag for child in transaction.children if child.tag.endswith("Transaction")})
        return f"not translated: {', '.join(kinds)}" if kinds else "no content that is known"
    if content.tag == "RetailTransaction":
        status = _status(content)
        return f"not closed: {status}" if status in _NOT_CLOSED else None
    if content.flag("VoidFlag") or content.flag("CancelFlag"):
        return "cancelled"
    return None


def _nothing_in(content: Node | None) -> str:
    kinds = [] if content is None else sorted({child.tag for child in content.children})
    return f"nothing that is translated: {', '.join(kinds)}" if kinds else "nothing in it"


def _content(transaction: Node) -> Node | None:
    return transaction.find("RetailTransaction", "InventoryControlTransaction", "TenderControlTransaction")


def _status(retail: Node) -> str:
    return retail.attributes.get("TransactionStatus", "").rpartition(":")[2].strip().lower()


def _events(transaction: Node, content: Node, delivery: Delivery, conventions: Conventions) -> Iterator[Event]:
    header = parse_header(transaction, conventions)
    if content.tag == "InventoryControlTransaction":
        for document in translate_inventory(content, header):
            yield event_of(document, delivery)
        return
    if content.tag == "TenderControlTransaction":
        moved = translate_tender_control(content, header, conventions)
        if moved is not None:
            yield event_of(moved, delivery)
        return
    void = _void(transaction, content, header, conventions)
    closed = void or _sale(parse_retail(content, header, conventions), header)
    if closed is not None:
        yield event_of(closed, delivery)


def _void(transaction: Node, retail: Node, header: Header, conventions: Conventions) -> SaleTransaction | None:
    """A void, if this is one.

    It carries no lines: tills repeat those of the voided transaction with the same signs or with opposite ones and say
    nowhere which, so what is undone is what the ledger holds of the transaction it names.
    """
    links = [*transaction.all("TransactionLink"), *retail.all("TransactionLink")]
    marked = [link for link in links if _says_void(link)]
    if not marked and _status(retail) != "postvoided":
        return None
    link = next(iter(marked or links), None)
    if link is None:
        raise retail.missing("TransactionLink")
    voided = parse_link(link, header.id)
    if voided is None:
        raise link.missing("BusinessDayDate and SequenceNumber")
    if voided == header.id:
        raise link.wrong("names the transaction that it stands in")
    return SaleTransaction(
        id=header.id,
        kind=TransactionKind.VOID,
        currency=currency_of_transaction(retail, conventions),
        closed_at=header.closed_at,
        voids=voided,
    )


def _says_void(link: Node) -> bool:
    return "void" in (link.attributes.get("ReasonCode") or link.value("ReasonCode") or "").lower()


def _sale(retail: RetailTransaction, header: Header) -> SaleTransaction | UnbalancedTransaction | None:
    """The transaction, or what keeps its place when its parts do not add up; None when there is nothing in it."""
    if not (retail.lines or retail.tenders or retail.taxes or retail.discounts or retail.problems):
        return None
    try:
        ledger = read(retail)
        if ledger.due != ledger.paid:
            return _unbalanced(retail, ledger, header, "lines + taxes + charges - discounts are not the tenders")
        try:
            return _balanced(retail, ledger, header)
        except ValidationError as error:
            return _unbalanced(retail, ledger, header, problem_of(error))
    except (InvalidOperation, ValueError) as error:
        raise header.element.wrong("has amounts or quantities out of all proportion") from error


def _unbalanced(retail: RetailTransaction, ledger: Ledger, header: Header, problem: str) -> UnbalancedTransaction:
    return UnbalancedTransaction(
        id=header.id,
        closed_at=header.closed_at,
        due=Money(amount=ledger.due, currency=retail.currency),
        paid=Money(amount=ledger.paid, currency=retail.currency),
        problem="; ".join((problem, *retail.problems)),
    )


def _balanced(retail: RetailTransaction, ledger: Ledger, header: Header) -> SaleTransaction:
    currency = retail.currency
    numbers = _numbers([entry.line for entry in ledger.lines])

    def money(amount: Decimal) -> Money:
        return Money(amount=amount, currency=currency)

    return SaleTransaction(
        id=header.id,
        kind=_kind(ledger),
        currency=currency,
        closed_at=header.closed_at,
        lines=tuple(
            SaleLine(
                number=numbers[entry.line.place],
                item=ItemReference(value=entry.line.item),
                quantity=entry.line.sign * entry.line.quantity,
                unit=entry.line.unit,
                unit_price=_unit_price(entry, currency),
                amount=money(entry.amount),
                original=entry.line.original,
            )
            for entry in ledger.lines
        ),
        discounts=tuple(
            DiscountLine(amount=money(discount.amount), line=_number(discount.line, numbers), reason=discount.reason)
            for discount in ledger.discounts
        ),
        taxes=tuple(
            TaxLine(
                code=tax.tax.code,
                rate=tax.tax.rate,
                taxable=None if tax.taxable is None else money(tax.taxable),
                amount=money(tax.amount),
                included=tax.included,
                line=_number(tax.line, numbers),
            )
            for tax in ledger.taxes
        ),
        charges=tuple(
            ChargeLine(kind=charge.kind, amount=money(charge.amount), number=charge.number) for charge in ledger.charges
        ),
        tenders=tuple(
            TenderLine(
                tender=tender.name,
                amount=money(tender.amount),
                number=tender.number,
                tendered=None if tender.foreign is None else Money.rounded(*tender.foreign),
            )
            for tender in ledger.tenders
        ),
    )


def _kind(ledger: Ledger) -> TransactionKind:
    back = [entry.line.back for entry in ledger.lines]
    if not back:
        return TransactionKind.REFUND if ledger.due < 0 else TransactionKind.SALE
    if all(back):
        return TransactionKind.RETURN
    return TransactionKind.EXCHANGE if any(back) else TransactionKind.SALE


def _numbers(lines: Iterable[Line]) -> dict[int, int]:
    """A number for each line, by its place: the till's own, or its place where the till's are missing or not unique."""
    lines = list(lines)
    own = {line.place: line.number for line in lines if line.number is not None}
    if len(set(own.values())) == len(lines):
        return own
    return {line.place: place for place, line in enumerate(lines, start=1)}


def _number(line: Line | None, numbers: dict[int, int]) -> int | None:
    return None if line is None else numbers[line.place]


def _unit_price(entry: LineAmount, currency: str) -> Money:
    """The price that makes the amount, among those said; otherwise the amount by the quantity, to the minor unit."""
    amount, quantity = abs(entry.amount), entry.line.quantity
    quantum = Decimal(1).scaleb(-EXPONENTS[currency])
    for price in entry.line.prices:
        if (price * quantity).quantize(quantum, rounding=ROUND_HALF_UP) == amount:
            return Money.rounded(price, currency)
    return Money.rounded(amount / quantity, currency)
