"""For scenarios and tests: speaks to a simulated shop's control side."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
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

    def subscribe(self, url: str, secret: str) -> None:
        """Have the shop send its webhooks there, signed with this secret."""
        self._call("POST", "subscription", {"url": url, "secret": secret})

    def place(self, lines: Mapping[str, int], location: str) -> dict[str, Any]:
        """A customer orders and pays units by SKU, served from a place; the order as the shop writes it.

        Raises:
            NotEnough: The shop shows fewer; nothing is sold.
        """
        try:
            return self._ordered("orders", {"lines": _lines(lines), "location": location})
        except urllib.error.HTTPError as error:
            if error.code == 409:  # noqa: PLR2004
                raise NotEnough(json.loads(error.read())["error"]) from error
            raise

    def hand_over(self, order: int) -> dict[str, Any]:
        """Everything of an order leaves; the order as it is then."""
        return self._ordered(f"orders/{order}/fulfillments", {})

    def refund(self, order: int, lines: Mapping[str, int]) -> dict[str, Any]:
        """Units by SKU come back into stock, and their price goes back; the refund as the shop writes it."""
        return self._ordered(f"orders/{order}/refunds", {"lines": _lines(lines)})

    def _ordered(self, path: str, body: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._call("POST", path, body)
        return answer

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


def _lines(lines: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()]
