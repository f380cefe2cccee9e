"""The Lambda that runs the sweep, every minute."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from lockstep.messaging.sweep import Sweep
from lockstep.messaging.topology import Owners, intakes_of
from lockstep.runtime.aws import DynamoTable, SqsDoorbells
from lockstep.runtime.clients import client
from lockstep.runtime.observability import EmbeddedMetrics, logger
from lockstep.runtime.settings import SweepSettings
from lockstep.runtime.system import SystemClock, SystemRandom

SERVICE: Final = "sweep"


@cache
def _made() -> tuple[Sweep, EmbeddedMetrics]:
    settings = SweepSettings.load()
    metrics = EmbeddedMetrics(settings.environment)
    random = SystemRandom()
    sweep = Sweep(
        (*settings.consumers, *intakes_of(settings.queues)),
        table=DynamoTable(client("dynamodb"), settings.ledger_table),
        doorbells=SqsDoorbells(client("sqs"), settings.queues, random.token),
        clock=SystemClock(),
        random=random,
        metrics=metrics,
        rings_at_once=settings.rings_at_once,
        owners=Owners(settings.case_owners),
    )
    return sweep, metrics


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """One sweep; what it found, in numbers."""
    del event, context
    sweep, metrics = _made()
    swept = sweep.run()
    metrics.flush()
    found = {
        "lanes": len(swept.lanes),
        "stopped": sum(1 for lane in swept.lanes if lane.stopped),
        "rung": swept.rung,
        "probed": swept.probed,
        "closed": swept.closed,
        "awaited": swept.looked.looked_at,
        "cases_opened": swept.looked.opened,
        "cases_ended": swept.looked.settled,
    }
    if swept.lanes or swept.looked.looked_at:
        logger(SERVICE).info("swept", extra=found)
    return found
