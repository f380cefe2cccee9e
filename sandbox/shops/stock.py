"""The shop's quantities: what a customer sees as available, and every movement that made it so."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sandbox.shops.catalog import Catalog


class UnknownThing(LookupError):
    """No such SKU or location in this shop."""


class NotEnough(ValueError):
    """A customer wants more than the shop shows."""


class Stale(Exception):
    """Something else stands there than it was compared with."""

    def __init__(self, positions: list[int]) -> None:
        """Args:
        positions: Of the quantities that are stale.
        """
        super().__init__(positions)
        self.positions = positions


class Setting(NamedTuple):
    """One quantity to be set; compared with what stands there unless `compare_with` is None."""

    item: str
    location: str
    quantity: int
    compare_with: int | None


@dataclass(frozen=True)
class Change:
    """One quantity that moved."""

    sku: str
    location: str
    before: int
    after: int


@dataclass(frozen=True)
class Movement:
    """Quantities that moved together, by the integration (`set`) or by a customer (`sale`, `return`)."""

    number: int
    at: str
    cause: str
    reference: str | None
    changes: tuple[Change, ...]


class Stock:
    """Quantities by item and location. Safe to use from several threads; each method is one atomic step."""

    def __init__(self, catalog: Catalog, clock: Callable[[], datetime], journal: Path | None = None) -> None:
        """Args:
        catalog: What the shop starts with.
        clock: UTC now.
        journal: File that gets a JSON line for each movement.
        """
        self._catalog = catalog
        self._clock = clock
        self._journal = journal
        self._lock = threading.Lock()
        self.items = {item.id: item for item in catalog.items}
        self.places = {place.id: place for place in catalog.places}
        self._levels = dict(catalog.opening)
        self._movements: list[Movement] = []

    def reset(self) -> None:
        """As in the beginning, history included."""
        with self._lock:
            self._levels = dict(self._catalog.opening)
            self._movements.clear()

    def saved(self) -> dict[str, Any]:
        """Everything that moved, to be kept over a restart."""
        with self._lock:
            levels = [[item, place, units] for (item, place), units in self._levels.items()]
            return {"levels": levels, "movements": [asdict(movement) for movement in self._movements]}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Stand as when it was saved."""
        with self._lock:
            self._levels = {(item, place): units for item, place, units in saved["levels"]}
            self._movements = [
                Movement(**{**movement, "changes": tuple(Change(**change) for change in movement["changes"])})
                for movement in saved["movements"]
            ]

    def level(self, item: str, location: str) -> int | None:
        """What is available; None where the item was never stocked."""
        with self._lock:
            return self._levels.get((item, location))

    def levels(self) -> dict[tuple[str, str], int]:
        """Everything, by item id and location id, at one moment."""
        with self._lock:
            return dict(self._levels)

    def movements(self, after: int = 0) -> tuple[Movement, ...]:
        """Those with a number above `after`, oldest first."""
        with self._lock:
            return tuple(self._movements[after:])

    def set_all(self, settings: Iterable[Setting], reference: str | None) -> Movement:
        """Set all of them, or none. An item never stocked stands at 0.

        Raises:
            Stale: Some are compared with something else than stands there.
        """
        settings = tuple(settings)
        with self._lock:
            stale = [
                at
                for at, setting in enumerate(settings)
                if setting.compare_with is not None
                and setting.compare_with != self._levels.get((setting.item, setting.location), 0)
            ]
            if stale:
                raise Stale(stale)
            return self._move("set", reference, [((s.item, s.location), s.quantity) for s in settings])

    def sell(self, sku: str, location: str, quantity: int) -> int:
        """A web order takes `quantity`; answers with what is left.

        Raises:
            UnknownThing: The shop knows no such SKU or location code.
            NotEnough: It shows fewer.
        """
        where = self._where(sku, location)
        with self._lock:
            left = self._levels.get(where, 0) - quantity
            if left < 0:
                raise NotEnough(f"{sku} at {location}: {left + quantity} available, {quantity} wanted")
            self._move("sale", None, [(where, left)])
            return left

    def put_back(self, sku: str, location: str, quantity: int) -> int:
        """Goods of a web order come back; answers with what is available then.

        Raises:
            UnknownThing: The shop knows no such SKU or location code.
        """
        where = self._where(sku, location)
        with self._lock:
            now = self._levels.get(where, 0) + quantity
            self._move("return", None, [(where, now)])
            return now

    def _where(self, sku: str, location: str) -> tuple[str, str]:
        item = next((item for item in self.items.values() if item.sku == sku), None)
        place = next((place for place in self.places.values() if place.code == location), None)
        if item is None or place is None:
            raise UnknownThing(f"{sku} at {location}")
        return item.id, place.id

    def _move(self, cause: str, reference: str | None, new: list[tuple[tuple[str, str], int]]) -> Movement:
        changes = []
        for (item, place), after in new:
            before = self._levels.get((item, place), 0)
            self._levels[item, place] = after
            changes.append(Change(self.items[item].sku, self.places[place].code, before, after))
        movement = Movement(len(self._movements) + 1, self._clock().isoformat(), cause, reference, tuple(changes))
        self._movements.append(movement)
        if self._journal:
            with self._journal.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(movement)) + "\n")
        return movement
