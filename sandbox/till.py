"""The demo retailer's tills: they close transactions, write them down as POSLog, and send them signed."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from xml.etree import ElementTree as ET

import standardwebhooks
import urllib3

from lockstep.canonical.identifiers import TransactionId
from sandbox.retailer import RETAILER, Product, Retailer

NAMESPACE: Final = "http://www.nrf-arts.org/IXRetail/namespace/"
_CENT: Final = Decimal("0.01")
_PER_CENT: Final = Decimal(100)
_ANSWER_TIMEOUT: Final = 30.0
_FIRST_PAUSE: Final = 0.2
_ATTEMPTS: Final = 6
_BUSY: Final = frozenset({429, 500, 502, 503, 504})


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Item:
    """Units of one SKU across the counter; `code` is what the till calls it, its GTIN when left out."""

    sku: str
    quantity: int = 1
    code: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One closed transaction, as the till knows it. Amounts are signed as the customer pays."""

    transaction: TransactionId
    items: tuple[Item, ...]
    """What went out; for a return, what came back, below zero."""
    total: Decimal
    taxes: Mapping[str, Decimal]
    """By tax code."""
    tenders: Mapping[str, Decimal]
    """By tender code, change taken off."""
    body: bytes
    """The POSLog document."""
    closed_at: datetime
    """UTC. The document has it to the millisecond."""

    @property
    def name(self) -> str:
        """`store/workstation/day/sequence`."""
        return str(self.transaction)


@dataclass(frozen=True, slots=True)
class StockDocument:
    """What a till used a number for that is no sale."""

    transaction: TransactionId
    closed_at: datetime
    """UTC. The document has it to the millisecond."""
    units: Mapping[str, int]
    """By SKU: what lies there for a count, what moved otherwise."""
    body: bytes
    """The POSLog document."""
    is_count: bool


