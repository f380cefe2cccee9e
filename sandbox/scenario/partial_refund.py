"""(g) A web order of two is handed over, and one comes back: stock and books follow."""

from decimal import Decimal
from typing import Final

from lockstep.canonical.inventory import Position
from sandbox.retailer import DOWNTOWN, RETAILER
from sandbox.scenario.recorder import Recorder
from sandbox.scenario.world import SHOP, World

SKU: Final = "SCARF-MERINO"
_PLACE: Final = (SKU, DOWNTOWN)
_ORDERED: Final = 2
_WITHIN: Final = 30.0


def play(world: World, record: Recorder) -> None:
    """Play it."""
    shop, shown = world.stack.shop.control, world.shown()[_PLACE]
    before = world.position(*_PLACE)

    world.progress("(g) two scarves are ordered and sent")
    order = shop.place({SKU: _ORDERED}, DOWNTOWN)
    sold = f"{SHOP}/order/{order['id']}"
    world.wait("the order in the ERP", lambda: bool(world.booked_as(sold)), within=_WITHIN)
    shop.hand_over(order["id"])
    world.wait(
        "the scarves gone from stock",
        lambda: _claimed(world.position(*_PLACE)) == (before.on_hand - _ORDERED, before.reserved),
        within=_WITHIN,
    )

    world.progress("(g) one comes back")
    refund = shop.refund(order["id"], {SKU: 1})
    given_back = f"{SHOP}/refund/{refund['id']}"
    world.wait("the refund in the ERP", lambda: bool(world.booked_as(given_back)), within=_WITHIN)
    world.wait(
        "the scarf back in stock",
        lambda: world.position(*_PLACE).on_hand == before.on_hand - _ORDERED + 1,
        within=_WITHIN,
    )

    amount = sum((Decimal(paid["amount"]) for paid in refund["transactions"]), Decimal(0))
    (sale,), (back,) = world.booked_as(sold), world.booked_as(given_back)
    card = RETAILER.tender("CARD").name
    record.tell(
        f"Order {order['name']}: {_ORDERED} x {RETAILER.product(SKU).name}, {order['total_price']} "
        f"{order['currency']}. One comes back, {amount} is given back."
    )
    record.equal("the order stands in the ERP, to the cent", Decimal(order["total_price"]), sale.total)
    record.equal("the refund stands beside it, every sign turned", -amount, back.total)
    record.equal("paid back by what it was paid with", {card: -amount}, back.payments)
    record.equal("one unit came back", [(SKU, Decimal(-1))], [(line.sku, line.quantity) for line in back.lines])
    record.equal("the order is still booked once", 1, len(world.booked_as(sold)))
    record.equal("on hand is one less than before", before.on_hand - 1, world.position(*_PLACE).on_hand)
    world.wait("the shop level", lambda: world.shown()[_PLACE] == shown - 1, within=_WITHIN)
    record.equal("the shop shows one less than before", shown - 1, world.shown()[_PLACE])
    record.figures(order_total=str(sale.total), refund_total=str(back.total))


def _claimed(position: Position) -> tuple[Decimal, Decimal]:
    """On hand and promised."""
    return position.on_hand, position.reserved
