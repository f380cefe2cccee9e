"""The retailer of a run: its stores, goods and names, and what its tills close, drawn by the dice.

Each thing that happens comes with its `Effect`: what it must come to in money and goods, added up here in whole minor
units and apart from the code that is being looked at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from lockstep.canonical.amounts import Amounts, Charge, LineAmount, Tax
from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.events import Event, InventoryAdjusted, OrderReported, TransactionClosed, TransactionUnbalanced
from lockstep.canonical.identifiers import ItemReference, TransactionId
from lockstep.canonical.inventory import InventoryAdjustment, InventoryMovement
from lockstep.canonical.model import Canonical
from lockstep.canonical.money import EXPONENTS, Money
from lockstep.canonical.order import (
    FulfilmentState,
    Order,
    OrderLine,
    OrderStatus,
    OrderTender,
    PaymentState,
    SalesChannel,
)
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
from simulation.chance import Dice

TILLS: Final = "till.main"
ERP: Final = "erp.main"
SHOP: Final = "shop.main"
DAY: Final = date(2026, 11, 27)
YESTERDAY: Final = DAY - timedelta(days=1)
TOMORROW: Final = DAY + timedelta(days=1)
"""On which a person may have something booked that cannot be on its own day."""

STORES: Final[Mapping[str, str]] = {"101": "USD", "201": "JPY", "301": "KWD"}
"""Currency by store: two decimals, none, three."""
ONLINE: Final = "101"
"""The store whose stock the shop sells."""
PRICES: Final[Mapping[str, int]] = {"SCARF": 1995, "GLOVE": 1250, "HAT": 999, "COAT": 12900, "SOCK": 333, "WRAP": 150}
"""In minor units of whatever the currency is, by SKU."""
SERVICE: Final = "WRAP"
"""Sold like an article; no stock is kept of it."""
GOODS: Final = tuple(sku for sku in PRICES if sku != SERVICE)
SAFETY_STOCK: Final = {f"SOCK@{ONLINE}": 1}
"""Of which one is never sold online."""
TENDERS: Final[Mapping[str, str]] = {"CASH": "cash", "CARD": "card", "GIFT": "gift"}
"""Our code by the till's name."""
TAXES: Final[Mapping[str, str]] = {"S": "standard", "R": "reduced"}
"""Our code by the till's."""
RATES: Final[Mapping[str, Decimal]] = {"S": Decimal(19), "R": Decimal(7)}
"""Per cent."""


def mappings() -> list[str]:
    """Every line of the file of mappings, each of which may come late; a till knows each article by two names."""
    lines = []
    for sku in PRICES:
        lines += [f"item,{sku},{TILLS},{sku}-2", f"item,{sku},{TILLS},{sku}", f"item,{sku},{ERP},E-{sku}"]
    lines += [f"item,{sku},{SHOP},web-{sku}" for sku in GOODS]
    for store in STORES:
        lines += [
            f"store,{store},{TILLS},{store}",
            f"location,{store},{TILLS},{store}",
            f"store,{store},{ERP},E-{store}",
        ]
    lines += [f"{kind},{ONLINE},{SHOP},web-{ONLINE}" for kind in ("location", "store")]
    lines += [f"tender,card,{SHOP},CARD", f"tax,standard,{SHOP},S"]
    for kind, names in (("tender", TENDERS), ("tax", TAXES)):
        for theirs, ours in names.items():
            lines += [f"{kind},{ours},{TILLS},{theirs}", f"{kind},{ours},{ERP},E-{ours}"]
    return [*lines, *(f"charge,{kind.value},{ERP},E-{kind.value}" for kind in ChargeKind)]


def always_known() -> list[str]:
    """Lines that never come late: planning, and which stores the shop does not sell from."""
    hidden = [f"location,{store},{SHOP},-" for store in STORES if store != ONLINE]
    safety = [f"safety_stock,{key},lockstep,{units}" for key, units in SAFETY_STOCK.items()]
    return [f"item,{SERVICE},lockstep,-", *safety, *hidden]


