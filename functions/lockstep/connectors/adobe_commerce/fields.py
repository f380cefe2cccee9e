"""Reads the fields of Commerce's objects: numbers as text ("123.000000") or as numbers, nothing as null or "".

Events carry the fields that a subscription selects, from an object in memory; REST carries what its description names,
with extensions apart under `extension_attributes`. Both are read the same way.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from lockstep.messaging import loosely_typed
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import required

_EXTENSIONS: Final = "extension_attributes"
_BASE: Final = {
    "shipping_discount_tax_compensation_amount": "base_shipping_discount_tax_compensation_amnt",
    "weee_tax_applied_row_amount": "base_weee_tax_applied_row_amnt",
    "gw_price": "gw_base_price",
    "gw_items_price": "gw_items_base_price",
    "gw_card_price": "gw_card_base_price",
    "gw_tax_amount": "gw_base_tax_amount",
    "gw_items_tax_amount": "gw_items_base_tax_amount",
    "gw_card_tax_amount": "gw_card_base_tax_amount",
}
"""What is not called `base_` with the name behind it, in the shop's currency."""


class Fields:
    """An object of Commerce, and where in the message it stands."""

    def __init__(self, said: Mapping[str, Any], path: str = "") -> None:
        """Args:
        said: The object.
        path: Of it, for messages.
        """
        self._said = said
        extensions = said.get(_EXTENSIONS)
        self._extensions: Mapping[str, Any] = extensions if isinstance(extensions, Mapping) else {}
        self._path = path

    def at(self, name: str) -> str:
        """The path of a field."""
        return f"{self._path}.{name}" if self._path else name

    def holds_only(self, name: str) -> bool:
        """Whether it is an object with this field alone, which is an object itself."""
        return [*self._said] == [name] and isinstance(self._said[name], Mapping)

    def has(self, name: str) -> bool:
        """Whether a field says something."""
        return self._get(name) not in (None, "")

    def number(self, name: str) -> Decimal | None:
        """A number; None where there is none.

        Raises:
            MessageMalformed: It is something else.
        """
        try:
            return loosely_typed.number(self._get(name))
        except ValueError as error:
            raise MessageMalformed(f"{self.at(name)} {error}") from error

    def amount(self, name: str, *, base: bool) -> Decimal:
        """An amount in the currency of the shop (`base`) or in that of the order; zero where there is none.

        Raises:
            MessageMalformed: It is something else.
        """
        return self.stated(name, base=base) or Decimal(0)

    def stated(self, name: str, *, base: bool) -> Decimal | None:
        """An amount; None where there is none.

        Raises:
            MessageMalformed: It is something else.
        """
        return self.number(_BASE.get(name, f"base_{name}") if base else name)

    def text(self, name: str) -> str:
        """Text without blanks at its ends; empty where there is none."""
        return loosely_typed.text(self._get(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, or a single one with its lines; empty where there is none."""
        value = self._get(name)
        if isinstance(value, str):
            return tuple(line.strip() for line in value.splitlines())
        return tuple(line.strip() for line in value if isinstance(line, str)) if isinstance(value, list) else ()

    def id(self, *names: str) -> str:
        """The first of these ids that is there; empty where none is, which is written 0, null or "" too."""
        return next((found for name in names if (found := self.text(name)) not in ("", "0")), "")

    def key(self, *names: str) -> str:
        """The first of these ids, which must be a number.

        Raises:
            MessageMalformed: None is there, or it is no number.
        """
        found = required(self.id(*names), self.at(names[0]))
        try:
            return loosely_typed.required_record_id(found)
        except ValueError as error:
            raise MessageMalformed(f"{self.at(names[0])} {error}") from error

    def inner(self, name: str) -> "Fields":
        """An object in it; an empty one where there is none."""
        value = self._get(name)
        return Fields(value if isinstance(value, Mapping) else {}, self.at(name))

    def list(self, name: str) -> Iterator["Fields"]:
        """The objects of a list; none where there is none. PHP writes a list with holes as an object.

        Raises:
            MessageMalformed: One of them is no object.
        """
        value = self._get(name)
        if isinstance(value, Mapping):
            value = [entry for place, entry in value.items() if place.isdecimal()]
        for place, entry in enumerate(value if isinstance(value, list) else ()):
            path = f"{self.at(name)}.{place}"
            if not isinstance(entry, Mapping):
                raise MessageMalformed(f"{path} is no object")
            yield Fields(entry, path)

    def time(self, *names: str) -> datetime:
        """The first of these times, in UTC.

        Raises:
            MessageMalformed: None is there, or it is no time.
        """
        for name in names:
            found = self.optional_time(name)
            if found is not None:
                return found
        raise MessageMalformed(f"{self.at(names[0])} is missing")

    def optional_time(self, name: str) -> datetime | None:
        """A time; None where there is none. Without an offset it is UTC, in which Commerce keeps its times.

        Raises:
            MessageMalformed: It is no time.
        """
        written = self.text(name)
        if not written:
            return None
        try:
            found = datetime.fromisoformat(written)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise MessageMalformed(f"{self.at(name)} is no time") from error

    def custom_number(self, name: str) -> Decimal | None:
        """A number that REST lists among `custom_attributes`, and an event carries as a field.

        Raises:
            MessageMalformed: It is something else.
        """
        return self._custom(name).number(name)

    def custom_time(self, name: str) -> datetime | None:
        """A time of the same kind.

        Raises:
            MessageMalformed: It is no time.
        """
        return self._custom(name).optional_time(name)

    def _custom(self, name: str) -> "Fields":
        if self.has(name):
            return self
        listed = self._said.get("custom_attributes")
        for attribute in listed if isinstance(listed, list) else ():
            if isinstance(attribute, Mapping) and attribute.get("attribute_code") == name:
                return Fields({name: attribute.get("value")}, self._path)
        return self

    def _get(self, name: str) -> Any:
        value = self._said.get(name)
        return self._extensions.get(name) if value is None else value
