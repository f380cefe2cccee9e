"""The goods of an order: what of each line has left, what will never leave, and what is no goods at all."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final, NamedTuple

from lockstep.canonical.order import OrderLine
from lockstep.connectors.shopify.models.order import LineItem, Order
from lockstep.connectors.shopify.reports.values import item, words

_ZERO: Final = Decimal(0)
_HANDED_OVER: Final = "success"
_RETURNED: Final = "return"
_BLOCK: Final = 1000


class Units(NamedTuple):
    """Of one line."""

    handed_over: int | None
    """Those that have left, whether or not they came back; None where the message does not say."""
    taken_out: int
    """Those that will never leave: removed by editing, or refunded before they were handed over. They are still part of
    the total, since a refund of their own takes them out of it."""


@dataclass(frozen=True)
class Goods:
    """The lines of an order, numbered and counted once."""

    order: Order

    @property
    def base(self) -> int:
        """Numbers of lines end here: those of charges, of units taken out and of bundles begin at its multiples."""
        return _BLOCK * (1 + len(self.order.line_items) // _BLOCK)

    def apart(self, number: int) -> int:
        """The number under which the units stand that were taken out of a line."""
        return 2 * self.base + number

    def is_goods(self, line: LineItem) -> bool:
        """Whether it is goods or a service: no stored value, and no tip."""
        return not line.gift_card and line.tip is None and line.id not in self.tips

    @cached_property
    def tips(self) -> frozenset[str]:
        """Lines that are the tip: marked as such, or, in versions without the mark, custom lines of its amount."""
        lines = self.order.line_items
        marked = frozenset(line.id for line in lines if line.tip is not None)
        received = self.order.total_tip_received or _ZERO
        if marked or not received:
            return marked
        custom = [line for line in lines if not (line.variant_id or line.product_id or line.gift_card)]
        return frozenset(line.id for line in custom if (line.price or _ZERO) * line.quantity == received)

    @cached_property
    def units(self) -> dict[str, Units]:
        """Of each line of goods."""
        sent: Counter[str] = Counter()
        whole: set[str] = set()
        for fulfilment in self.order.fulfillments:
            for row in fulfilment.line_items if fulfilment.status == _HANDED_OVER else ():
                sent[row.id] += row.quantity or 0
                whole |= {row.id} if row.quantity is None else set()
        refunded: Counter[str | None] = Counter()
        returned: Counter[str | None] = Counter()
        for refund in self.order.refunds:
            for back in refund.refund_line_items:
                refunded[back.line_item_id] += back.quantity
                returned[back.line_item_id] += back.quantity if back.restock_type == _RETURNED else 0
        found = {}
        for line in self.order.line_items:
            out = line.quantity if line.id in whole else min(sent[line.id], line.quantity)
            handed_over = self._handed_over(line, out)
            inside = line.quantity - (handed_over or 0)
            removed = refunded[line.id]
            if line.current_quantity is not None:
                removed = max(line.quantity - line.current_quantity, 0)
            taken_out = min(max(removed - returned[line.id], 0), inside)
            if line.fulfillable_quantity is not None:
                taken_out = min(taken_out, inside - min(line.fulfillable_quantity, inside))
            found[line.id] = Units(handed_over, taken_out)
        return found

    def _handed_over(self, line: LineItem, out: int) -> int | None:
        if out:
            return out
        if line.fulfillment_status == "fulfilled":
            return line.quantity
        return 0 if line.fulfillable_quantity is not None or self.order.fulfillments else None

    def lines(self) -> Iterator[OrderLine]:
        """The lines: units taken out by themselves, claiming no stock; then the bundles whose components are lines."""
        for number, line in enumerate(self.order.line_items, start=1):
            if self.is_goods(line):
                yield from self._line(number, line)
        for place, bundle in enumerate(self.order.line_item_groups, start=1):
            article = item(bundle.variant_sku, bundle.variant_id)
            yield OrderLine(
                number=3 * self.base + place,
                key=f"group/{bundle.id}",
                item=article,
                description="" if article else words(bundle.title),
                quantity=Decimal(1 if bundle.quantity is None else bundle.quantity),
                is_stocked=False,
            )

    def _line(self, number: int, line: LineItem) -> Iterator[OrderLine]:
        article, (handed_over, out) = item(line.sku, line.variant_id), self.units[line.id]
        stays = line.quantity - out
        main = OrderLine(
            number=number,
            key=line.id,
            item=article,
            description="" if article else words(line.name or line.title),
            part_of=f"group/{line.sales_line_item_group_id}" if line.sales_line_item_group_id else None,
            quantity=Decimal(stays or line.quantity),
            fulfilled=None if handed_over is None else Decimal(handed_over),
            is_stocked=article is not None and bool(stays),
        )
        yield main
        if out and stays:
            of_those = {"number": self.apart(number), "key": f"{line.id}/taken_out", "quantity": Decimal(out)}
            yield main.model_copy(update={**of_those, "fulfilled": _ZERO, "is_stocked": False})