class Till:
    """One workstation of a store."""

    def __init__(
        self,
        store: str,
        workstation: str,
        *,
        first: int,
        retailer: Retailer = RETAILER,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Args:
        store: Code of a store of the retailer.
        workstation: Its number there.
        first: Sequence number of its next transaction.
        retailer: Whose prices and taxes it knows.
        now: UTC.

        Raises:
            KeyError: The retailer has no such store.
        """
        self.store = retailer.store(store).code
        self.workstation = workstation
        self._next = first
        self._retailer = retailer
        self._now = now

    def sale(
        self,
        items: Iterable[Item],
        *,
        tender: str = "CARD",
        card_part: Decimal = Decimal(0),
        at: datetime | None = None,
    ) -> Ticket:
        """Goods go out.

        Args:
            items: What is sold.
            tender: Code of the means of payment. Cash is handed over in full tens, and change given.
            card_part: What is paid by card first.
            at: When it was closed, UTC; now when left out.
        """
        return self._close(tuple(items), tender, card_part, at, original=None)

    def give_back(self, original: Ticket, items: Iterable[Item], *, tender: str = "CARD") -> Ticket:
        """Goods of an earlier transaction come back, their price goes out.

        Args:
            original: Where they were sold.
            items: What comes back, above zero.
            tender: Code of the means by which the customer is paid.
        """
        return self.exchange(original, items, (), tender=tender)

    def exchange(self, original: Ticket, back: Iterable[Item], out: Iterable[Item], *, tender: str = "CARD") -> Ticket:
        """Goods of an earlier transaction, of whichever till, come back, and others go out.

        Args:
            original: Where they were sold.
            back: What comes back, above zero.
            out: What goes out.
            tender: Code of the means by which the difference is paid, whichever way it goes.
        """
        returned = tuple(Item(item.sku, -item.quantity, item.code) for item in back)
        return self._close((*returned, *out), tender, Decimal(0), None, original=original.transaction)

    def void(self, original: Ticket) -> Ticket:
        """An earlier transaction is undone as a whole. The document repeats nothing of it."""
        at = self._now()
        transaction = self._number(at)
        document, sale = _document(transaction, self._retailer.currency)
        sale.set("TransactionStatus", "PostVoided")
        _identity(ET.SubElement(sale, "TransactionLink", ReasonCode="Void"), original.transaction)
        return Ticket(
            transaction=transaction,
            items=tuple(Item(item.sku, -item.quantity, item.code) for item in original.items),
            total=-original.total,
            taxes={code: -amount for code, amount in original.taxes.items()},
            tenders={code: -amount for code, amount in original.tenders.items()},
            body=_written(document, at),
            closed_at=at,
        )

    def train(self) -> StockDocument:
        """Somebody practises: a number is used, and nothing happened."""
        at = self._now()
        transaction = self._number(at)
        document, _ = _document(transaction, self._retailer.currency)
        _text(document[0], "TrainingModeFlag", "true")
        return StockDocument(transaction, at, {}, _written(document, at), is_count=False)

    def adjust(self, deltas: Mapping[str, int], *, reason: str = "Damaged") -> StockDocument:
        """Stock moves for another reason than a sale.

        Args:
            deltas: Signed units by SKU.
            reason: Why, in the till's words.
        """
        return self._stock("InventoryAdjustment", deltas, reason)

    def count(self, on_hand: Mapping[str, int]) -> StockDocument:
        """Somebody counted.

        Args:
            on_hand: Units that lie there, by SKU.
        """
        return self._stock("InventoryCount", on_hand, "")

    def _stock(self, kind: str, units: Mapping[str, int], reason: str) -> StockDocument:
        at = self._now()
        transaction = self._number(at)
        root = ET.Element("POSLog", xmlns=NAMESPACE, MajorVersion="6", MinorVersion="0", FixVersion="0")
        element = ET.SubElement(root, "Transaction")
        _identity(element, transaction)
        part = ET.SubElement(ET.SubElement(element, "InventoryControlTransaction"), kind)
        if reason:
            part.set("TypeCode", reason)
        for sku, number in units.items():
            line = ET.SubElement(part, "LineItem")
            _text(line, "ItemID", self._retailer.product(sku).gtin)
            _text(line, "Quantity", number)
        return StockDocument(transaction, at, dict(units), _written(root, at), is_count=kind == "InventoryCount")

    def _number(self, at: datetime) -> TransactionId:
        """The next one."""
        transaction = TransactionId(
            store=self.store, workstation=self.workstation, business_day=at.date(), sequence=self._next
        )
        self._next += 1
        return transaction

    def _close(
        self,
        items: tuple[Item, ...],
        tender: str,
        card_part: Decimal,
        at: datetime | None,
        *,
        original: TransactionId | None,
    ) -> Ticket:
        at = at or self._now()
        transaction = self._number(at)
        document, sale = _document(transaction, self._retailer.currency)
        total, taxes = Decimal(0), dict[str, Decimal]()
        for item in items:
            back = item.quantity < 0
            line = ET.SubElement(_line(sale), "Return" if back else "Sale")
            for code, amount in self._goods(line, item, original if back else None).items():
                taxes[code] = taxes.get(code, Decimal(0)) + amount
                total += amount
            total += self._retailer.product(item.sku).price * item.quantity
        tenders: dict[str, Decimal] = {}
        for code, amount in ((("CARD", card_part),) if card_part else ()) + ((tender, total - card_part),):
            tenders[code] = tenders.get(code, Decimal(0)) + amount
            if amount:
                self._paid(sale, code, amount)
        _text(sale, "Total", total, TotalType="TransactionGrandAmount")
        _text(sale, "Total", sum(taxes.values(), Decimal(0)), TotalType="TransactionTaxAmount")
        return Ticket(transaction, items, total, taxes, tenders, _written(document, at), at)

    def _goods(self, line: ET.Element, item: Item, original: TransactionId | None) -> dict[str, Decimal]:
        """Write down one line of goods; the taxes on it, each rounded by itself as tills do."""
        product = self._retailer.product(item.sku)
        units = abs(item.quantity)
        net = product.price * units
        _text(line, "ItemID", item.code or product.gtin, Type="SKU" if item.code else "GTIN")
        _text(line, "RegularSalesUnitPrice", product.price)
        _text(line, "ActualSalesUnitPrice", product.price)
        _text(line, "ExtendedAmount", net)
        _text(line, "Quantity", units, UnitOfMeasureCode="EA")
        if original is not None:
            _link(line, original)
        sign = 1 if item.quantity > 0 else -1
        return {code: sign * amount for code, amount in self._taxes(line, product, net).items()}

    def _taxes(self, line: ET.Element, product: Product, net: Decimal) -> dict[str, Decimal]:
        taxes = {}
        for code in product.taxes:
            rate = self._retailer.tax(code).rate
            taxes[code] = (net * rate).quantize(_CENT, ROUND_HALF_UP)
            tax = ET.SubElement(line, "Tax", TaxType="Sales")
            _text(tax, "TaxableAmount", net)
            _text(tax, "Amount", taxes[code])
            _text(tax, "Percent", (rate * _PER_CENT).normalize())
            _text(tax, "TaxRuleID", code)
        return taxes

    def _paid(self, sale: ET.Element, code: str, amount: Decimal) -> None:
        kind = "Sale" if amount > 0 else "Refund"
        tender = ET.SubElement(_line(sale), "Tender", TenderType=code, TypeCode=kind)
        change = (10 - amount % 10) % 10 if amount > 0 and self._retailer.tender(code).cash else Decimal(0)
        _text(tender, "Amount", abs(amount) + change)
        if change:
            _text(ET.SubElement(tender, "TenderChange"), "Amount", change)


def _document(transaction: TransactionId, currency: str) -> tuple[ET.Element, ET.Element]:
    """The document so far, and the element that holds its lines."""
    root = ET.Element("POSLog", xmlns=NAMESPACE, MajorVersion="6", MinorVersion="0", FixVersion="0")
    element = ET.SubElement(root, "Transaction")
    _identity(element, transaction)
    _text(element, "CurrencyCode", currency)
    return root, ET.SubElement(element, "RetailTransaction")


def _identity(element: ET.Element, transaction: TransactionId) -> None:
    _text(ET.SubElement(element, "BusinessUnit"), "UnitID", transaction.store)
    _text(element, "WorkstationID", transaction.workstation)
    _text(element, "SequenceNumber", transaction.sequence)
    _text(element, "BusinessDayDate", transaction.business_day)


def batch_of(documents: Iterable[bytes]) -> bytes:
    """One POSLog with the transactions of several, in order: what a till sends that was off-line, or a nightly job."""
    root = ET.Element(f"{{{NAMESPACE}}}POSLog", MajorVersion="6", MinorVersion="0", FixVersion="0")
    for document in documents:
        root.extend(ET.fromstring(document))  # noqa: S314  # written by these tills
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _written(document: ET.Element, at: datetime) -> bytes:
    _text(document[0], "EndDateTime", at.astimezone(UTC).isoformat(timespec="milliseconds"))
    written: bytes = ET.tostring(document, encoding="utf-8", xml_declaration=True)
    return written


def _link(line: ET.Element, original: TransactionId) -> None:
    _identity(ET.SubElement(line, "TransactionLink", ReasonCode="Return"), original)


def _line(sale: ET.Element) -> ET.Element:
    line = ET.SubElement(sale, "LineItem")
    _text(line, "SequenceNumber", len(sale.findall("LineItem")))
    return line


def _text(parent: ET.Element, name: str, value: object, **attributes: str) -> None:
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    ET.SubElement(parent, name, attributes).text = text


@dataclass(frozen=True, slots=True)
class Answer:
    """What a till was told."""

    status: int
    body: str
    sent_at: datetime
    elapsed: float
    """Seconds from sending to the answer, the last attempt's when there were several."""
    attempts: int = 1


class Line:
    """The line from a store to the webhook, with the key that signs what goes over it. Safe to share by threads."""

    def __init__(
        self, api_url: str, signing_secret: str, *, account: str = "main", http: urllib3.PoolManager | None = None
    ) -> None:
        """Args:
        api_url: Base address of the webhooks, without a trailing slash.
        signing_secret: As Standard Webhooks writes it, `whsec_...`.
        account: Of the POSLog connector.
        http: Connection pool to use.
        """
        self._url = f"{api_url}/webhooks/poslog/{account}"
        self._secret = signing_secret
        self._http = http or urllib3.PoolManager(maxsize=8)

    def send(self, body: bytes, delivery_id: str, *, forged: bool = False) -> Answer:
        """Send once, whatever comes of it.

        Args:
            body: Of the delivery.
            delivery_id: The same for every attempt at one delivery.
            forged: Change the body after it was signed.

        Raises:
            urllib3.exceptions.HTTPError: No answer came.
        """
        now = datetime.now(UTC)
        signed = standardwebhooks.Webhook(self._secret).sign(delivery_id, now, body.decode())
        started = time.perf_counter()
        answer = self._http.request(
            "POST",
            self._url,
            body=body + b" " if forged else body,
            headers={
                "content-type": "application/xml",
                "webhook-id": delivery_id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": signed,
            },
            timeout=_ANSWER_TIMEOUT,
            retries=False,
        )
        return Answer(answer.status, answer.data.decode(errors="replace"), now, time.perf_counter() - started)

    def deliver(self, body: bytes, delivery_id: str) -> Answer:
        """Send until it is taken or refused for good, as senders of webhooks do.

        Raises:
            urllib3.exceptions.HTTPError: No answer came to the last attempt.
        """
        for attempt in range(1, _ATTEMPTS):
            try:
                answer = self.send(body, delivery_id)
            except urllib3.exceptions.HTTPError:
                answer = None
            if answer is not None and answer.status not in _BUSY:
                return Answer(answer.status, answer.body, answer.sent_at, answer.elapsed, attempt)
            time.sleep(_FIRST_PAUSE * 2**attempt)
        last = self.send(body, delivery_id)
        return Answer(last.status, last.body, last.sent_at, last.elapsed, _ATTEMPTS)


def sums(tickets: Sequence[Ticket]) -> dict[str, Decimal]:
    """What was paid by each tender, by its code."""
    totals: dict[str, Decimal] = {}
    for ticket in tickets:
        for code, amount in ticket.tenders.items():
            totals[code] = totals.get(code, Decimal(0)) + amount
    return totals
