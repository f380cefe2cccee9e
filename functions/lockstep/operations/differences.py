"""What differs between two values in JSON's types, place by place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final


class _Nothing:
    """Stands where only the other has something."""


_NOTHING: Final = _Nothing()


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which they differ.

    Attributes:
        place: As in `tenders.0.amount.amount`.
        before: As text; empty for nothing.
        after: The same.
    """

    place: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.place}: {self.before or 'nothing'} -> {self.after or 'nothing'}"


def differences(before: Any, after: Any) -> list[Difference]:
    """Every place in which they differ, in the order of the first."""
    return list(_differences("", before, after))


def _differences(place: str, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*before, *after)):
            yield from _differences(_under(place, name), before.get(name, _NOTHING), after.get(name, _NOTHING))
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        for number, (first, second) in enumerate(zip_longest(before, after, fillvalue=_NOTHING)):
            yield from _differences(_under(place, str(number)), first, second)
    elif before != after:
        yield Difference(place, _told(before), _told(after))


def _under(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _told(value: Any) -> str:
    match value:
        case _Nothing():
            return ""
        case Mapping():
            return "{" + ", ".join(f"{name}: {_told(part)}" for name, part in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_told, value)) + "]"
        case _:
            return str(value)
