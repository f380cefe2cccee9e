"""From XML to what a POSLog says: lenient to what it does not know, strict on what money and identity need.

Element names follow ARTS/OMG POSLog 2 to 6, and what vendors are seen to write: amounts with or without a currency,
returns as `Return` or as a `Sale` of a negative quantity, signs on amounts or only on quantities.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Final, NamedTuple, TypeVar

from pydantic import ValidationError

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.identifiers import TransactionId, is_gtin
from lockstep.connectors.poslog.document import Node
from lockstep.connectors.poslog.models import Header, Line, Modifier, RetailTransaction, Tax, Tender
from lockstep.connectors.poslog.values import (
    closing_time,
    currency_in,
    currency_of,
    day,
    number,
    number_at,
    number_of,
    sequence,
)

Part = TypeVar("Part", Line, Tender)

_CHARGES: Final = {
    "deposit": ChargeKind.DEPOSIT,
    "fee": ChargeKind.FEE,
    "tip": ChargeKind.TIP,
    "donation": ChargeKind.DONATION,
    "giftcard": ChargeKind.GIFT_CARD,
    "giftcertificate": ChargeKind.GIFT_CARD,
    "storedvalue": ChargeKind.GIFT_CARD,
}
"""`ItemType`s that are no goods, without vendor prefix, in lower case."""
_VALUE_ADDED: Final = frozenset({"vat", "gst", "mwst", "iva", "tva", "valueadded"})
_SUBTRACT: Final = frozenset({"", "subtract", "substract"})
"""The second is how one vendor's specification spells it."""
_UNITS: Final = frozenset({"", "EA", "PCE", "C62", "H87"})
"""Codes of plain pieces (UN/ECE Recommendation 20, and none)."""
_IN_COMPANY: Final = ("02", "002", "004")
"""Prefixes, in 14 digits, of numbers for use inside one company or one store."""
_LONGEST_REASON: Final = 128
_MOST_PROBLEMS: Final = 5
"""Named in full: one is enough to look at the document."""
_CENT: Final = Decimal("0.01")
_CASH: Final = "Cash"
_PRICE_FIELDS: Final = ("ExtendedAmount", "ActualSalesUnitPrice", "RegularSalesUnitPrice")


class Conventions(NamedTuple):
    """What an account says that its documents may leave out."""

    currency: str | None = None
    zone: tzinfo = UTC


def parse_header(transaction: Node, conventions: Conventions) -> Header:
    """Identity and time of a transaction.

    Raises:
        MessageMalformed: One of them is missing or malformed.
    """
    closed_at, wall_date = closing_time(transaction, conventions.zone)
    written_day = transaction.find("BusinessDayDate")
    till_number = transaction.find("SequenceNumber")
    if till_number is None or not till_number.text:
        raise transaction.missing("SequenceNumber")
    try:
        identity = TransactionId(
            store=_required(store_of(transaction), transaction, "BusinessUnit/UnitID"),
            workstation=_required(transaction.value("WorkstationID"), transaction, "WorkstationID"),
            business_day=wall_date if written_day is None else day(written_day),
            sequence=sequence(till_number),
        )
    except ValidationError as error:
        fields = ", ".join(str(problem["loc"][0]) for problem in error.errors())
        raise transaction.wrong(f"has an identity that cannot be used: {fields}") from error
    return Header(element=transaction, id=identity, closed_at=closed_at)


def store_of(node: Node) -> str | None:
    """The store that a transaction or a link names."""
    unit = node.find("BusinessUnit")
    if unit is not None and (named := unit.value("UnitID") or unit.text):
        return named
    return node.value("UnitID", "RetailStoreID")


def parse_link(link: Node, here: TransactionId) -> TransactionId | None:
    """The transaction that a link names; None when it does not say which day or number.

    A store or till that it leaves out is the one where it was written.

    Raises:
        MessageMalformed: What it says is malformed.
    """
    till_number, business_day = link.find("SequenceNumber"), link.find("BusinessDayDate")
    if till_number is None or not till_number.text or business_day is None:
        return None
    try:
        return TransactionId(
            store=store_of(link) or here.store,
            workstation=link.value("WorkstationID") or here.workstation,
            business_day=day(business_day),
            sequence=sequence(till_number),
        )
    except ValidationError as error:
        raise link.wrong("names a transaction that cannot be") from error


