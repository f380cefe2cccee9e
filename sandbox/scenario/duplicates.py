"""(b) The same delivery again, and the same transaction in another delivery: one effect."""

import json

from sandbox.retailer import DOWNTOWN, LAST_UNITS_SKU
from sandbox.scenario.recorder import Recorder
from sandbox.scenario.world import World, event_id
from sandbox.till import Ticket


def play(world: World, record: Recorder, sold: Ticket) -> None:
    """Play it.

    Args:
        world: Where.
        record: Notes it.
        sold: A ticket that was delivered before, and has had its effects.
    """
    till = world.till(sold.transaction.store, sold.transaction.workstation)
    first = world.delivery_id()
    world.progress("(b) the till was not sure, and sends again")
    world.line.deliver(sold.body, first)
    before, moved = world.head(till).head, world.last_movement()

    again = world.line.deliver(sold.body, first)
    other = world.line.deliver(sold.body, world.delivery_id())
    # Nothing was appended to the till's stream, so no consumer has anything to take: there is nothing to wait for.
    record.tell(
        "A till that heard no answer repeats its delivery under the same id; a batch job sends the same transaction "
        "under another id. Both are answered 200, so that neither is sent a third time."
    )
    record.equal("both are answered with 200", [200, 200], [again.status, other.status])
    record.equal("the same delivery is known as repeated", True, json.loads(again.body)["repeated"])
    told = json.loads(other.body)
    record.equal("the same transaction is known in another delivery", [event_id(sold)], told["duplicates"])
    record.equal("and not accepted again", [], told["accepted"])
    record.equal("the till's stream did not grow", before, world.head(till).head)
    record.equal("the ERP holds one receipt", 1, len(world.booked([sold])))
    record.equal("the shop was not told again", moved, world.last_movement())
    record.equal("the shop still shows none", 0, world.shown()[LAST_UNITS_SKU, DOWNTOWN])
