"""Takes counts from a file: a channel without HTTPS, through the same accept as every other."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Final

from pydantic import TypeAdapter, ValidationError

from lockstep.canonical.events import InventoryLevelReported
from lockstep.canonical.identifiers import ItemReference, StoreId
from lockstep.canonical.inventory import InventoryCount, InventoryLevelReport
from lockstep.masterdata.mapping_file import FileInvalid, Remark, read_rows
from lockstep.messaging.accept import Acceptor
from lockstep.messaging.inbound import Delivery
from lockstep.messaging.ledger import stamp
from lockstep.messaging.ports import Clock

ACCOUNT: Final = "files.main"
"""The connector account whose names for items and locations a file uses."""
COLUMNS: Final = ("item", "location", "on_hand")
COUNTS_A_DOCUMENT: Final = 250
"""Keeps a document well below the largest item of the ledger, and a consumer's step short."""
_WITHIN: Final = timedelta(seconds=10)
_LOCATION: Final = TypeAdapter[str](StoreId)


@dataclass(frozen=True, slots=True)
class InventoryReport:
    """What became of a file of counts."""

    document: str
    """Under which it can be traced."""
    counted_at: datetime
    counts: int
    locations: tuple[str, ...]
    accepted: tuple[str, ...]
    """Ids of the events that are new."""
    duplicates: tuple[str, ...]
    """Ids of those that were accepted before: the file, or a part of it, came before."""
    warnings: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class _Count:
    line: int
    location: str
    count: InventoryCount


def import_inventory(
    content: bytes, *, acceptor: Acceptor, clock: Clock, counted_at: datetime | None = None
) -> InventoryReport:
    """Accept a CSV file with the columns `item,location,on_hand` as one count a location.

    The same file again is the same count and changes nothing, unless it is said to have been counted at another time.

    Args:
        content: Of the file. Items and locations by the names that `files.main` has in the crosswalk.
        acceptor: Where it enters.
        clock: UTC.
        counted_at: The moment the counts are true of, UTC; now when left out. Sales before it are in them.

    Raises:
        FileInvalid: Nothing was accepted; names every problem.
        ConcurrentUpdate: Others kept writing; what was accepted stands. Run it again.
    """
    now = clock.now()
    if counted_at is not None and counted_at > now:
        raise FileInvalid([Remark(0, "", "the moment of the count lies in the future")])
    counts = _read(content)
    moment = counted_at or now
    document = sha256(content + (stamp(moment).encode() if counted_at else b"")).hexdigest()[:16]
    accepted: list[str] = []
    duplicates: list[str] = []
    for name, location, part in _documents(document, counts):
        report = InventoryLevelReport(
            document=name, location=location, counted_at=moment, counts=tuple(one.count for one in part)
        )
        delivery = Delivery(ACCOUNT, f"{location}/{name}", _body(part), now)
        event = InventoryLevelReported.create(
            report, source=ACCOUNT, received_at=now, causation_id=delivery.delivery_id
        )
        receipt = acceptor.accept(delivery, [event], within=_WITHIN)
        (duplicates if receipt.repeated else accepted).extend(receipt.accepted)
        duplicates += receipt.duplicates
    return InventoryReport(
        document=document,
        counted_at=moment,
        counts=len(counts),
        locations=tuple(sorted({count.location for count in counts})),
        accepted=tuple(accepted),
        duplicates=tuple(duplicates),
        warnings=tuple(Remark(one.line, "on_hand", "is below zero") for one in counts if one.count.on_hand < 0),
    )


def _read(content: bytes) -> list[_Count]:
    problems: list[Remark] = []
    counts: dict[tuple[str, str], _Count] = {}
    for number, row in read_rows(content, COLUMNS):
        wrong = [Remark(number, column, "is empty") for column in COLUMNS if not row[column]]
        count = None if wrong else _count(number, row, wrong)
        problems += wrong
        if count is None:
            continue
        first = counts.setdefault((count.location, count.count.item.lookup), count)
        if first is not count:
            problems.append(
                Remark(number, "item", f"{row['item']} at {count.location} stands in line {first.line} too")
            )
    if not counts and not problems:
        problems.append(Remark(0, "", "there is no count in it"))
    if problems:
        raise FileInvalid(problems)
    return list(counts.values())


def _count(number: int, row: dict[str, str], wrong: list[Remark]) -> _Count | None:
    try:
        on_hand = Decimal(row["on_hand"])
    except InvalidOperation:
        wrong.append(Remark(number, "on_hand", f"{row['on_hand']!r} is not a number"))
        return None
    column = "item"
    try:
        item = ItemReference(value=row["item"])
        column = "location"
        location = _LOCATION.validate_python(row["location"])
        column = "on_hand"
        return _Count(number, location, InventoryCount(item=item, on_hand=on_hand))
    except ValidationError as error:
        wrong.append(Remark(number, column, f"{row[column]!r}: {error.errors()[0]['msg']}"))
        return None


def _documents(document: str, counts: Sequence[_Count]) -> Iterator[tuple[str, str, Sequence[_Count]]]:
    """Documents of bearable size: name, location, counts."""
    for location in sorted({count.location for count in counts}):
        own = [count for count in counts if count.location == location]
        for part, start in enumerate(range(0, len(own), COUNTS_A_DOCUMENT), 1):
            name = document if len(own) <= COUNTS_A_DOCUMENT else f"{document}-{part}"
            yield name, location, own[start : start + COUNTS_A_DOCUMENT]


def _body(counts: Sequence[_Count]) -> bytes:
    """The part of the file that a delivery is: what is kept as its raw body."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((one.count.item.value, one.location, one.count.on_hand) for one in counts)
    return text.getvalue().encode()
