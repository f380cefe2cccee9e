"""What a person does about a case beside repairing its cause: skip what waits for it, or give it to somebody else."""

from datetime import datetime

from lockstep.messaging.ports import Clock, Doorbells, Table
from lockstep.messaging.skipping import Skipped, note_in_case, skip_case


def skip_and_ring(
    case: str,
    *,
    ledger: Table,
    doorbells: Doorbells,
    clock: Clock,
    by: str,
    reason: str,
    subject: str = "",
    behind: bool = False,
) -> Skipped:
    """Skip what waits for a case, and ring for what goes on. Safe to repeat; see `skip_case`.

    Should it be interrupted before it rings, the sweep rings within a minute.
    """
    done = skip_case(ledger, case, clock.now(), by=by, reason=reason, subject=subject, behind=behind)
    for consumer, streams in sorted(done.bells.items()):
        doorbells.ring(consumer, sorted(streams))
    return done


def reassign_case(ledger: Table, case: str, owner: str, now: datetime, *, by: str, reason: str = "") -> bool:
    """Give a case to another owner, who keeps it should it be opened again; False when there is no such case."""
    why = f": {reason}" if reason else ""
    return note_in_case(ledger, case, now, by=by, what=f"given to {owner}{why}", values={"owner": owner})
