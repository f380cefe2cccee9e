"""(h) A Square till sells. Square's message names the order and nothing more: it is accepted, then read at Square."""

import time
from decimal import Decimal
from typing import Final

from sandbox.retailer import HARBOUR, RETAILER
from sandbox.scenario.recorder import Recorder
from sandbox.scenario.world import SQUARE, World

SKU: Final = "MUG-ENAMEL"
_PLACE: Final = (SKU, HARBOUR)
_UNITS: Final = 2
_WITHIN: Final = 30.0


def play(world: World, record: Recorder) -> None:
    """Play it."""
    shown = world.shown()[_PLACE]
    world.progress("(h) a Square till sells two mugs")
    started = time.monotonic()
    order = world.stack.square.sell({SKU: _UNITS}, HARBOUR)
    key = f"{SQUARE}/order/{order['id']}"
    world.wait("the sale in the ERP", lambda: bool(world.booked_as(key)), within=_WITHIN)
    took = time.monotonic() - started
    world.wait("the mugs gone from the shop", lambda: world.shown()[_PLACE] == shown - _UNITS, within=_WITHIN)

    total = Decimal(order["total_money"]["amount"]).scaleb(-2)
    (sale,) = world.booked_as(key)
    taxes = {tax["name"]: Decimal(tax["applied_money"]["amount"]).scaleb(-2) for tax in order["taxes"]}
    record.tell(
        f"Order {order['id']} at {RETAILER.store(HARBOUR).name}: {_UNITS} x {RETAILER.product(SKU).name}, {total} "
        f"{RETAILER.currency} by card. The webhook names it; what is in it is read at Square."
    )
    record.equal("the order is read at Square once", 1, world.stack.square.reads.count(order["id"]))
    record.equal("the ERP holds its receipt, to the cent", total, sale.total)
    record.equal("it stands at the store", RETAILER.store(HARBOUR).name, sale.store)
    record.equal("its tender is the till's", {RETAILER.tender("CARD").name: total}, sale.payments)
    record.equal("each of its taxes is the till's", taxes, sale.taxes)
    record.equal("the web shop shows two less", shown - _UNITS, world.shown()[_PLACE])
    record.figures(erp_posted_after_s=took)
