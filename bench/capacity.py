"""What DynamoDB bills: item sizes, and the units that a request takes.

Rules from the Amazon DynamoDB Developer Guide, "DynamoDB Item sizes and formats" and "DynamoDB read and write
operations": a write unit is 1 KB, a read unit 4 KB strongly consistent, a transactional write counts twice, an index
entry is written when a key of its own changes. They are worked out here, and not taken from what the embedded AWS
answers, because that does not follow them to the byte.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

WRITE_BYTES: Final = 1024
READ_BYTES: Final = 4096
_CONTAINER_BYTES: Final = 3
_ELEMENT_BYTES: Final = 1

Value = Mapping[str, Any]
"""An attribute value in DynamoDB's form, as in `{"S": "text"}`."""
Image = Mapping[str, Value]
"""An item, keys included."""


@dataclass(frozen=True, slots=True)
class Index:
    """A secondary index that holds keys only: small, and written only when an item enters, leaves or moves."""

    name: str
    keys: tuple[str, ...]

    def entry(self, item: Image | None) -> tuple[str, ...] | None:
        """Where an item stands in it; None when it does not, because it lacks a key."""
        if item is None or any(key not in item for key in self.keys):
            return None
        return tuple(str(item[key]) for key in self.keys)

    def write_units(self, before: Image | None, after: Image | None) -> int:
        """One to enter or to leave, two to move."""
        was, becomes = self.entry(before), self.entry(after)
        if was == becomes:
            return 0
        return (was is not None) + (becomes is not None)


def item_bytes(item: Image) -> int:
    """Size of an item: its attributes' names and values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def write_units(before: Image | None, after: Image | None, *, transactional: bool) -> int:
    """Units of one item's write, condition check or deletion: by the larger of what it was and what it becomes."""
    size = max((item_bytes(image) for image in (before, after) if image is not None), default=0)
    return max(1, math.ceil(size / WRITE_BYTES)) * (2 if transactional else 1)


def read_units(item: Image | None, *, consistent: bool = True) -> float:
    """Units of one item read by its key; one that is not there takes as much as a small one."""
    units = max(1, math.ceil(item_bytes(item or {}) / READ_BYTES))
    return units if consistent else units / 2


def query_units(items: Iterable[Image], *, consistent: bool) -> float:
    """Units of a query: by the sum of what it reads."""
    units = max(1, math.ceil(sum(map(item_bytes, items)) / READ_BYTES))
    return units if consistent else units / 2


def _value_bytes(value: Value) -> int:  # one form a line
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_bytes(content)
        case "B":
            return len(content) * 3 // 4 - content.count("=") if isinstance(content, str) else len(content)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return _CONTAINER_BYTES + sum(_ELEMENT_BYTES + _value_bytes(part) for part in content)
        case "M":
            named = (len(name.encode()) + _value_bytes(part) for name, part in content.items())
            return _CONTAINER_BYTES + sum(_ELEMENT_BYTES + size for size in named)
        case _:
            raise ValueError(f"items of the ledger hold no {kind}")


def _number_bytes(text: str) -> int:
    """One byte for two significant digits, and one more; a sign takes another."""
    digits = text.lstrip("-").replace(".", "").strip("0")
    return math.ceil(len(digits) / 2) + 1 + text.startswith("-")
