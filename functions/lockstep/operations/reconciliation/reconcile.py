"""The proof that no sale of a business day is lost.

By the tills' own numbers nothing is missing; by the ledger each transaction is posted, held under a case, waiting or
ignored by decision, and its money with it; by the target's own records what was posted stands there, once and to the
minor unit. What a till closed last and never sent shows on its next day, where its numbering goes on.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from lockstep.canonical.money import Money
from lockstep.canonical.streams import StreamId, StreamKind
from lockstep.messaging.errors import ConfigurationError
from lockstep.messaging.ledger import StreamState, stream_key
from lockstep.messaging.outbound import DocumentAudit
from lockstep.messaging.ports import Table
from lockstep.messaging.references import Resolver
from lockstep.messaging.specs import WorkflowSpec
from lockstep.messaging.topology import Consumer
from lockstep.operations.cases import looked_after
from lockstep.operations.reconciliation.audit import Audited, Auditor, silent
from lockstep.operations.reconciliation.days import Days, TillDay, tills_of
from lockstep.operations.reconciliation.gaps import gaps
from lockstep.operations.reconciliation.report import (
    Finding,
    FindingKind,
    Reconciliation,
    StoreDay,
    Sum,
    TenderLine,
    Unsettled,
    Workstation,
)
from lockstep.operations.reconciliation.sales import Fate, OtherBooking, Paid, Sale, Sales

LOOKED_BACK: Final = 7
"""Days before the one reconciled that are looked through for where a till's numbering ended."""
DELIVERIES: Final = "deliveries"
"""Lane of an account's deliveries that were stored whole."""


@dataclass(slots=True)
class _Store:
    """What is gathered of one store."""

    sales: list[Sale] = field(default_factory=list)
    workstations: list[Workstation] = field(default_factory=list)


