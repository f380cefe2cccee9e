"""The ledger's items: their keys, and their shapes in and out.

D#<account>#<delivery id>  D                       delivery: raw body, first answer
I#<event id>               I                       event identity -> stream, seq. Never expires
S#<stream>                 STREAM                  head, cursors, leases, stops, controls. One item a stream
                           E#<seq>                 entry: one canonical event, seq dense from 1
                           E#<seq>#<consumer>      outcome of that consumer for that entry
                           P#<consumer>#<subject>#<seq>   parked entry
                           X#<n>                   control: what operators and resolvers ask of a consumer
T#<target>                 K#<key>                 state delivery: what the target is believed to show
                           DRAIN                   who delivers state now, and what is under way
                           BREAKER                 whether the target is being spared
C#<case>                   CASE                    exception case, by root cause
                           AWAITED                 what it waits for by itself, and when that is looked at next
                           W#<stream>#<consumer>#<subject>   who waits for it
R#<collection>#<key>       R                       a workflow's own record, as a stock position
B#<account>#<day>          <till>#E#<seq>          business day: from this entry on, a till's entries are of that day
                           <till>#N#<delivery id>  numbers of it that the till used for what is no event of a till
N#<account>#<day>          <stream>                day of acceptance of what has no business day: where it begins
L#<account>#<resource>     POLL, HISTORY#<window>  how far a list was read at a vendor (messaging/catching_up.py)
A#<day>                    <time>#<token>          what an operator did
SWEEP                      POSITION                how far the sweep has come in the open streams beyond the oldest
"""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple, Self

from lockstep.canonical.events import Event, parse_event
from lockstep.canonical.identifiers import TransactionId
from lockstep.messaging.ports import ABSENT, Item, Key

LAST: Final = "\U0010ffff"
"""Sorts after every key part."""
OPEN_SHARDS: Final = 16
INDEX_OPEN: Final = "open"
INDEX_REFERENCE: Final = "reference"
OPEN_CASES: Final = "case"
"""Value of the open index under which open cases stand."""
AWAITED_CASES: Final = "awaited"
"""Value of the open index under which stands what is awaited."""


def escape(part: str) -> str:
    """A key part that holds no separator."""
    return part.replace("%", "%25").replace("#", "%23")


def unescape(part: str) -> str:
    """The part as it was."""
    return part.replace("%23", "#").replace("%25", "%")


def stamp(moment: datetime) -> str:
    """A time as it stands in items: UTC, ISO 8601, sortable as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(text: str) -> datetime:
    """A time from an item."""
    return datetime.fromisoformat(text)


def delivery_key(account: str, delivery_id: str) -> Key:
    """Where a delivery stands."""
    return Key(f"D#{account}#{escape(delivery_id)}", "D")


def identity_key(event_id: str) -> Key:
    """Where an event's identity stands."""
    return Key(f"I#{event_id}", "I")


def stream_key(stream: str) -> Key:
    """Where a stream's one item stands."""
    return Key(f"S#{stream}", "STREAM")


def entry_key(stream: str, seq: int) -> Key:
    """Where an entry stands."""
    return Key(f"S#{stream}", f"E#{seq:012d}")


def outcome_key(stream: str, seq: int, consumer: str) -> Key:
    """Where what a consumer made of an entry stands."""
    return Key(f"S#{stream}", f"E#{seq:012d}#{consumer}")


def parked_key(stream: str, consumer: str, subject: str, seq: int) -> Key:
    """Where a parked entry stands."""
    return Key(f"S#{stream}", f"P#{consumer}#{escape(subject)}#{seq:012d}")


def control_key(stream: str, number: int) -> Key:
    """Where a control entry stands."""
    return Key(f"S#{stream}", f"X#{number:012d}")


def state_key(target: str, key: str) -> Key:
    """Where what a target is believed to show stands."""
    return Key(f"T#{target}", f"K#{key}")


def drain_key(target: str) -> Key:
    """Where the delivery of state to a target is coordinated."""
    return Key(f"T#{target}", "DRAIN")


def breaker_key(target: str) -> Key:
    """Where a target's breaker stands."""
    return Key(f"T#{target}", "BREAKER")


def case_key(case: str) -> Key:
    """Where a case stands."""
    return Key(f"C#{case}", "CASE")


SWEEP_POSITION: Final = Key("SWEEP", "POSITION")
"""Where it stands how far the sweep has come, by value of the open index."""


def awaited_key(case: str) -> Key:
    """Where it stands what a case waits for by itself."""
    return Key(f"C#{case}", "AWAITED")


