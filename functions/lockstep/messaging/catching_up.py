"""Reading lists at a vendor: to catch up with what its messages did not bring, and to take in history.

A list is read page by page in windows of time. Each page is a delivery of its own, so that what it says is kept as it
was said; what webhooks have brought before is a duplicate by identity. How far a window was read stands in the ledger:

L#<account>#<resource>     POLL                    how far the list was read, and the window that is being read
                           HISTORY#<from>#<to>     how far a window of history was read
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from lockstep.messaging.accept import Acceptor, events_of, fits_one_transaction
from lockstep.messaging.errors import CaseKey, MessageMalformed
from lockstep.messaging.inbound import FETCHED, Delivery, Reader, Translation
from lockstep.messaging.intake import OWNER, UNREADABLE
from lockstep.messaging.ledger import moment, stamp
from lockstep.messaging.parking import CaseNote, open_case
from lockstep.messaging.ports import Clock, Item, Key, Put, Table
from lockstep.messaging.specs import Poll

_WITHIN: Final = timedelta(seconds=20)
"""How long one page goes on against concurrent writers."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a window was read."""

    since: datetime
    until: datetime
    after: str = ""
    """Where the next page begins, in the vendor's words."""
    pages: int = 0
    accepted: int = 0
    """Events that nothing had brought before."""
    known: int = 0
    """Events that had come already, and pages that said nothing new."""
    unreadable: int = 0
    """Pages that were not understood; each is a case."""
    done: bool = False

    def to_item(self) -> Item:
        """As kept."""
        return {
            "since": stamp(self.since),
            "until": stamp(self.until),
            "after": self.after,
            **{name: getattr(self, name) for name in ("pages", "accepted", "known", "unreadable", "done")},
        }

    @classmethod
    def of(cls, item: Item) -> "Progress":
        """As kept."""
        counts: dict[str, Any] = {name: int(item[name]) for name in ("pages", "accepted", "known", "unreadable")}
        since, until = moment(item["since"]), moment(item["until"])
        return cls(since, until, str(item["after"]), done=bool(item["done"]), **counts)


def poll_key(account: str, resource: str) -> Key:
    """Where it stands how far a list was read."""
    return Key(f"L#{account}#{resource}", "POLL")


def history_key(account: str, resource: str, since: datetime, until: datetime) -> Key:
    """Where it stands how far a window of history was read."""
    return Key(f"L#{account}#{resource}", f"HISTORY#{stamp(since)}#{stamp(until)}")


class Lists:
    """Reads the lists of one account into the ledger."""

    def __init__(
        self,
        account: str,
        reader: Reader,
        translate: Callable[[Delivery], Translation],
        *,
        acceptor: Acceptor,
        table: Table,
        clock: Clock,
        reads_per_second: float,
    ) -> None:
        """Args:
        account: As in `shop.main`.
        reader: Of the account.
        translate: The connector's translation.
        reads_per_second: Most pages, sustained.
        """
        self._account = account
        self._reader = reader
        self._translate = translate
        self._acceptor = acceptor
        self._table = table
        self._clock = clock
        self._between_reads = timedelta(seconds=1 / reads_per_second)

    def catch_up(self, poll: Poll, *, until: datetime) -> Progress:
        """Read what changed since the last time, with overlap; go on where an earlier run had to leave off.

        Args:
            poll: What is read again.
            until: When to leave off, UTC.

        Raises:
            TransientEndpointError, ConfigurationError: The vendor could not be read; what was read before stands.
        """
        key = poll_key(self._account, poll.resource)
        item = self._table.get([key]).get(key)
        now = self._clock.now()
        if item is None:
            window = Progress(now - poll.every - poll.overlap, now)
        else:
            window = Progress.of(item)
            if window.done:
                window = Progress(window.until - poll.overlap, now)
        for progress in self._pages(poll.resource, window, key):
            window = progress
            if self._clock.now() >= until:
                break
        return window

    def history(self, resource: str, since: datetime, until: datetime, *, anew: bool = False) -> Iterator[Progress]:
        """Read a window of history, telling after each page how far it is; go on where an earlier call was broken off.

        Args:
            resource: Which list.
            since: UTC, in the window.
            until: UTC, not in the window.
            anew: From its beginning, also where it was read before.

        Raises:
            TransientEndpointError, ConfigurationError: As for `catch_up`.
        """
        key = history_key(self._account, resource, since, until)
        item = None if anew else self._table.get([key]).get(key)
        window = Progress.of(item) if item is not None else Progress(since, until)
        if window.done:
            yield window
            return
        yield from self._pages(resource, window, key)

    def _pages(self, resource: str, window: Progress, key: Key) -> Iterator[Progress]:
        while not window.done:
            began = self._clock.now()
            page = self._reader.page(resource, window.since, window.until, window.after)
            window = replace(self._taken(resource, window, page.body), after=page.after, done=not page.after)
            self._table.write([Put(key, window.to_item())])
            yield window
            rest = self._between_reads - (self._clock.now() - began)
            if rest > timedelta(0) and not window.done:
                self._clock.sleep(rest)

    def _taken(self, resource: str, window: Progress, body: bytes) -> Progress:
        """Accept what a page says; a page that says the same as before is the same delivery."""
        window = replace(window, pages=window.pages + 1)
        delivery_id = f"list/{resource}/{sha256(body).hexdigest()[:32]}"
        delivery = Delivery(self._account, delivery_id, body, self._clock.now(), f"{FETCHED}{resource}")
        try:
            said = self._translate(delivery)
        except MessageMalformed as error:
            self._report(resource, window, str(error))
            return replace(window, unreadable=window.unreadable + 1)
        events = events_of(delivery, said)
        if not events:
            return window
        if fits_one_transaction(events, said.passed_over):
            receipt = self._acceptor.accept(delivery, events, within=_WITHIN, passed_over=said.passed_over)
        else:
            # There is time to expand it here and now, and to tell what was new; only then is it on record as taken.
            receipt = self._acceptor.expand(delivery, events, within=_WITHIN, passed_over=said.passed_over)
            self._acceptor.accept(delivery, (), within=_WITHIN)
        if receipt.repeated:
            return replace(window, known=window.known + len(receipt.accepted) + len(receipt.duplicates))
        return replace(
            window, accepted=window.accepted + len(receipt.accepted), known=window.known + len(receipt.duplicates)
        )

    def _report(self, resource: str, window: Progress, problem: str) -> None:
        """Open a case for a page that is not understood: it holds nothing up, and its window can be read again."""
        cause = CaseKey(UNREADABLE, f"{self._account}/{resource}/list")
        where = f"page {window.pages} of {stamp(window.since)} to {stamp(window.until)}"
        note = CaseNote(cause, f"{problem} ({where})", OWNER, self._account)
        self._table.write([open_case(note, self._clock.now(), waiting=0)])