def parse_retail(retail: Node, header: Header, conventions: Conventions) -> RetailTransaction:
    """The content of a `RetailTransaction`.

    Raises:
        MessageMalformed: An amount, a quantity, an item or the currency is missing or malformed.
    """
    return _Reader(retail, header, conventions).read()


class _Reader:
    """Collects the parts of one transaction in document order."""

    def __init__(self, retail: Node, header: Header, conventions: Conventions) -> None:
        self._retail = retail
        self._here = header.id
        self._currency = currency_of_transaction(retail, conventions)
        self._lines: list[Line] = []
        self._places = 0
        self._voided: Counter[tuple[str, str, Decimal]] = Counter()
        self._discounts: list[Modifier] = []
        self._taxes: list[Tax] = []
        self._tenders: list[Tender] = []
        self._rounding = Decimal(0)
        self._problems: list[str] = []

    def read(self) -> RetailTransaction:
        for line_item in self._retail.all("LineItem"):
            if line_item.flag("VoidFlag") or line_item.flag("CancelFlag"):
                self._read_void(line_item)
            else:
                self._read_line_item(line_item)
        return RetailTransaction(
            currency=self._currency,
            lines=tuple(self._lines),
            discounts=tuple(self._discounts),
            taxes=tuple(self._taxes),
            tenders=tuple(self._tenders),
            rounding=self._rounding,
            tax_total=_total(self._retail, "TransactionTaxAmount"),
            problems=tuple(self._problems),
        )

    def _read_line_item(self, line_item: Node) -> None:
        place = line_item.find("SequenceNumber")
        at = sequence(place) if place is not None and place.text else None
        for part in line_item.children:
            if part.tag in {"Sale", "Return"}:
                self._read_line(part, at)
            elif part.tag == "Tender":
                self._read_tender(part, at)
            elif part.tag == "TenderChange":
                self._read_change(part, at)
            elif part.tag == "Tax":
                self._taxes.extend(_taxes((part,)))
            elif part.tag == "Discount":
                self._discounts.extend(_modifiers((part,)))
            elif part.tag == "LoyaltyReward":  # in points, unless an extension says money
                self._discounts.extend(_reward(part))
            elif part.tag == "Rounding":
                self._rounding += _rounding(part)
            elif part.find("Amount") is not None:
                self._notice(part, "is not known")

    def _read_void(self, line_item: Node) -> None:
        """A voided line counts for nothing. Some tills leave it as it was and void it by one below zero: that one takes
        it out, unless it is marked itself.
        """
        for part in line_item.all("Sale", "Tender"):
            amount = number_of(part, "ExtendedAmount" if part.tag == "Sale" else "Amount")
            name = identity_of(part) if part.tag == "Sale" else _tender_name(part)
            if not amount or name is None:
                continue
            marked = part.tag, name, abs(amount)
            if amount > 0:
                self._voided[marked] += 1
            elif self._voided[marked]:
                self._voided[marked] -= 1
            elif part.tag == "Sale":
                of_it = [(line.item, line.extended) == marked[1:] and not line.back for line in self._lines]
                _take_last(self._lines, of_it)
            else:
                _take_last(self._tenders, [(tender.name, tender.amount) == marked[1:] for tender in self._tenders])

    def _notice(self, node: Node, what: str) -> None:
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems.append(f"{node.path} {what}")

    def _read_line(self, sale: Node, at: int | None) -> None:
        extended, quantity, prices = _price(sale)
        self._rounding += number_of(sale, "Rounding") or Decimal(0)
        if not quantity:
            if extended:
                self._notice(sale, "has an amount but no quantity")
            return
        link = sale.find("TransactionLink")
        measured, unit = _measure(sale, abs(quantity), abs(extended), prices)
        back = sale.tag == "Return" or quantity < 0 or extended < 0
        self._places += 1
        self._lines.append(
            Line(
                place=self._places,
                number=at,
                charge=_CHARGES.get(_plain(sale.attributes.get("ItemType", ""))),
                back=back,
                item=item_of(sale),
                quantity=measured,
                unit=unit,
                prices=prices,
                extended=abs(extended),
                modifiers=_line_modifiers(sale),
                taxes=tuple(_taxes(sale.all("Tax"))),
                tax_included=_tax_included(sale),
                original=parse_link(link, self._here) if back and link is not None else None,
            )
        )

    def _read_tender(self, tender: Node, at: int | None) -> None:
        name = _tender_name(tender)
        if not name:
            raise tender.missing("TenderID or @TenderType")
        written = _required_amount(tender, "Amount")
        rounding = number_of(tender, "Rounding") or Decimal(0)
        if rounding and abs(rounding) == abs(number(written)):
            self._rounding += _directed(tender, rounding)
            return
        local, foreign = self._local(tender, written)
        if local is None:
            return
        change_given = tender.flag("ChangeFlag")
        refund = change_given or _plain(tender.attributes.get("TypeCode", "")) == "refund"
        sign = -1 if refund or local < 0 else 1
        change = tender.find("TenderChange")
        self._tenders.append(
            Tender(
                name=name,
                amount=sign * abs(local),
                signed=local < 0 or change_given or "TypeCode" in tender.attributes,
                number=at,
                foreign=foreign and (sign * abs(foreign[0]), foreign[1]),
                change=None if change is None else self._change(change, name),
                cashback=number_of(tender, "Cashback") or Decimal(0),
                tip=number_of(tender, "Tip") or Decimal(0),
                rounding=rounding,
            )
        )

    def _read_change(self, part: Node, at: int | None) -> None:
        """Change as an entry of its own; some tills wrap it twice."""
        change = part.find("TenderChange") or part
        given = self._change(change, _CASH)
        if given is not None and given[1]:
            self._tenders.append(Tender(name=given[0], amount=-given[1], signed=True, number=at))

    def _change(self, change: Node, name: str) -> tuple[str, Decimal] | None:
        amount = change if change.text else change.find("Amount")
        if amount is None:
            raise change.missing("Amount")
        given = change.value("TenderID") or change.attributes.get("TenderType") or name
        return given, abs(number(amount))

    def _local(self, tender: Node, written: Node) -> tuple[Decimal | None, tuple[Decimal, str] | None]:
        """The amount in the transaction's currency, and what was handed over in another."""
        amount = number(written)
        exchange = tender.find("ForeignCurrency")
        code = own = currency_of(written)
        rate = None
        if exchange is not None:
            rate = number_of(exchange, "ExchangeRate")
            named = exchange.find("CurrencyCode")
            code = (currency_in(named) if named is not None else None) or currency_of(exchange) or code
            face = number_of(exchange, "OriginalFaceAmount")
        else:
            face = number_at(written, "ForeignAmount")
        if code is None or code == self._currency:
            return amount, None
        if face is None:
            self._notice(written, f"is in {code}, and what that is in {self._currency} is not said")
            return None, None
        if own == code and amount == face and rate is not None:
            amount = face * rate  # some tills write the face twice: what it is in local money is said by the rate
        return amount, (face, code)


