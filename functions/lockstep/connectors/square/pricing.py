"""What an order comes to, in minor units: its lines, charges, discounts and taxes, and the total that Square states.

What comes back has the opposite sign of what is sold, so that an exchange adds up to what is paid in the end
(`net_amounts`: sale minus return). Amounts of lines are before discounts and hold inclusive taxes:
`variation_total_price_money` with its modifiers does, whereas `gross_sales_money` leaves inclusive taxes out in some
countries (API reference, `OrderLineItem`), so it is used only where the line's own total shows which it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, NamedTuple, TypeVar

from lockstep.canonical.charges import ChargeKind
from lockstep.connectors.square.answers import (
    LineItem,
    MoneyAmounts,
    Order,
    OrderDiscount,
    OrderReturn,
    OrderTax,
    ServiceCharge,
)
from lockstep.connectors.square.models import Amount
from lockstep.connectors.square.values import currency_of, minor
from lockstep.messaging.lenient import code, missing

Part = TypeVar("Part", OrderTax, OrderDiscount)

_GIFT_CARD: Final = "GIFT_CARD"
_INCLUSIVE: Final = "INCLUSIVE"
_UNKNOWN: Final = "UNKNOWN_TAX"
_UNNAMED: Final = "unnamed"
_SHIPPING: Final = ("shipping", "delivery")


class PricedLine(NamedTuple):
    """A line with what it costs; below zero where goods come back."""

    number: int
    item: LineItem | None
    """None for an amount given back that names no goods."""
    amount: int
    unit_price: int | None
    is_back: bool
    path: str


class PricedCharge(NamedTuple):
    """What is paid beside goods."""

    number: int
    kind: ChargeKind
    amount: int
    code: str | None


class PricedDiscount(NamedTuple):
    """What is taken off."""

    amount: int
    line: int | None
    code: str | None


class PricedTax(NamedTuple):
    """One tax on one line or charge."""

    code: str
    rate: Decimal | None
    amount: int
    included: bool
    line: int | None


@dataclass(slots=True)
class Ledger:
    """All that an order is made of."""

    currency: str
    stated: int = 0
    lines: list[PricedLine] = field(default_factory=list)
    charges: list[PricedCharge] = field(default_factory=list)
    discounts: list[PricedDiscount] = field(default_factory=list)
    taxes: list[PricedTax] = field(default_factory=list)

    @property
    def due(self) -> int:
        """What the parts add up to."""
        return (
            sum(line.amount for line in self.lines)
            + sum(charge.amount for charge in self.charges)
            + sum(tax.amount for tax in self.taxes if not tax.included)
            - sum(discount.amount for discount in self.discounts)
        )


def read_prices(order: Order, path: str) -> Ledger:
    """The ledger of an order.

    Raises:
        MessageMalformed: There is no total, a line has no price, or amounts are in several currencies.
    """
    currency = currency_of(*_first_money(order, path))
    reading = _Reading(order, currency, path)
    reading.sale()
    for place, back in enumerate(order.returns or ()):
        reading.returned(back, f"{path}.returns.{place}")
    if not order.returns:
        reading.given_back(order.return_amounts, f"{path}.return_amounts")
    reading.ledger.stated = _stated(order, currency, path)
    return reading.ledger


def is_return(order: Order) -> bool:
    """Whether goods or money of earlier orders come back in it."""
    return bool(order.returns) or bool(order.return_amounts and _has_amount(order.return_amounts.total_money))


def _has_amount(money: Amount | None) -> bool:
    return money is not None and bool(money.amount)


def _first_money(order: Order, path: str) -> tuple[Amount, str]:
    """An amount that tells the order's currency. A return has no total of its own."""
    sums = (("net_amounts", order.net_amounts), ("return_amounts", order.return_amounts))
    candidates = [("total_money", order.total_money)]
    candidates += [(f"{name}.total_money", amounts.total_money) for name, amounts in sums if amounts is not None]
    candidates += [
        (f"returns.{place}.return_amounts.total_money", back.return_amounts.total_money)
        for place, back in enumerate(order.returns or ())
        if back.return_amounts is not None
    ]
    for name, money in candidates:
        if money is not None and money.amount is not None:
            return money, f"{path}.{name}"
    raise missing(f"{path}.total_money.amount")