class Reconciler:
    """Reconciles business days."""

    def __init__(
        self,
        table: Table,
        resolver: Resolver,
        *,
        consumers: Sequence[Consumer],
        specs: Iterable[WorkflowSpec],
        accounts: Iterable[str],
        audits: Callable[[str], DocumentAudit | None],
    ) -> None:
        """Args:
        table: The ledger.
        resolver: The crosswalk.
        consumers: Everyone who reads streams here.
        specs: The workflows that run here.
        accounts: Where events come from.
        audits: Reads a target account back; None for one whose connector cannot. Raises ConfigurationError.
        """
        self._table = table
        self._days = Days(table)
        self._resolver = resolver
        self._consumers = tuple(consumers)
        self._sales = Sales(table, resolver, consumers, specs)
        self._accounts = tuple(dict.fromkeys(accounts))
        self._audits = audits

    @property
    def targets(self) -> tuple[str, ...]:
        """Accounts whose records are compared."""
        return self._sales.targets

    def reconcile(
        self,
        day: date,
        now: datetime,
        *,
        store: str = "",
        stores: Iterable[str] = (),
        progress: Callable[[str, int, int], None] = lambda _step, _done, _of: None,
    ) -> Reconciliation:
        """Whether every transaction of a business day is accounted for.

        Args:
            day: The business day.
            now: UTC.
            store: Only this one, by the retailer's code.
            stores: Codes of the stores there are, so that one of which nothing was seen is asked for, too.
            progress: Told (step, done, of).
        """
        known = [store] if store else sorted(set(stores))
        found: dict[str, _Store] = {}
        tills = [
            (name, till)
            for account in self._accounts
            for name, till in tills_of(self._days, self._resolver, account, day, store)
        ]
        for done, (name, till) in enumerate(tills):
            progress("reading tills", done, len(tills))
            self._add(found.setdefault(name, _Store()), till, day)
        findings = [finding for name, one in found.items() for finding in _gap_findings(name, one)]
        findings += self._not_expanded()
        findings += self._held_by_nothing(found)
        days = tuple(_store_day(name, found[name]) for name in sorted(found))
        findings += [finding for name in sorted(found) for finding in _money_findings(name, found[name].sales)]
        others = self._sales.others(self._accounts, day, now)
        audited, notes = self._audited(sorted({*found, *known}), day, found, others, progress)
        return Reconciliation(
            day=day,
            store=store,
            at=now,
            stores=days,
            targets=tuple(one.day for one in audited),
            silent=tuple(name for name in known if name not in {*found, *_stores_of(others)}),
            findings=(*findings, *(finding for one in audited for finding in one.findings)),
            notes=(
                *_correction_notes(found),
                *_other_notes(others, store),
                *notes,
                *(note for one in audited for note in one.notes),
            ),
        )

    # ---- by the ledger ----

    def _add(self, store: _Store, till: TillDay, day: date) -> None:
        sales = self._sales.of(till, day)
        numbers = [sale.id.sequence for sale in sales]
        before, passed_over = self._before(till, day) if numbers else (None, frozenset[int]())
        store.sales += sales
        store.workstations.append(
            Workstation(
                account=till.account,
                workstation=till.workstation,
                transactions=len(sales),
                first=min(numbers, default=None),
                last=max(numbers, default=None),
                before=before,
                passed_over=len(till.passed_over),
                gaps=tuple(gaps(numbers, till.passed_over | passed_over, before)),
            )
        )

    def _before(self, till: TillDay, day: date) -> tuple[int | None, frozenset[int]]:
        """Where the till's numbering stood when the day began, and numbers it used for other things since then."""
        passed_over: frozenset[int] = frozenset()
        for back in range(1, LOOKED_BACK + 1):
            earlier = day - timedelta(days=back)
            for other in self._days.tills(till.account, earlier, till.store):
                if other.workstation != till.workstation:
                    continue
                passed_over |= other.passed_over
                entries = self._days.entries(other, earlier)
                numbers = [place.sequence for kept in entries if (place := kept.entry.event.register()) is not None]
                if numbers:
                    return max(numbers), passed_over
        return None, passed_over

    def _not_expanded(self) -> list[Finding]:
        """Deliveries of which nobody knows yet what is in them: they may hold transactions of any day."""
        found = []
        for account in self._accounts:
            stream = StreamId(StreamKind.INTAKE, account, DELIVERIES)
            consumer = next((consumer for consumer in self._consumers if consumer.reads(stream)), None)
            if consumer is None:
                continue
            key = stream_key(str(stream))
            state = StreamState(str(stream), self._table.get([key]).get(key, {}))
            behind = state.head - state.cursor(consumer.id).seq
            if behind:
                what = f"{behind} large {'delivery has' if behind == 1 else 'deliveries have'} not been looked into yet"
                found.append(Finding(FindingKind.NOT_EXPANDED, "", account, what))
        return found

    def _held_by_nothing(self, found: Mapping[str, _Store]) -> list[Finding]:
        held = [(name, sale) for name, store in found.items() for sale in store.sales if sale.fate is Fate.HELD]
        cases = dict.fromkeys(case for _, sale in held for case in sale.cases)
        known = looked_after(self._table, cases) if cases else frozenset()
        return [
            Finding(FindingKind.HELD_BY_NOTHING, name, str(sale.id), f"it waits for {case}, which is not open")
            for name, sale in held
            for case in sale.cases
            if case not in known
        ]

    # ---- by the targets ----

    def _audited(
        self,
        stores: Sequence[str],
        day: date,
        found: Mapping[str, _Store],
        others: Sequence[OtherBooking],
        progress: Callable[[str, int, int], None],
    ) -> tuple[list[Audited], list[str]]:
        audited: list[Audited] = []
        notes: list[str] = []
        for target in self.targets:
            try:
                audit = self._audits(target)
            except ConfigurationError as error:
                audited.append(silent(target, "", str(error)))
                continue
            if audit is None:
                notes.append(f"{target} cannot be read back, so what stands there is not compared")
                continue
            auditor = Auditor(target, audit, self._resolver, self._sales.posted_as)
            for done, name in enumerate(stores):
                progress(f"asking {target}", done, len(stores))
                one = auditor.of(name, day, found[name].sales if name in found else [], others)
                if one is not None:
                    audited.append(one)
                    if not one.day.asked:
                        break  # nor would it answer for the next store
        return audited, notes