def _tender_name(tender: Node) -> str | None:
    return tender.value("TenderID") or tender.attributes.get("TenderType")


def _take_last(parts: list[Part], marked: list[bool]) -> None:
    """Take out the last of the parts that are marked, if there is one."""
    found = [at for at, is_marked in enumerate(marked) if is_marked]
    if found:
        del parts[found[-1]]


def currency_of_transaction(retail: Node, conventions: Conventions) -> str:
    """The transaction's currency, from wherever it is said."""
    transaction = retail.parent or retail
    for holder in (transaction, retail):
        named = holder.find("CurrencyCode")
        if named is not None and (code := currency_in(named)):
            return code
    for node in _amounts(retail):
        if code := currency_of(node):
            return code
    if conventions.currency is None:
        raise transaction.wrong("names no currency, not on any amount either, and the account has no default currency")
    return conventions.currency


def _amounts(retail: Node) -> Iterator[Node]:
    """Elements whose attributes may name the currency, the most telling first."""
    yield from retail.all("Total")
    parts = [part for line_item in retail.all("LineItem") for part in line_item.children]
    for part in parts:
        if part.tag in {"Sale", "Return"}:
            yield from part.all(*_PRICE_FIELDS)
    for part in parts:
        if part.tag in {"Tax", "Discount"} or (part.tag == "Tender" and part.find("ForeignCurrency") is None):
            yield from (amount for amount in part.all("Amount") if "ForeignAmount" not in amount.attributes)


