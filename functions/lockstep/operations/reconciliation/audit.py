"""Compares what was posted with what stands in the target, by the target's own records."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lockstep.canonical.money import Money
from lockstep.messaging.errors import BusinessError, ConfigurationError, EndpointError
from lockstep.messaging.outbound import (
    Document,
    DocumentAudit,
    ResolvedDocument,
    StandingDay,
    StandingDocument,
)
from lockstep.messaging.references import Reference, ReferenceKind, Resolver, require
from lockstep.operations.reconciliation.report import Finding, FindingKind, TargetDay, TargetTender
from lockstep.operations.reconciliation.sales import Booked, Fate, OtherBooking, Sale


@dataclass(frozen=True, slots=True)
class Audited:
    """A store's day at one target, with what is wrong about it."""

    day: TargetDay
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


class Auditor:
    """Asks one target."""

    def __init__(
        self,
        target: str,
        audit: DocumentAudit,
        resolver: Resolver,
        posted_as: Callable[[str, Iterable[StandingDocument], str, date], Mapping[str, Booked]],
    ) -> None:
        """Args:
        target: Account.
        audit: Reads it back.
        resolver: Names what its documents name.
        posted_as: Those of some documents that were posted for a store and a day; see `Sales`.
        """
        self._target = target
        self._audit = audit
        self._resolver = resolver
        self._posted_as = posted_as

    def of(self, store: str, day: date, sales: Sequence[Sale], others: Sequence[OtherBooking] = ()) -> Audited | None:
        """One store's day; None where the target does not keep that store.

        Args:
            store: By the retailer's code.
            day: The business day.
            sales: All of that store and day.
            others: What is booked on that day and no till closed.
        """
        every = [(sale, one) for sale in sales for one in sale.documents if one.target == self._target]
        documents = [(sale, one) for sale, one in every if one.day in {None, day}]
        elsewhere = [one for _, one in every if one.day not in {None, day}]
        there = Reference(ReferenceKind.STORE, self._target, store, outward=True)
        identifier = self._resolver.resolve([there]).get(there)
        booked = [(one, one.booked) for one in others if one.booked and one.booked.target == self._target]
        booked = [(one, document) for one, document in booked if document.is_of(store, day)]
        if identifier is None and not every and not booked:
            return None
        posted = {one.document.key: one.document for _, one in documents if one.number is not None}
        posted |= {one.document.key: one.document for _, one in booked if one.number is not None}
        both: list[tuple[Sale | OtherBooking, Booked]] = [*documents, *booked]
        unposted = [(whose, one) for whose, one in both if one.number is None]
        held = {one.document.key: whose.why for whose, one in unposted if whose.fate is Fate.HELD}
        waiting = {one.document.key for _, one in unposted} - set(held)
        try:
            standing = self._audit.standing(day, [identifier] if identifier is not None else [])
        except (EndpointError, ConfigurationError) as error:
            return silent(self._target, store, str(error))
        known = {one.document.key for _, one in (*documents, *booked)}
        strange = [one for one in standing.documents if one.key not in known]
        moved = self._posted_as(self._target, strange, store, day)
        posted |= {key: one.document for key, one in moved.items()}
        expected, findings = self._expected(store, posted.values())
        for one in _by_key(standing).values():
            if one[0].key not in waiting and (finding := _judged(store, one, expected, posted, held)):
                findings.append(finding)
        there_too = {one.key for one in standing.documents}
        findings += (
            Finding(FindingKind.MISSING_IN_TARGET, store, key, "it was posted, and does not stand there")
            for key in sorted(set(posted) - there_too)
        )
        notes = [
            f"{one.key} stands in {self._target} already, and its result is not noted yet"
            for one in standing.documents
            if one.key in waiting
        ]
        notes += [f"{one.document.key} is booked on {one.day}, as it was corrected" for one in elsewhere]
        corrected = [key for key, one in moved.items() if one.correction is not None]
        notes += [f"{key} is of another day, and booked on this one, as it was corrected" for key in corrected]
        notes += _told_of_others(self._target, store, [one for one, _ in booked], len(moved) - len(corrected))
        counted = [one for one in standing.documents if one.key not in waiting]
        found = TargetDay(
            target=self._target,
            store=store,
            asked=True,
            expected=len(posted),
            standing=len(counted),
            tenders=_tenders(expected.values(), counted, standing),
        )
        return Audited(found, tuple(findings), tuple(notes))

    def _expected(self, store: str, posted: Iterable[Document]) -> tuple[dict[str, StandingDocument], list[Finding]]:
        """What must stand there, by key; and what cannot be told, because a name of it is not known any more."""
        wanted = {document.key: self._audit.references(document) for document in posted}
        names = self._resolver.resolve({reference for references in wanted.values() for reference in references})
        expected: dict[str, StandingDocument] = {}
        findings: list[Finding] = []
        for document in posted:
            references = wanted[document.key]
            try:
                require(names, references)
                resolved = ResolvedDocument(document, {reference: names[reference] for reference in references})
                expected[document.key] = self._audit.expected(resolved)
            except BusinessError as error:
                what = f"it was posted, and cannot be compared any more: {error}"
                findings.append(Finding(FindingKind.DIFFERENT_IN_TARGET, store, document.key, what))
        return expected, findings