def _correction_notes(found: Mapping[str, _Store]) -> list[str]:
    return [
        f"{sale.id} was {correction.note}"
        for name in sorted(found)
        for sale in found[name].sales
        for correction in sale.corrections
    ]


def _stores_of(others: Iterable[OtherBooking]) -> set[str]:
    return {one.booked.document.body["store"] for one in others if one.booked is not None}


def _other_notes(others: Iterable[OtherBooking], store: str) -> list[str]:
    """Orders and refunds of the day that are not posted yet."""
    return [
        f"{one.event} is {one.fate.value}: {'; '.join((one.why, *one.cases))}"
        for one in others
        if one.fate in {Fate.HELD, Fate.WAITING}
        and (not store or one.booked is None or one.booked.document.body["store"] == store)
    ]


def _gap_findings(name: str, store: _Store) -> list[Finding]:
    return [
        Finding(
            FindingKind.SEQUENCE_GAP,
            name,
            f"{name}/{till.workstation}",
            f"{till.missing} {'number is' if till.missing == 1 else 'numbers are'} missing: "
            + ", ".join(map(str, till.gaps)),
        )
        for till in store.workstations
        if till.gaps
    ]


def _money_findings(name: str, sales: Iterable[Sale]) -> list[Finding]:
    return [
        Finding(
            FindingKind.MONEY_DIFFERS,
            name,
            str(sale.id),
            f"{_told(sale.paid)} at the till, {_told(booked)} in what was posted to {target}",
        )
        for sale in sales
        if sale.fate is Fate.POSTED
        for target, booked in sale.booked_by_target.items()
        if _without_zeroes(booked) != _without_zeroes(sale.paid)
    ]


def _store_day(name: str, store: _Store) -> StoreDay:
    fates = dict.fromkeys((fate.value for fate in Fate), 0)
    sums: dict[tuple[str, str], dict[str, Sum]] = {}
    for sale in store.sales:
        fates[sale.fate.value] += 1
        accounted = sale.booked if sale.fate is Fate.POSTED else sale.paid
        for column, paid in (("seen", sale.paid), (sale.fate.value, accounted)):
            for key, minor in paid.items():
                columns = sums.setdefault(key, {})
                columns[column] = columns.get(column, Sum()).plus(minor)
    names = ("seen", *(fate.value for fate in Fate))
    return StoreDay(
        store=name,
        transactions=len(store.sales),
        fates=fates,
        tenders=tuple(
            TenderLine(tender, currency, **{column: columns.get(column, Sum()) for column in names})
            for (tender, currency), columns in sorted(sums.items())
        ),
        workstations=tuple(sorted(store.workstations, key=lambda till: (till.account, till.workstation))),
        unsettled=tuple(
            Unsettled(str(sale.id), sale.fate, sale.why, sale.cases, _amounts(sale.paid))
            for sale in store.sales
            if sale.fate is not Fate.POSTED
        ),
    )


def _without_zeroes(paid: Paid) -> dict[tuple[str, str], int]:
    return {key: minor for key, minor in paid.items() if minor}


def _amounts(paid: Paid) -> tuple[str, ...]:
    sums: dict[str, int] = {}
    for (_, currency), minor in paid.items():
        sums[currency] = sums.get(currency, 0) + minor
    return tuple(str(Money.of_minor(minor, currency)) for currency, minor in sorted(sums.items()))


def _told(paid: Paid) -> str:
    amounts = (f"{tender} {Money.of_minor(minor, currency)}" for (tender, currency), minor in sorted(paid.items()))
    return ", ".join(amounts) or "nothing"