def _price(sale: Node) -> tuple[Decimal, Decimal, tuple[Decimal, ...]]:
    """Extended amount, quantity and unit prices, each from the others where only one of them is left out."""
    prices = tuple(
        price
        for tag in ("RegularSalesUnitPrice", "ActualSalesUnitPrice")
        if (price := _unit_price(sale, tag)) is not None
    )
    extended, quantity = number_of(sale, "ExtendedAmount"), number_of(sale, "Quantity")
    if quantity is None:
        if extended is None or extended not in prices:
            raise sale.missing("Quantity")
        quantity = Decimal(1)
    if extended is None:
        if not prices:
            raise sale.missing("ExtendedAmount")
        extended = abs(prices[-1] * quantity)
    return extended, quantity, prices


def _unit_price(sale: Node, tag: str) -> Decimal | None:
    node = sale.find(tag)
    if node is None or not node.text:
        return None
    return abs(number(node)) / (number_at(node, "Quantity") or Decimal(1))


def _measure(sale: Node, quantity: Decimal, extended: Decimal, prices: tuple[Decimal, ...]) -> tuple[Decimal, str]:
    """Quantity and unit. For goods sold by measure, `Units` may hold the measure and the text a count: the price
    tells which.
    """
    node = sale.find("Quantity")
    attributes = {} if node is None else node.attributes
    unit = attributes.get("UnitOfMeasureCode", "").strip()
    units = None if node is None or unit in _UNITS else number_at(node, "Units")
    if units and any(
        _CENT >= abs(price * abs(units) - extended) < abs(price * quantity - extended) for price in prices
    ):
        quantity = abs(units)
    return quantity, unit or "EA"


def item_of(sale: Node) -> str:
    """The identifier of an item, see `identity_of`.

    Raises:
        MessageMalformed: There is none.
    """
    found = identity_of(sale)
    if found is None:
        raise sale.missing("ItemID")
    return found


def identity_of(sale: Node) -> str | None:
    """The identifier that most surely names the item: a GTIN, else the till's item number, else its merchandise group.

    Some GS1 prefixes (02, 04, 20 to 29) are kept for numbers that mean something only inside one company or store
    (GS1 General Specifications, section 1.4.2), so those are no better than the item number.
    """
    numbers = [node.text for node in sale.all("ItemID") if node.text]
    identities = [text for node in sale.all("POSIdentity") if (text := node.value("POSItemID"))]
    for text in (*numbers, *identities):
        if len(text) > len("12345678") and is_gtin(text) and not text.zfill(14).startswith(_IN_COMPANY):
            return text
    return next(iter((*numbers, *identities)), None) or sale.value("MerchandiseHierarchy")


def _line_modifiers(sale: Node) -> tuple[Modifier, ...]:
    """What was taken off a line: each modifier where they add up to the discount, the discount as one where not."""
    total = number_of(sale, "ExtendedDiscountAmount")
    modifiers = tuple(_modifiers(sale.all("RetailPriceModifier")))
    if total is None or abs(total) == abs(sum((modifier.amount for modifier in modifiers), Decimal(0))):
        return modifiers
    reasons = {modifier.reason for modifier in modifiers}
    return (Modifier(abs(total), reasons.pop() if len(reasons) == 1 else None),) if total else ()


