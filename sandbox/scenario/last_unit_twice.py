"""(f) A customer of the web shop and one in the store buy the last unit at the same moment."""

from decimal import Decimal
from typing import Any, Final

from sandbox.retailer import DOWNTOWN, RETAILER
from sandbox.scenario.recorder import Recorder
from sandbox.scenario.world import SHOP, World
from sandbox.till import Item

SKU: Final = "JKT-OILSKIN-L"
_PLACE: Final = (SKU, DOWNTOWN)
_WITHIN: Final = 30.0


def play(world: World, record: Recorder) -> None:
    """Play it."""
    world.progress("(f) one jacket is left in the store")
    promised = _leave(world, 1)
    before = world.last_movement()

    world.progress("(f) two customers want it")
    ticket = world.till(DOWNTOWN, "T1").sale([Item(SKU)])
    with world.at_once(2) as pool:
        online = pool.submit(world.stack.shop.control.place, {SKU: 1}, DOWNTOWN)
        counter = pool.submit(world.sell, ticket)
        order, answer = online.result(), counter.result()
    key = f"{SHOP}/order/{order['id']}"
    world.wait("both bought", lambda: _claimed(world, promised) == (0, 1), within=_WITHIN)
    world.wait("both in the ERP", lambda: bool(world.booked_as(key)) and world.posted([ticket]) == 1, within=_WITHIN)
    case = f"negative_inventory/{SKU}@{DOWNTOWN}"
    world.wait("the case", lambda: world.is_open(case), within=_WITHIN)

    record.tell(
        f"One {RETAILER.product(SKU).name} is left. Order {order['name']} takes it in the web shop in the moment in "
        f"which till {ticket.transaction.store}/{ticket.transaction.workstation} sells it."
    )
    record.equal("the till is answered with 200", 200, answer.status)
    record.equal("none is on hand, and one is promised", (0, 1), _claimed(world, promised))
    record.equal("the shop shows none", 0, world.shown()[_PLACE])
    record.equal("and never showed one again", set(), {level for level in _levels(world, before) if level > 0})
    record.equal("a case tells the people who must decide", True, world.is_open(case))
    _booked(world, key, order, record)

    world.progress("(f) another jacket turns up")
    world.stack.count(DOWNTOWN, {SKU: 1 + promised})
    world.wait("the case closed", lambda: not world.is_open(case), within=_WITHIN)
    record.equal("one turns up and is counted: the case closes by itself", True, not world.is_open(case))
    record.equal("that one is promised, so the shop still shows none", 0, world.shown()[_PLACE])


def _leave(world: World, units: int) -> int:
    """Have the store count so many that the shop shows `units`; how many earlier plays' orders were promised."""
    promised = int(world.position(*_PLACE).reserved)
    world.stack.count(DOWNTOWN, {SKU: units + promised})
    world.wait("the count of the stock room", lambda: world.shown()[_PLACE] == units, within=_WITHIN)
    return promised


def _claimed(world: World, promised: int) -> tuple[int, int]:
    """On hand and promised, beyond what was promised before."""
    position = world.position(*_PLACE)
    return int(position.on_hand) - promised, int(position.reserved) - promised


def _levels(world: World, after: int) -> set[int]:
    """What the shop showed of it in every movement since."""
    changes = (change for movement in world.moved(after) for change in movement["changes"])
    return {change["after"] for change in changes if (change["sku"], change["location"]) == _PLACE}


def _booked(world: World, key: str, order: dict[str, Any], record: Recorder) -> None:
    (sale,) = world.booked_as(key)
    total = Decimal(order["total_price"])
    record.equal("the ERP holds the order's receipt, to the cent", total, sale.total)
    record.equal("paid by what the shop took it with", {RETAILER.tender("CARD").name: total}, sale.payments)