def _stated(order: Order, currency: str, path: str) -> int:
    """What Square says that is paid in the end."""
    net = order.net_amounts.total_money if order.net_amounts else None
    if net is not None and net.amount is not None and (is_return(order) or order.total_money is None):
        return minor(net, currency, f"{path}.net_amounts.total_money")
    sold = minor(order.total_money, currency, f"{path}.total_money")
    if order.return_amounts is not None:
        return sold - minor(order.return_amounts.total_money, currency, f"{path}.return_amounts.total_money")
    returned = (back.return_amounts.total_money for back in order.returns or () if back.return_amounts)
    return sold - sum(minor(money, currency, f"{path}.returns.return_amounts.total_money") for money in returned)


class _Reading:
    """Collects the parts of one order."""

    def __init__(self, order: Order, currency: str, path: str) -> None:
        self.ledger = Ledger(currency)
        self._order = order
        self._currency = currency
        self._path = path
        counted = [len(order.line_items or ()), *(len(back.return_line_items or ()) for back in order.returns or ())]
        self._number = 0
        unnamed = max(1, len(order.returns or ())) if is_return(order) else 0
        self._charge_number = sum(counted) + unnamed + 1
        """Charges are numbered after whatever may become a line."""

    def sale(self) -> None:
        """What is sold."""
        order, path = self._order, self._path
        taxes = _by_uid(order.taxes)
        discounts = _by_uid(order.discounts)
        self._lines(order.line_items or (), 1, taxes, discounts, f"{path}.line_items")
        self._unassigned_discount(order)
        self._service_charges(order.service_charges or (), 1, taxes, f"{path}.service_charges")
        self._charge(ChargeKind.TIP, self._tip(order), None)
        if order.rounding_adjustment is not None:
            rounding = self._minor(order.rounding_adjustment.amount_money, f"{path}.rounding_adjustment.amount_money")
            self._charge(ChargeKind.ROUNDING, rounding, None)

    def returned(self, back: OrderReturn, path: str) -> None:
        """What comes back of one earlier order."""
        taxes = _by_uid(back.return_taxes)
        discounts = _by_uid(back.return_discounts)
        lines, charges = back.return_line_items or (), back.return_service_charges or ()
        self._lines(lines, -1, taxes, discounts, f"{path}.return_line_items")
        self._service_charges(charges, -1, taxes, f"{path}.return_service_charges")
        tips = sum(self._minor(tip.applied_money, f"{path}.return_tips") for tip in back.return_tips or ())
        self._charge(ChargeKind.TIP, -tips, None)
        if back.rounding_adjustment is not None:
            rounding = self._minor(back.rounding_adjustment.amount_money, f"{path}.rounding_adjustment.amount_money")
            self._charge(ChargeKind.ROUNDING, -rounding, None)
        if not (lines or charges or tips):
            self.given_back(back.return_amounts, f"{path}.return_amounts")

    def given_back(self, amounts: MoneyAmounts | None, path: str) -> None:
        """Money given back that names no goods: a line of its own."""
        amount = self._minor(amounts.total_money, f"{path}.total_money") if amounts else 0
        if amount:
            self._number += 1
            self.ledger.lines.append(PricedLine(self._number, None, -amount, None, is_back=True, path=path))

    def _minor(self, money: Amount | None, path: str) -> int:
        return minor(money, self._currency, path)

    def _charge(self, kind: ChargeKind, amount: int, name: str | None) -> int:
        number = self._charge_number
        if amount:
            self._charge_number += 1
            self.ledger.charges.append(PricedCharge(number, kind, amount, name))
        return number

    def _lines(
        self,
        items: Sequence[LineItem],
        sign: int,
        taxes: Mapping[str, OrderTax],
        discounts: Mapping[str, OrderDiscount],
        path: str,
    ) -> None:
        for place, item in enumerate(items):
            self._number += 1
            where = f"{path}.{place}"
            off = list(self._discounts(item, discounts, where))
            on = list(self._taxes(item, taxes, where, sum(part.amount for part in off)))
            amount = self._line_amount(item, on, sum(part.amount for part in off), where)
            self._add_line(item, amount, sign, where)
            self.ledger.discounts += [part._replace(amount=sign * part.amount) for part in off if part.amount]
            self.ledger.taxes += [tax._replace(amount=sign * tax.amount) for tax in on]

    def _add_line(self, item: LineItem, amount: int, sign: int, path: str) -> None:
        if item.item_type == _GIFT_CARD:
            charge = PricedCharge(self._number, ChargeKind.GIFT_CARD, sign * amount, code(item.catalog_object_id))
            self.ledger.charges.append(charge)
            return
        price = self._unit_price(item, path)
        self.ledger.lines.append(PricedLine(self._number, item, sign * amount, price, is_back=sign < 0, path=path))

    def _unit_price(self, item: LineItem, path: str) -> int | None:
        """The price of one with its modifiers, where all of it is said."""
        if item.base_price_money is None or item.base_price_money.amount is None:
            return None
        price = self._minor(item.base_price_money, f"{path}.base_price_money")
        for place, modifier in enumerate(item.modifiers or ()):
            each = self._minor(modifier.base_price_money, f"{path}.modifiers.{place}.base_price_money")
            times = Decimal(1) if modifier.quantity is None else modifier.quantity
            if each * times % 1:
                return None
            price += int(each * times)
        return price

    def _line_amount(self, item: LineItem, taxes: Iterable[PricedTax], off: int, path: str) -> int:
        """Quantity x price with modifiers, before discounts, inclusive taxes in it."""
        taxes = list(taxes)
        included = sum(tax.amount for tax in taxes if tax.included)
        readings = list(self._readings(item, included, path))
        if item.total_money is None or item.total_money.amount is None:
            if not readings:
                raise missing(f"{path}.base_price_money.amount")
            return readings[0]
        added = sum(tax.amount for tax in taxes if not tax.included)
        added += self._minor(item.total_service_charge_money, f"{path}.total_service_charge_money")
        shown = self._minor(item.total_money, f"{path}.total_money") + off - added
        return shown if shown in readings or not readings else readings[0]

    def _readings(self, item: LineItem, included: int, path: str) -> Iterator[int]:
        """What the line may cost, by what is said of it, the most telling first."""
        listed = item.variation_total_price_money
        if listed is not None and listed.amount is not None:
            yield self._minor(listed, f"{path}.variation_total_price_money") + self._modifiers(item, path)
        gross = item.gross_money
        if gross is not None and gross.amount is not None:
            said = self._minor(gross, f"{path}.gross_money")
            yield said
            yield said + included
        base = item.base_price_money
        if base is not None and base.amount is not None and item.quantity is not None:
            each = self._minor(base, f"{path}.base_price_money")
            yield _times(each, item.quantity) + self._modifiers(item, path)

    def _modifiers(self, item: LineItem, path: str) -> int:
        total = 0
        for place, modifier in enumerate(item.modifiers or ()):
            where = f"{path}.modifiers.{place}"
            if modifier.total_price_money is not None and modifier.total_price_money.amount is not None:
                total += self._minor(modifier.total_price_money, f"{where}.total_price_money")
            else:
                each = self._minor(modifier.base_price_money, f"{where}.base_price_money")
                times = Decimal(1) if modifier.quantity is None else modifier.quantity
                total += _times(each, times * (Decimal(1) if item.quantity is None else item.quantity))
        return total

    def _discounts(self, item: LineItem, discounts: Mapping[str, OrderDiscount], path: str) -> Iterator[PricedDiscount]:
        """Each discount's share of the line, and what the line's total holds beyond them."""
        shares = 0
        for place, applied in enumerate(item.applied_discounts or ()):
            amount = self._minor(applied.applied_money, f"{path}.applied_discounts.{place}.applied_money")
            shares += amount
            yield PricedDiscount(amount, self._number, _name_of(discounts.get(applied.discount_uid or "")))
        if item.total_discount_money is not None and item.total_discount_money.amount is not None:
            rest = self._minor(item.total_discount_money, f"{path}.total_discount_money") - shares
            yield PricedDiscount(rest, self._number, None)

    def _taxes(self, item: LineItem, taxes: Mapping[str, OrderTax], path: str, off: int) -> Iterator[PricedTax]:
        """Each tax's share of the line; a tax of unknown type is added where the line's total holds it beside the
        price.
        """
        shares = 0
        for place, applied in enumerate(item.applied_taxes or ()):
            amount = self._minor(applied.applied_money, f"{path}.applied_taxes.{place}.applied_money")
            shares += amount
            tax = taxes.get(applied.tax_uid or "")
            included = self._is_included(tax, item, amount, off, path)
            yield PricedTax(_name_of(tax) or _UNNAMED, tax.percentage if tax else None, amount, included, self._number)
        if item.total_tax_money is not None and item.total_tax_money.amount is not None:
            rest = self._minor(item.total_tax_money, f"{path}.total_tax_money") - shares
            if rest:
                only = next(iter(taxes.values())) if len(taxes) == 1 else None
                included = self._is_included(only, item, rest, off, path)
                name, rate = _name_of(only) or _UNNAMED, only.percentage if only else None
                yield PricedTax(name, rate, rest, included, self._number)

    def _is_included(self, tax: OrderTax | None, item: LineItem, amount: int, off: int, path: str) -> bool:
        kind = tax.type if tax is not None else _UNKNOWN
        if kind != _UNKNOWN:
            return kind == _INCLUSIVE
        if item.total_money is None or item.total_money.amount is None:
            return False
        before = self._minor(item.total_money, f"{path}.total_money") + off
        readings = list(self._readings(item, 0, path))
        return before in readings and before - amount not in readings

    def _service_charges(
        self, charges: Sequence[ServiceCharge], sign: int, taxes: Mapping[str, OrderTax], path: str
    ) -> None:
        for place, charge in enumerate(charges):
            where = f"{path}.{place}"
            applied = charge.applied_money or charge.amount_money or charge.total_money
            amount = sign * self._minor(applied, f"{where}.applied_money")
            number = self._charge(_kind_of(charge), amount, _label(charge))
            for at, part in enumerate(charge.applied_taxes or ()):
                share = sign * self._minor(part.applied_money, f"{where}.applied_taxes.{at}.applied_money")
                tax = taxes.get(part.tax_uid or "")
                included = tax is not None and tax.type == _INCLUSIVE
                name, rate = _name_of(tax) or _UNNAMED, tax.percentage if tax else None
                if amount and share:
                    self.ledger.taxes.append(PricedTax(name, rate, share, included, number))

    def _unassigned_discount(self, order: Order) -> None:
        """What the order's discounts come to beyond those of its lines: older orders name them once for all."""
        if order.total_discount_money is None or order.total_discount_money.amount is None:
            return
        total = self._minor(order.total_discount_money, f"{self._path}.total_discount_money")
        rest = total - sum(discount.amount for discount in self.ledger.discounts)
        if rest:
            named = [discount for discount in order.discounts or () if discount.name or discount.catalog_object_id]
            name = _name_of(named[0]) if len(named) == 1 else None
            self.ledger.discounts.append(PricedDiscount(rest, None, name))

    def _tip(self, order: Order) -> int:
        """The tip; older orders say it of their tenders alone."""
        if order.total_tip_money is not None and order.total_tip_money.amount is not None:
            return self._minor(order.total_tip_money, f"{self._path}.total_tip_money")
        tenders = enumerate(order.tenders or ())
        return sum(self._minor(tender.tip_money, f"{self._path}.tenders.{at}.tip_money") for at, tender in tenders)


def _by_uid(parts: Sequence[Part] | None) -> dict[str, Part]:
    return {part.uid: part for part in parts or () if part.uid}


def _name_of(part: OrderTax | OrderDiscount | None) -> str | None:
    """The catalogue's id of it, which stays when somebody renames it; its name where it was made for this order."""
    return None if part is None else code(part.catalog_object_id) or code(part.name)


def _label(charge: ServiceCharge) -> str | None:
    return code(charge.catalog_object_id) or code(charge.name)


def _kind_of(charge: ServiceCharge) -> ChargeKind:
    """Square knows gratuities and all others; what is charged for shipping is told by its name alone."""
    if charge.type == "AUTO_GRATUITY":
        return ChargeKind.TIP
    name = (charge.name or "").lower()
    return ChargeKind.SHIPPING if any(word in name for word in _SHIPPING) else ChargeKind.FEE


def _times(each: int, quantity: Decimal) -> int:
    """As Square rounds a measured quantity's price: to the even unit in the middle."""
    return int((each * quantity).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
