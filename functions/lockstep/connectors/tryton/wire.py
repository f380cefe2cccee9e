"""Tryton's JSON: plain JSON where dates and decimals are objects with a class (trytond 8.2, protocols/jsonrpc.py)."""

import json
from datetime import date
from decimal import Decimal
from typing import Any


def dumps(value: object) -> bytes:
    """Encode plain values, dates and decimals.

    Raises:
        TypeError: There is something else in it.
    """
    return json.dumps(value, default=_encode, separators=(",", ":")).encode()


def loads(body: bytes) -> Any:
    """Decode what Tryton sent; times and durations, which Lockstep does not read, stay objects.

    Raises:
        ValueError: It is not JSON.
    """
    return json.loads(body, object_hook=_decode)


def _encode(value: object) -> dict[str, object]:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    raise TypeError(f"{type(value).__name__} has no form in Tryton's JSON")


def _decode(value: dict[str, Any]) -> Any:
    match value.get("__class__"):
        case "Decimal":
            return Decimal(value["decimal"])
        case "date":
            return date(value["year"], value["month"], value["day"])
        case _:
            return value