def waiting_key(case: str, stream: str, consumer: str, subject: str) -> Key:
    """Where one that waits for a case stands."""
    return Key(f"C#{case}", f"W#{escape(stream)}#{consumer}#{escape(subject)}")


def record_key(collection: str, key: str) -> Key:
    """Where a workflow's record stands."""
    return Key(f"R#{collection}#{key}", "R")


def day_partition(account: str, day: date) -> str:
    """Under which everything that one account's tills did on a business day can be found."""
    return f"B#{account}#{day.isoformat()}"


def day_run_key(account: str, first: TransactionId, seq: int) -> Key:
    """Where it stands that a till's entries are of another business day than before, from this one on."""
    return Key(day_partition(account, first.business_day), f"{_till(first)}#E#{seq:012d}")


def accepted_partition(account: str, day: date) -> str:
    """Under which everything that an account sent and no business day finds can be found by the day of acceptance."""
    return f"N#{account}#{day.isoformat()}"


def accepted_key(account: str, day: date, stream: str) -> Key:
    """Where it stands from which entry on a stream's were accepted on a day, UTC."""
    return Key(accepted_partition(account, day), escape(stream))


def day_numbers_key(account: str, one: TransactionId, delivery_id: str) -> Key:
    """Where the numbers stand that a till used, as a delivery says, for what is no event of its day."""
    return Key(day_partition(account, one.business_day), f"{_till(one)}#N#{escape(delivery_id)}")


def day_numbers_between(account: str, one: TransactionId) -> tuple[str, str, str]:
    """Between which keys all such numbers of a till and a day stand: partition, first, last."""
    first = f"{_till(one)}#N#"
    return day_partition(account, one.business_day), first, first + LAST


def _till(transaction: TransactionId) -> str:
    return escape(f"{transaction.store}/{transaction.workstation}")


def open_shard(stream: str) -> str:
    """The value of the open index under which a stream with work stands; spread, so that no value is hot."""
    return f"open#{zlib.crc32(stream.encode()) % OPEN_SHARDS}"


def pack(text: str) -> bytes:
    """Text as it is kept: compressed, since what is written is paid by the kilobyte."""
    return zlib.compress(text.encode(), 6)


def unpack(content: bytes) -> str:
    """The text that was packed."""
    return zlib.decompress(content).decode()


class Cursor(NamedTuple):
    """How far a consumer is: every entry up to `seq`, and `part` changes of the next."""

    seq: int = 0
    part: int = 0

    def __str__(self) -> str:
        return f"{self.seq}.{self.part}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `seq.part`."""
        seq, part = text.split(".")
        return cls(int(seq), int(part))


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may deliver for a lane, until when, and what may have been sent without an answer."""

    token: str
    until: datetime
    attempting: str = ""
    """Cursor up to which things may have been sent without an answer; empty when nothing can be under way."""

    def to_item(self) -> Item:
        """As kept."""
        item: Item = {"token": self.token, "until": stamp(self.until)}
        if self.attempting:
            item["attempting"] = self.attempting
        return item

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        """As kept."""
        return cls(token=item["token"], until=moment(item["until"]), attempting=item.get("attempting", ""))


class Unchecked(NamedTuple):
    """Something that was just parked, and for which it is still to be seen whether it was repaired meanwhile."""

    subject: str
    """Empty for the whole lane."""
    seq: int
    causes: tuple[str, ...]
    """Cases about references, which an import may have repaired between the look-up and the parking."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """A stream's one item, read."""

    stream: str
    item: Item

    @property
    def head(self) -> int:
        """Sequence number of the newest entry; 0 for none."""
        return int(self.item.get("head", 0))

    @property
    def day(self) -> str:
        """Business day of the newest entry that has one, ISO 8601; empty for none."""
        return str(self.item.get("day", ""))

    @property
    def newest(self) -> Sequence[Any] | None:
        """The latest business day of a till's entries, ISO 8601, with its highest number; None where none has one."""
        return self.item.get("newest")

    @property
    def accepted_day(self) -> str:
        """Day of acceptance, UTC, of the newest entry that has no business day, ISO 8601; empty for none."""
        return str(self.item.get("accepted_day", ""))

    @property
    def controls(self) -> int:
        """Number of the newest control entry."""
        return int(self.item.get("controls", 0))

    def cursor(self, consumer: str) -> Cursor:
        """How far a consumer is."""
        return Cursor.parse(self.item.get(f"cursor#{consumer}", "0.0"))

    def applied(self, consumer: str) -> int:
        """Number of the newest control entry that the consumer has applied."""
        return int(self.item.get(f"applied#{consumer}", 0))

    def parked(self, consumer: str) -> int:
        """How many entries the consumer has parked here."""
        return int(self.item.get(f"parked#{consumer}", 0))

    def lease(self, consumer: str) -> Lease | None:
        """Who delivers, if anybody."""
        kept = self.item.get(f"lease#{consumer}")
        return Lease.from_item(kept) if kept else None

    def stopped(self, consumer: str) -> Mapping[str, str] | None:
        """Why the consumer does not go on here: `{bell, reason, since}`; None when it does."""
        return self.item.get(f"stopped#{consumer}")

    def unchecked(self, consumer: str) -> tuple[Unchecked, ...]:
        """What the consumer has parked here and not looked up again since."""
        kept = self.item.get(f"unchecked#{consumer}", ())
        return tuple(Unchecked(subject, int(seq), tuple(causes)) for subject, seq, causes in kept)

    def standing(self, consumer: str, feeders: Iterable[str] = ()) -> dict[str, Any]:
        """What must still be so when the consumer writes what it worked out from this state.

        Nobody else has moved its cursor, parked or released anything of its, or let one of its feeding workflows
        decide something that it had read as parked.
        """
        names = [f"{name}#{consumer}" for name in ("cursor", "parked", "unchecked")]
        names += [f"released#{feeder}" for feeder in feeders]
        return {name: self.raw(name) for name in names}

    def raw(self, attribute: str) -> Any:
        """An attribute as kept, or `ABSENT`: for expectations."""
        return self.item.get(attribute, ABSENT)


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted event."""

    stream: str
    seq: int
    event: Event
    accepted_at: datetime


def entry_item(event: Event, stream: str, accepted_at: datetime, delivery: Key) -> Item:
    """An entry as kept. `record` tells the change stream's filter what it is."""
    return {
        "record": "entry",
        "stream": stream,
        "type": event.type,
        "source": event.source,
        "event": pack(event.model_dump_json(exclude_none=True)),
        "accepted_at": stamp(accepted_at),
        "delivery": delivery.pk,
    }