@dataclass(frozen=True, slots=True)
class Effect:
    """What an event must come to."""

    day: date = DAY
    currency: str = ""
    money: Mapping[str, int] = field(default_factory=dict)
    """Minor units by our tender code; none that is zero."""
    tax: int = 0
    goods: Mapping[str, int] = field(default_factory=dict)
    """Units that come to stock (or leave it, below zero) by `SKU@store`; none that is zero."""
    books: bool = True
    """Whether there is anything to book."""

    def undone(self, day: date) -> "Effect":
        """The effect of undoing it."""
        return Effect(
            day,
            self.currency,
            {tender: -amount for tender, amount in self.money.items()},
            -self.tax,
            {key: -units for key, units in self.goods.items()},
            self.books,
        )


class Step(StrEnum):
    """How far an order is."""

    PLACED = "placed"
    PAID = "paid"
    HANDED_OVER = "handed over"
    CANCELLED = "cancelled"


NEXT: Final[Mapping[Step, tuple[Step, ...]]] = {
    Step.PLACED: (Step.PAID, Step.PAID, Step.CANCELLED),
    Step.PAID: (Step.HANDED_OVER,),
    Step.HANDED_OVER: (),
    Step.CANCELLED: (),
}
"""What an order may become."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a snapshot of an order says of stock, whatever earlier ones said."""

    order: str
    version: int
    key: str
    """`SKU@store`."""
    gone: int
    """Units handed over."""
    reserved: int


@dataclass(slots=True)
class WebOrder:
    """What a customer of the shop bought, as it stands now."""

    id: str
    sku: str
    placed_at: datetime
    version: int = 0
    step: Step = Step.PLACED

    @property
    def document(self) -> str:
        """Key of what it becomes in the ledger of record, once it is paid."""
        return f"{SHOP}/order/{self.id}"

    def reported(self, at: datetime) -> tuple[Event, Effect, Claim]:
        """Its next snapshot."""
        self.version += 1
        price, fee = PRICES[self.sku], 490
        tax = price * 19 // 100
        total = price + fee + tax
        is_paid = self.step in {Step.PAID, Step.HANDED_OVER}
        gone = int(self.step is Step.HANDED_OVER)

        def money(minor: int) -> Money:
            return Money.of_minor(minor, STORES[ONLINE])

        line = OrderLine(
            number=1,
            key="1",
            item=ItemReference(value=f"web-{self.sku}"),
            quantity=Decimal(1),
            fulfilled=Decimal(gone),
        )
        data = Order(
            id=self.id,
            version=str(self.version),
            channel=SalesChannel.WEB,
            status=OrderStatus.CANCELLED if self.step is Step.CANCELLED else OrderStatus.OPEN,
            payment=PaymentState.PAID if is_paid else PaymentState.AUTHORIZED,
            fulfilment=FulfilmentState.FULFILLED if gone else FulfilmentState.UNFULFILLED,
            placed_at=self.placed_at,
            changed_at=at,
            location=f"web-{ONLINE}",
            lines=(line,),
            shop=Amounts(
                currency=STORES[ONLINE],
                total=money(total),
                lines=(LineAmount(line=1, amount=money(price)),),
                charges=(Charge(number=2, kind=ChargeKind.FEE, amount=money(fee)),),
                taxes=(Tax(code="S", amount=money(tax), included=False, line=1),),
            ),
            tenders=(OrderTender(tender="CARD", amount=money(total)),) if is_paid else (),
        )
        reserved = int(not gone and self.step is not Step.CANCELLED)
        paid = {"card": total} if is_paid else {}
        effect = Effect(self.placed_at.date(), STORES[ONLINE], paid, tax if is_paid else 0, books=is_paid)
        event = OrderReported.create(data, source=SHOP, received_at=at, causation_id="d")
        return event, effect, Claim(self.id, self.version, f"{self.sku}@{ONLINE}", gone, reserved)


