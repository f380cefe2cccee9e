"""Plays the scenario from its first step to its last."""

import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.retailer import DOWNTOWN, LAST_UNITS_SKU, RETAILER
from sandbox.scenario import (
    duplicates,
    last_unit_twice,
    last_units,
    new_arrival,
    outage,
    partial_refund,
    refusals,
    reread,
)
from sandbox.scenario.account import Account, Step
from sandbox.scenario.recorder import Recorder
from sandbox.scenario.world import NotInTime, World
from sandbox.till import Ticket

_LAST_UNITS = f"The last two {LAST_UNITS_SKU} are sold at {RETAILER.store(DOWNTOWN).name}"
_DUPLICATES = "The same delivery again, and the same transaction in another delivery"
_REFUSALS = "Forged, broken and oversized messages are refused"
_OUTAGE = f"The ERP is down for {outage.SALES} sales and a return at three tills, and comes back"
_NEW_ARRIVAL = "Three sales with a SKU that nobody has mapped"
_LAST_UNIT_TWICE = "A web order and a store sale compete for the last unit"
_PARTIAL_REFUND = "A web order is handed over, and half of it comes back"
_REREAD = "A sale at a Square till, of which Square says only that there is one"


def play(world: World, *, up_after: float = 0.0, on_step: Callable[[Step], None] = lambda _step: None) -> Account:
    """Play every step, each checked. One that breaks off is a failed check, and the next is played all the same.

    Args:
        world: Where.
        up_after: Seconds it took to bring the stack up, for the account.
        on_step: Told each step as soon as it is over.
    """
    started_at, started = datetime.now(UTC), time.monotonic()
    sold: list[Ticket] = []
    steps: list[Step] = []
    for key, title, run in (
        ("a", _LAST_UNITS, lambda record: sold.append(last_units.play(world, record))),
        ("b", _DUPLICATES, lambda record: duplicates.play(world, record, _only(sold))),
        ("c", _REFUSALS, lambda record: refusals.play(world, record)),
        ("d", _OUTAGE, lambda record: outage.play(world, record)),
        ("e", _NEW_ARRIVAL, lambda record: new_arrival.play(world, record)),
        ("f", _LAST_UNIT_TWICE, lambda record: last_unit_twice.play(world, record)),
        ("g", _PARTIAL_REFUND, lambda record: partial_refund.play(world, record)),
        ("h", _REREAD, lambda record: reread.play(world, record)),
    ):
        steps.append(_played(world, key, title, run))
        on_step(steps[-1])
    return Account(
        started_at=started_at,
        chaos=world.options.chaos,
        up_after=round(up_after, 3),
        elapsed=round(time.monotonic() - started, 3),
        ok=all(step.ok for step in steps),
        steps=tuple(steps),
    )


def _only(sold: list[Ticket]) -> Ticket:
    if not sold:
        raise NotInTime("the sale of step (a), which is to be sent again, did not have its effects")
    return sold[0]


def _played(world: World, key: str, title: str, run: Callable[[Recorder], None]) -> Step:
    record = Recorder(key, title, look=f"{world.stack.aws.log} and {world.stack.erp.log}")
    try:
        run(record)
    except NotInTime as late:
        record.that("the step is played to its end", ok=False, expected="no failure", seen=late)
    except Exception as error:  # noqa: BLE001  # told as a failed check, with where it broke off
        at = traceback.extract_tb(error.__traceback__)[-1]
        seen = f"{type(error).__name__}: {error} ({at.filename}, line {at.lineno})"
        record.that("the step is played to its end", ok=False, expected="no failure", seen=seen)
    return record.step()
