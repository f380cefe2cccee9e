"""Skipping: a person decides that what waits for a case shall have no effect, and takes that upon them.

The entry that waits is marked with who and why, and a control entry asks its consumer to go on. The consumer notes the
outcome `skipped` and runs the entries behind it, in order; to its posters the entry is one without documents.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from lockstep.messaging.awaiting import SEQUENCE_GAP, counted
from lockstep.messaging.case_history import as_read, noted
from lockstep.messaging.gap_cases import forgo
from lockstep.messaging.ledger import LAST, StreamState, case_key, parked_key, stream_key, waiting_key
from lockstep.messaging.parking import MOST_BEHIND, append_control, parked_entries, resolve_case
from lockstep.messaging.ports import CHUNK, Delete, Item, Key, Patch, Table, Write
from lockstep.messaging.retry import until_accepted

_MOST_WRITES: Final = CHUNK - 2
"""Of one transaction; two more ask the consumer to go on."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was skipped.

    Attributes:
        subjects: (stream, consumer, subject) of each.
        entries: How many entries that were.
        bells: Streams to ring, by consumer.
    """

    subjects: tuple[tuple[str, str, str], ...] = ()
    entries: int = 0
    bells: Mapping[str, frozenset[str]] = field(default_factory=dict)


def skip_case(
    table: Table, case: str, now: datetime, *, by: str, reason: str, subject: str = "", behind: bool = False
) -> Skipped:
    """Skip what waits for a case; a case that nothing waits for any more is resolved. Safe to repeat.

    An entry that waits for other cases too is skipped all the same, and waits for none of them any more.

    Args:
        table: The ledger.
        case: Key of the case.
        now: UTC.
        by: Who decides.
        reason: Why.
        subject: Only this subject; every one when empty.
        behind: Also the entries that wait behind the one that failed, as its voids and returns; at most `MOST_BEHIND`
            of them, further ones run.
    """
    done: list[tuple[str, str, str]] = []
    entries = 0
    touched = {case}
    bells: dict[str, set[str]] = {}
    for key, waiting in table.query(case_key(case).pk, "W#", "W#" + LAST):
        if not waiting["subject"] or subject not in {"", waiting["subject"]}:
            continue
        causes, count = _skip_one(table, case, key, waiting, now=now, by=by, reason=reason, behind=behind)
        if not count:
            continue
        touched |= causes
        entries += count
        done.append((waiting["stream"], waiting["consumer"], waiting["subject"]))
        bells.setdefault(waiting["consumer"], set()).add(waiting["stream"])
    if done:
        names = ", ".join(dict.fromkeys(name for _, _, name in done[:3])) + (", ..." if len(done) > 3 else "")  # noqa: PLR2004
        note_in_case(table, case, now, by=by, what=f"skipped {len(done)} ({names}): {reason}")
    if case.startswith(f"{SEQUENCE_GAP}/"):
        gaps = until_accepted(lambda: forgo(table, case, now))
        note_in_case(table, case, now, by=by, what=f"gave up {', '.join(map(str, gaps))}: {reason}")
    for one in sorted(touched):
        if int(table.get([case_key(one)]).get(case_key(one), {}).get("waiting", 0)) <= 0:
            freed = resolve_case(table, one, now, by=by)  # a lane that had stopped for it goes on
            for consumer, streams in freed.bells.items():
                bells.setdefault(consumer, set()).update(streams)
    return Skipped(tuple(done), entries, {consumer: frozenset(streams) for consumer, streams in bells.items()})


def note_in_case(
    table: Table, case: str, now: datetime, *, by: str, what: str, values: Mapping[str, str] | None = None
) -> bool:
    """Add a line to a case's history, with other attributes; False when there is no such case."""
    key = case_key(case)

    def attempt() -> bool:
        item = table.get([key]).get(key)
        if item is None:
            return False
        table.write([Patch(key, set={**noted(item, now, by=by, what=what), **(values or {})}, expect=as_read(item))])
        return True

    return until_accepted(attempt)


def _skip_one(
    table: Table, case: str, key: Key, waiting: Item, *, now: datetime, by: str, reason: str, behind: bool
) -> tuple[frozenset[str], int]:
    """The cases that it does not wait for any more, and how many entries are skipped."""
    stream, consumer, subject = waiting["stream"], waiting["consumer"], waiting["subject"]
    note = f"skipped by {by}: {reason}"

    def attempt() -> tuple[frozenset[str], int]:
        row = table.get([key]).get(key)
        if row is None:
            return frozenset(), 0  # somebody else released or skipped it since
        entries = parked_entries(table, stream, consumer, subject)
        first = next((entry for entry in entries if case in entry.causes), None)
        if first is None:
            there = {"consumer": consumer, "since": row["since"]}  # not one that was parked again meanwhile
            table.write([Delete(key, expect=there), Patch(case_key(case), add=counted(consumer, -1))])
            return frozenset(), 0
        also = [entry for entry in entries if entry.seq > first.seq][:MOST_BEHIND] if behind else []
        skipped = [first]
        for entry in also:  # they may have cases of their own
            if sum(1 + 2 * len(one.causes) for one in (*skipped, entry)) > _MOST_WRITES:
                break
            skipped.append(entry)
        writes: list[Write] = []
        for entry in skipped:
            free: Item = {"causes": []} if entry.causes else {}
            key_of_it = parked_key(stream, consumer, subject, entry.seq)
            writes.append(Patch(key_of_it, set={**free, "skip": note}, expect={"causes": list(entry.causes)}))
            for cause in entry.causes:
                writes += (
                    Delete(waiting_key(cause, stream, consumer, subject), expect={"consumer": consumer}),
                    Patch(case_key(cause), add=counted(consumer, -1)),
                )
        state = StreamState(stream, table.get([stream_key(stream)])[stream_key(stream)])
        writes += append_control(state, [(consumer, "skip", subject)], now, by=by)
        table.write(writes)
        return frozenset(cause for entry in skipped for cause in entry.causes), len(skipped)

    return until_accepted(attempt)