@dataclass(frozen=True, slots=True)
class Till:
    """One workstation."""

    store: str
    workstation: str

    @property
    def currency(self) -> str:
        """Of its store."""
        return STORES[self.store]

    def identity(self, sequence: int, day: date = DAY) -> TransactionId:
        """Of its transaction of that number."""
        return TransactionId(store=self.store, workstation=self.workstation, business_day=day, sequence=sequence)


@dataclass(frozen=True, slots=True)
class Closed:
    """What a till closed."""

    event: TransactionClosed
    effect: Effect

    @property
    def sale(self) -> SaleTransaction:
        """Its content."""
        return self.event.data

    @property
    def unbalanced(self) -> TransactionUnbalanced:
        """The same, as it arrives when a part of it was lost on the way."""
        sale = self.sale
        data = UnbalancedTransaction(
            id=sale.id,
            closed_at=sale.closed_at,
            due=sale.total,
            paid=sale.total + Money.of_minor(1, sale.currency),
            problem="lines and tenders differ by a minor unit",
        )
        return TransactionUnbalanced.create(
            data, source=TILLS, received_at=self.event.received_at, causation_id=self.event.causation_id
        )


class Register:
    """Rings up at one till, as the dice will."""

    def __init__(self, till: Till, dice: Dice, at: datetime) -> None:
        """Args:
        till: Which.
        dice: Decide what is sold.
        at: When everything is closed.
        """
        self.till = till
        self._dice = dice
        self._at = at

    def sale(self, number: int, day: date = DAY) -> Closed:
        """Some articles, some with discounts, taxes, charges and several means of payment."""
        return self._close(self.till.identity(number, day), TransactionKind.SALE, out=self._dice.number(1, 3))

    def returned(self, number: int, original: Closed, day: date = DAY) -> Closed:
        """Part of an earlier sale comes back."""
        return self._close(self.till.identity(number, day), TransactionKind.RETURN, back=original)

    def exchanged(self, number: int, original: Closed, day: date = DAY) -> Closed:
        """Part of an earlier sale comes back and something else goes out."""
        return self._close(self.till.identity(number, day), TransactionKind.EXCHANGE, back=original, out=1)

    def returned_unseen(self, number: int, day: date = DAY, *, of_a_lost_sale: bool = False) -> Closed:
        """Something comes back, nobody knows from which sale; or from one of which nobody will ever hear."""
        lost = self.till.identity(_LOST, day) if of_a_lost_sale else None
        return self._close(self.till.identity(number, day), TransactionKind.RETURN, unseen=1, original=lost)

    def refunded(self, number: int, day: date = DAY) -> Closed:
        """Money goes out without goods."""
        amount = -self._dice.number(1, 900)
        charge = ChargeLine(kind=ChargeKind.FEE, amount=self._money(amount))
        return self._closed(self.till.identity(number, day), TransactionKind.REFUND, total=amount, charges=(charge,))

    def voided(self, number: int, original: Closed, *, with_lines: bool, day: date = DAY) -> Closed:
        """An earlier transaction is undone, with its lines again or by its number alone."""
        sale = original.sale
        undone = sale if with_lines else sale.model_copy(update=dict.fromkeys(_PARTS, ()))
        data = SaleTransaction(
            id=self.till.identity(number, day),
            kind=TransactionKind.VOID,
            voids=sale.id,
            currency=sale.currency,
            closed_at=self._at,
            lines=tuple(_negated(line, "amount", quantity=-line.quantity) for line in undone.lines),
            discounts=tuple(_negated(discount, "amount") for discount in undone.discounts),
            taxes=tuple(_negated(tax, "amount") for tax in undone.taxes),
            charges=tuple(_negated(charge, "amount") for charge in undone.charges),
            tenders=tuple(_negated(tender, "amount") for tender in undone.tenders),
        )
        return Closed(self._event(data), original.effect.undone(day))

    # ---- its parts ----

    def _close(
        self,
        identity: TransactionId,
        kind: TransactionKind,
        *,
        out: int = 0,
        back: Closed | None = None,
        unseen: int = 0,
        original: TransactionId | None = None,
    ) -> Closed:
        dice = self._dice
        lines: list[SaleLine] = []
        if back is not None:
            sold = [line for line in back.sale.lines if line.quantity > 0]
            for line in sold[: dice.number(1, len(sold))]:
                units = dice.number(1, int(line.quantity))
                lines.append(self._line(len(lines) + 1, line.item.value, -units, back.sale.id))
        for sign, times in ((-1, unseen), (1, out)):
            for _ in range(times):
                name = dice.one_of(tuple(PRICES)) + dice.one_of(("", "", "-2"))
                lines.append(self._line(len(lines) + 1, name, sign * dice.number(1, 3), original))
        discounts = self._discounts(lines)
        net = self._net(lines, discounts)
        taxes = self._taxes(lines, net)
        charges = self._charges() if kind is TransactionKind.SALE else ()
        total = (
            sum(net.values())
            + sum(tax.amount.minor for tax in taxes if not tax.included)
            + sum(charge.amount.minor for charge in charges)
        )
        return self._closed(identity, kind, total=total, lines=lines, discounts=discounts, taxes=taxes, charges=charges)

    def _closed(  # its parts are what they are
        self,
        identity: TransactionId,
        kind: TransactionKind,
        *,
        total: int,
        lines: Sequence[SaleLine] = (),
        discounts: Sequence[DiscountLine] = (),
        taxes: Sequence[TaxLine] = (),
        charges: Sequence[ChargeLine] = (),
    ) -> Closed:
        tenders = self._tenders(total)
        data = SaleTransaction(
            id=identity,
            kind=kind,
            currency=self.till.currency,
            closed_at=self._at,
            lines=tuple(lines),
            discounts=tuple(discounts),
            taxes=tuple(taxes),
            charges=tuple(charges),
            tenders=tuple(
                TenderLine(tender=name, amount=self._money(amount), tendered=foreign)
                for name, amount, foreign in tenders
            ),
        )
        effect = Effect(
            identity.business_day,
            self.till.currency,
            summed((TENDERS[name], amount) for name, amount, _ in tenders),
            sum(tax.amount.minor for tax in taxes),
            summed(
                (f"{sku_of(line.item.value)}@{self.till.store}", -int(line.quantity))
                for line in lines
                if sku_of(line.item.value) != SERVICE
            ),
        )
        return Closed(self._event(data), effect)

    def _line(self, number: int, name: str, units: int, original: TransactionId | None = None) -> SaleLine:
        price = PRICES[sku_of(name)]
        return SaleLine(
            number=number,
            item=ItemReference(value=name),
            quantity=Decimal(units),
            unit_price=self._money(price),
            amount=self._money(price * units),
            original=original,
        )

    def _discounts(self, lines: Sequence[SaleLine]) -> list[DiscountLine]:
        """Of lines, and of the whole where all goods go the same way."""
        found = [
            DiscountLine(amount=self._money(line.amount.minor // self._dice.number(4, 20)), line=line.number)
            for line in lines
            if self._dice.coin(0.2)
        ]
        if self._dice.coin(0.2) and len({line.is_return for line in lines}) == 1:
            found.append(DiscountLine(amount=self._money(sum(line.amount.minor for line in lines) // 9)))
        return found

    def _net(self, lines: Sequence[SaleLine], discounts: Sequence[DiscountLine]) -> dict[int, int]:
        """Minor units by line; what is taken off the whole under 0."""
        net = {line.number: line.amount.minor for line in lines}
        for discount in discounts:
            number = discount.line or 0
            net[number] = net.get(number, 0) - discount.amount.minor
        return net

    def _taxes(self, lines: Sequence[SaleLine], net: Mapping[int, int]) -> list[TaxLine]:
        """Included or on top, as the country has it; two on one line, or one on the whole."""
        included = self.till.currency == "JPY"
        if self._dice.coin(0.2) and len({line.is_return for line in lines}) == 1:
            return [TaxLine(code="R", amount=self._money(sum(net.values()) * 7 // 100), included=included)]
        found = []
        for line in lines:
            for code in self._dice.one_of((("S",), ("S",), ("R",), ("S", "R"), ())):
                amount = int(net[line.number] * RATES[code] / 100)
                found.append(
                    TaxLine(
                        code=code, rate=RATES[code], amount=self._money(amount), included=included, line=line.number
                    )
                )
        return found

    def _charges(self) -> Sequence[ChargeLine]:
        if not self._dice.coin(0.3):
            return ()
        kind = self._dice.one_of(tuple(ChargeKind))
        amount = self._dice.number(-2, 2) if kind is ChargeKind.ROUNDING else self._dice.number(1, 2000)
        return (ChargeLine(kind=kind, amount=self._money(amount)),)

    def _tenders(self, total: int) -> list[tuple[str, int, Money | None]]:
        """Name, minor units, and what was handed over in another currency: several, and change."""
        if not total:
            return []
        dice = self._dice
        names = [dice.one_of(tuple(TENDERS)) for _ in range(dice.number(1, 3))]
        parts = [total // len(names)] * len(names)
        parts[0] += total - sum(parts)
        found: list[tuple[str, int, Money | None]] = [
            (name, part, None) for name, part in zip(names, parts, strict=True) if part
        ]
        if total > 0 and dice.coin(0.25):
            found += [("CASH", 500, Money.of_minor(460, "EUR")), ("CASH", -500, None)]
        return found

    def _money(self, minor: int) -> Money:
        return Money.of_minor(minor, self.till.currency)

    def _event(self, data: SaleTransaction) -> TransactionClosed:
        return TransactionClosed.create(data, source=TILLS, received_at=self._at, causation_id="d")


_P = TypeVar("_P", bound=Canonical)
_LOST: Final = 900
"""Number of a transaction that no till ever sends."""
_PARTS: Final = ("lines", "discounts", "taxes", "charges", "tenders")


def _negated(part: _P, name: str, **others: object) -> _P:
    return part.model_copy(update={name: -getattr(part, name), **others})


def sku_of(name: str) -> str:
    """Our SKU for a till's name of an article."""
    return name.removesuffix("-2")


def summed(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Totals by name, without those that come to nothing."""
    totals: dict[str, int] = {}
    for name, amount in amounts:
        totals[name] = totals.get(name, 0) + amount
    return {name: total for name, total in totals.items() if total}


def minor(money: Mapping[str, str]) -> int:
    """Minor units of an amount as it stands in a document."""
    return int(Decimal(money["amount"]).scaleb(EXPONENTS[money["currency"]]))


def movement(source: str, number: int, store: str, goods: Mapping[str, int], at: datetime) -> tuple[Event, Effect]:
    """Stock moved at a store, or was sold by the shop: units by SKU."""
    names = {"location": f"web-{store}", "item": "web-"} if source == SHOP else {"location": store, "item": ""}
    data = InventoryAdjustment(
        document=f"m{number}",
        location=names["location"],
        reason="moved",
        adjusted_at=at,
        movements=tuple(
            InventoryMovement(item=ItemReference(value=f"{names['item']}{sku}"), delta=Decimal(by))
            for sku, by in goods.items()
        ),
    )
    event = InventoryAdjusted.create(data, source=source, received_at=at, causation_id="d")
    return event, Effect(goods={f"{sku}@{store}": by for sku, by in goods.items()}, books=False)
