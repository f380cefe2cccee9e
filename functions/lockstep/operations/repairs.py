"""What a person can do about each kind of case."""

import re
from collections.abc import Callable
from typing import Final

_ACCOUNT: Final = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9-]*")
_THEN_RETRY: Final = "then run: lockstep exceptions resolve '{case}' --retry"
_OR_CORRECT: Final = "or correct it here: lockstep exceptions show '{case}' --draft FILE.json"
_BLANK: Final = re.compile(r"<[^>]+>")
_OURS: Final = {"item": "SKU", "store": "STORE", "location": "LOCATION", "tender": "TENDER", "tax": "TAX CODE"}


def repair_for(kind: str, reference: str) -> str:
    """What to do about a case, in a sentence or two.

    Args:
        kind: Of the case, as in the glossary.
        reference: What exactly it is about.
    """
    advice = _ADVICE.get(kind)
    text = advice(reference) if advice else f"Repair what the problem names, {_THEN_RETRY}"
    return text.replace("{case}", f"{kind}/{reference}")


def knows(kind: str) -> bool:
    """Whether there is advice made for a kind of case."""
    return kind in _ADVICE


def mapping_line(reference: str) -> str:
    """The line of a mapping file that would supply a missing reference, with `<...>` where a person has to fill in."""
    kind, _, rest = reference.partition("/")
    first, _, after = rest.partition("/")
    if _ACCOUNT.fullmatch(first):
        return f"{kind},<{_OURS.get(kind, 'OUR NAME')}>,{first},{after}"
    canonical, _, system = rest.rpartition("/")
    return f"{kind},{canonical},{system},<ITS NAME IN {system}>"


def _map_it(reference: str) -> str:
    line = mapping_line(reference)
    return (
        f"Import the missing mapping with `lockstep masterdata import FILE.csv`: {line}; or this one alone: "
        f"lockstep exceptions resolve '{{case}}' --map '{_BLANK.findall(line)[0]}'"
    )


def _map_tender(reference: str) -> str:
    return f"{_map_it(reference)} (or correct the tender at the till's master data)"


def _map_tax(reference: str) -> str:
    return f"{_map_it(reference)}; if it is mapped, correct the tax where its rate differs, {_THEN_RETRY}"


def _unbalanced(_: str) -> str:
    return f"What the channel sent does not add up: have it corrected there and sent again, {_OR_CORRECT}"


def _rejected(_: str) -> str:
    return (
        f"The target refuses it for the reason given: repair the record there or its mapping, {_THEN_RETRY}; "
        f"{_OR_CORRECT}"
    )


def _period(reference: str) -> str:
    return f"Open the period again in the ledger ({reference}), {_THEN_RETRY}"


def _predecessor(reference: str) -> str:
    return (
        f"It refers to {reference}, which has not arrived or is held itself: have the channel send it, or resolve what "
        "holds it; what waits then goes on by itself. Should it never come: "
        "lockstep exceptions resolve '{case}' --retry --without-predecessor --reason '...'"
    )


def _gap(reference: str) -> str:
    return (
        f"The till went on without the numbers named ({reference}): have it send them again, and the case ends by "
        "itself. Should they never come: lockstep exceptions resolve '{case}' --skip --reason '...'"
    )


def _negative(reference: str) -> str:
    return f"More went out of {reference} than was there: count it, and report the count; nothing is held up"


def _changed(_: str) -> str:
    return f"The order was edited after it was booked: book the difference in the ledger, {_THEN_RETRY}"


def _unreadable(reference: str) -> str:
    if reference.endswith("/list"):
        return (
            "A page of a list is not understood: have the connector mended, read the window that the problem names "
            "again with `lockstep backfill`, then run: lockstep exceptions resolve '{case}' --retry"
        )
    return f"What was read of {reference} is not understood: have the connector mended, {_THEN_RETRY}"


_ADVICE: Final[dict[str, Callable[[str], str]]] = {
    "unmapped_reference": _map_it,
    "unmatched_tender": _map_tender,
    "invalid_tax_code": _map_tax,
    "unbalanced_totals": _unbalanced,
    "document_rejected": _rejected,
    "period_closed": _period,
    "predecessor_missing": _predecessor,
    "sequence_gap": _gap,
    "negative_inventory": _negative,
    "unreadable_resource": _unreadable,
    "changed_after_booking": _changed,
}