def _told_of_others(target: str, store: str, others: Sequence[OtherBooking], late: int) -> list[str]:
    """How much stands there for a day that no till closed."""
    posted = sum(1 for one in others if one.fate is Fate.POSTED) + late
    return [f"store {store}, {target}: {posted} of orders and refunds are posted"] if posted else []


def silent(target: str, store: str, reason: str) -> Audited:
    """A target that could not be asked: nothing is proven against it."""
    finding = Finding(FindingKind.TARGET_SILENT, store, target, f"it could not be asked: {reason}")
    return Audited(TargetDay(target, store, asked=False, reason=reason), (finding,))


def _by_key(standing: StandingDay) -> dict[str, list[StandingDocument]]:
    found: dict[str, list[StandingDocument]] = {}
    for one in standing.documents:
        found.setdefault(one.key, []).append(one)
    return found


def _judged(
    store: str,
    standing: Sequence[StandingDocument],
    expected: Mapping[str, StandingDocument],
    posted: Collection[str],
    held: Mapping[str, str],
) -> Finding | None:
    """What is wrong with what stands there under one key, if anything."""
    key, numbers = standing[0].key, ", ".join(one.number for one in standing)
    if len(standing) > 1:
        what = f"it stands there {len(standing)} times: {numbers}"
        return Finding(FindingKind.DIFFERENT_IN_TARGET, store, key, what)
    if key in expected:
        difference = _difference(expected[key], standing[0])
        return Finding(FindingKind.DIFFERENT_IN_TARGET, store, key, f"{numbers}: {difference}") if difference else None
    if key in held:
        what = f"it stands there as {numbers}, and is held here: {held[key]}"
        return Finding(FindingKind.HELD_IN_TARGET, store, key, what)
    if key in posted:
        return None  # that it cannot be compared is a finding already
    what = f"it stands there as {numbers}, and was not posted for that day and store"
    return Finding(FindingKind.UNKNOWN_IN_TARGET, store, key, what)


def _difference(expected: StandingDocument, standing: StandingDocument) -> str:
    if expected.total != standing.total:
        return f"total {standing.total} there, {expected.total} posted"
    if dict(expected.tenders) != dict(standing.tenders):
        return f"tenders {_told(standing.tenders)} there, {_told(expected.tenders)} posted"
    return ""


def _told(tenders: Mapping[str, Money]) -> str:
    return ", ".join(f"{name}: {amount}" for name, amount in sorted(tenders.items())) or "none"


def _tenders(
    expected: Iterable[StandingDocument], found: Iterable[StandingDocument], standing: StandingDay
) -> tuple[TargetTender, ...]:
    sums: dict[tuple[str, str], list[int]] = {}
    for place, documents in enumerate((expected, found)):
        for document in documents:
            for identifier, amount in document.tenders.items():
                sums.setdefault((identifier, amount.currency), [0, 0])[place] += amount.minor
    return tuple(
        TargetTender(identifier, standing.tender_names.get(identifier, identifier), currency, *both)
        for (identifier, currency), both in sorted(sums.items())
    )
