"""For scenarios and tests: speaks to a simulated shop's control side."""

import json
import urllib.error
import urllib.request
from typing import Any

from sandbox.shops.control import PREFIX
from sandbox.shops.faults import FaultKind
from sandbox.shops.stock import NotEnough


class ShopControl:
    """A simulated shop, as a customer and as its saboteur."""

    def __init__(self, base_url: str) -> None:
        """Args:
        base_url: As in `http://127.0.0.1:8123`.
        """
        self._base = base_url.rstrip("/") + PREFIX

    def levels(self) -> dict[tuple[str, str], int]:
        """What the shop shows, by SKU and location code."""
        return {(row["sku"], row["location"]): row["available"] for row in self._call("GET", "levels")}

    def history(self, after: int = 0) -> list[dict[str, Any]]:
        """Movements with a number above `after`, oldest first: number, at, cause (set, sale), reference, changes."""
        movements: list[dict[str, Any]] = self._call("GET", f"history?after={after}")
        return movements

    def sell(self, sku: str, location: str, quantity: int = 1) -> int:
        """A web order; answers with what is left.

        Raises:
            NotEnough: The shop shows fewer.
            urllib.error.HTTPError: It knows no such SKU or location (404).
        """
        try:
            left: int = self._call("POST", "sales", {"sku": sku, "location": location, "quantity": quantity})[
                "available"
            ]
        except urllib.error.HTTPError as error:
            if error.code == 409:  # noqa: PLR2004
                raise NotEnough(json.loads(error.read())["error"]) from error
            raise
        return left

    def order_fault(self, kind: FaultKind, *, times: int | None = 1, seconds: float = 0.0) -> None:
        """Let the next calls to the Admin API meet trouble; `times=None` until `clear_faults`."""
        self._call("POST", "faults", {"kind": kind.value, "times": times, "seconds": seconds})

    def clear_faults(self) -> None:
        """Everything works again."""
        self._call("DELETE", "faults")

    def reset(self) -> None:
        """As in the beginning: opening stock, no history, no faults, no keys remembered."""
        self._call("POST", "reset")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(  # noqa: S310  (loopback, from our own process)
            self._base + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.loads(answer.read())