def entry_from(key: Key, item: Item) -> Entry:
    """An entry as read."""
    return Entry(
        stream=key.pk.removeprefix("S#"),
        seq=int(key.sk.split("#")[1]),
        event=parse_event(unpack(item["event"])),
        accepted_at=moment(item["accepted_at"]),
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a consumer made of an entry."""

    state: str
    """decided, posted, pushed, parked, skipped, passed over."""
    at: datetime
    summary: str = ""
    reference: str = ""
    """The target's own number of what was posted."""
    causes: tuple[str, ...] = ()
    """For parked: the cases it waits for."""
    subject: str = ""
    documents: tuple[Mapping[str, Any], ...] = ()
    """For a documents workflow: what is to be posted, each with its target."""
    states: tuple[str, ...] = ()
    """For a state workflow: keys that changed."""
    accepted_at: datetime | None = None
    """When the entry was accepted, so that posters can tell how long it took."""
    correction: bytes = b""
    """What a person put in the place of the event, or of the document, packed; see `messaging/correcting.py`."""
    again: str = ""
    """Who had it looked up, or set, at the target again after it was delivered; empty when nobody had."""

    def to_item(self) -> Item:
        """As kept."""
        item: Item = {"state": self.state, "at": stamp(self.at)}
        if self.accepted_at:
            item["accepted_at"] = stamp(self.accepted_at)
        for name in ("summary", "reference", "subject", "again"):
            if getattr(self, name):
                item[name] = getattr(self, name)
        if self.causes:
            item["causes"] = list(self.causes)
        if self.states:
            item["states"] = list(self.states)
        if self.correction:
            item["correction"] = self.correction
        if self.documents:
            item["documents"] = pack(json.dumps(list(self.documents), separators=(",", ":"), sort_keys=True))
        return item

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """As kept."""
        documents = json.loads(unpack(item["documents"])) if "documents" in item else []
        accepted = item.get("accepted_at")
        return cls(
            state=item["state"],
            at=moment(item["at"]),
            summary=item.get("summary", ""),
            reference=item.get("reference", ""),
            causes=tuple(item.get("causes", ())),
            subject=item.get("subject", ""),
            documents=tuple(documents),
            states=tuple(item.get("states", ())),
            accepted_at=moment(accepted) if accepted else None,
            correction=bytes(item.get("correction", b"")),
            again=item.get("again", ""),
        )