def _modifiers(nodes: Iterable[Node]) -> Iterator[Modifier]:
    for node in nodes:
        amount = node.find("Amount")
        if amount is None or not amount.text or node.flag("VoidFlag"):
            continue
        action = _plain(amount.attributes.get("Action", ""))
        if action not in _SUBTRACT | {"add"}:
            continue  # a replaced price is already in what was asked
        value = abs(number(amount))
        if value:
            yield Modifier(-value if action == "add" else value, _reason(node))


def _reward(node: Node) -> Iterator[Modifier]:
    """Money that a loyalty programme takes off. A reward may be said for each item and once more as a sum: the sum
    alone counts no more.
    """
    amount = node.find("ExtendedRewardAmount")
    money = _plain(node.value("RewardCategory") or "") == "monetary"
    summed = node.flag("summarizedActivity") and not node.flag("detailedData")
    if money and not summed and amount is not None and amount.text and (value := number(amount)):
        yield Modifier(-value, _reason(node))


def _reason(node: Node) -> str | None:
    rule = node.find("PriceDerivationRule")
    for text in (
        node.value("PromotionID"),
        rule and rule.value("PriceDerivationRuleID"),
        node.value("ReasonCode"),
        node.attributes.get("ReasonCode"),
    ):
        if text and len(text) <= _LONGEST_REASON and text.isprintable() and max(text) <= "\uffff":
            return text
    return None


def _taxes(nodes: Iterable[Node]) -> Iterator[Tax]:
    for node in nodes:
        amount, rate = number_of(node, "Amount"), number_of(node, "Percent")
        if (amount is None and rate is None) or node.flag("VoidFlag"):
            continue
        taxable = number_of(node, "TaxableAmount")
        rate = _per_hundred(rate, amount, taxable)
        kind = _plain(node.attributes.get("TaxType", ""))
        yield Tax(
            code=_tax_code(node, rate),
            rate=rate,
            amount=amount,
            taxable=taxable,
            value_added=kind in _VALUE_ADDED,
            refund=_plain(node.attributes.get("TypeCode", "")) == "refund",
        )


def _per_hundred(rate: Decimal | None, amount: Decimal | None, taxable: Decimal | None) -> Decimal | None:
    """A rate in per cent. Some tills write it as a fraction: seen from a tax that is nearer to it."""
    if not rate or not amount or not taxable or abs(rate) >= 1:
        return rate
    tax, whole = abs(amount), abs(taxable * rate)
    return rate * 100 if abs(whole - tax) < abs(whole / 100 - tax) else rate


def _tax_code(node: Node, rate: Decimal | None) -> str:
    """The rule or group that a tax falls under. A bare type, as in `VAT`, is told apart by its rate, as in `VAT-20`."""
    named = node.value("TaxRuleID", "TaxGroupID")
    if named:
        return named
    kind = node.attributes.get("TaxType") or node.value("TaxAuthority") or "Tax"
    return kind if rate is None else f"{kind}-{format(rate.normalize(), 'f')}"


def _tax_included(sale: Node) -> bool | None:
    for name in ("TaxIncludedInPriceFlag", "TaxIncludedInPricesFlag"):
        if sale.attributes.get(name) or sale.value(name):
            return sale.flag(name)
    return None


def _rounding(node: Node) -> Decimal:
    return number(node) if node.text else number_of(node, "Amount") or Decimal(0)


def _directed(tender: Node, rounding: Decimal) -> Decimal:
    """The rounding of what is due that a till keeps as a means of payment of its own: no money changes hands."""
    part = tender.find("Rounding")
    down = part is not None and _plain(part.attributes.get("RoundingDirection", "")) == "down"
    return -abs(rounding) if down else rounding


def _total(retail: Node, kind: str) -> Decimal | None:
    return next((number(total) for total in retail.all("Total") if total.attributes.get("TotalType") == kind), None)


def _required(text: str | None, node: Node, name: str) -> str:
    if not text:
        raise node.missing(name)
    return text


def _required_amount(node: Node, tag: str) -> Node:
    amount = node.find(tag)
    if amount is None or not amount.text:
        raise node.missing(tag)
    return amount


def _plain(code: str) -> str:
    """A code without vendor prefix, in lower case."""
    return code.rpartition(":")[2].strip().lower()
