"""The simulated shop's other side, under `/_sandbox/`: what a scenario does to the shop and asks of it."""

import json
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from sandbox.shops.faults import Fault, Faults
from sandbox.shops.keys import KeyMemory
from sandbox.shops.messages import Answer, Request
from sandbox.shops.orders import Orders
from sandbox.shops.stock import NotEnough, Stock, UnknownThing
from sandbox.shops.webhooks import Webhooks

PREFIX: Final = "/_sandbox/"


class Control:
    """Answers `/_sandbox/` requests; `client.py` speaks to it."""

    def __init__(self, stock: Stock, orders: Orders, webhooks: Webhooks, keys: KeyMemory, faults: Faults) -> None:
        """Args:
        stock: What the shop shows.
        orders: What customers bought.
        webhooks: Tells of it.
        keys: What it remembers of idempotency keys.
        faults: Trouble ordered.
        """
        self._stock = stock
        self._orders = orders
        self._webhooks = webhooks
        self._keys = keys
        self._faults = faults

    def answer(self, request: Request) -> Answer:
        """Carry out one request; 400 when it makes no sense, 404 for what is not there, 409 for too large a sale."""
        try:
            return Answer.json(self._carry_out(request))
        except UnknownThing as error:
            return Answer.json({"error": str(error)}, status=404)
        except NotEnough as error:
            return Answer.json({"error": str(error)}, status=409)
        except (ValueError, KeyError, TypeError) as error:
            return Answer.json({"error": f"{type(error).__name__}: {error}"}, status=400)

    def _carry_out(self, request: Request) -> Any:
        parts = urlsplit(request.path)
        match request.method, parts.path.removeprefix(PREFIX):
            case "GET", "levels":
                return self.levels()
            case "GET", "history":
                after = int(parse_qs(parts.query).get("after", ["0"])[0])
                return [asdict(movement) for movement in self._stock.movements(after)]
            case "POST", "sales":
                order = json.loads(request.body)
                left = self._stock.sell(str(order["sku"]), str(order["location"]), int(order["quantity"]))
                return {"available": left}
            case "POST", "subscription":
                self._webhooks.subscribe(**json.loads(request.body))
            case "POST", "orders":
                wanted = json.loads(request.body)
                order = self._orders.place(_lines(wanted), str(wanted["location"]))
                self._webhooks.send("orders/create", order)
                return order
            case "POST", path if path.startswith("orders/"):
                return self._ordered(path, json.loads(request.body or b"{}"))
            case "POST", "faults":
                self._faults.order(Fault(**json.loads(request.body)))
            case "DELETE", "faults":
                self._faults.clear()
            case "POST", "reset":
                self._faults.clear()
                self._keys.clear()
                self._stock.reset()
            case _:
                raise UnknownThing(f"{request.method} {parts.path}")
        return {"faults": [asdict(fault) for fault in self._faults.waiting()]}

    def _ordered(self, path: str, body: Any) -> Any:
        """`orders/<number>/fulfillments`: all of it leaves; `orders/<number>/refunds`: some of it comes back."""
        _, number, what = path.split("/")
        match what:
            case "fulfillments":
                order = self._orders.hand_over(int(number))
                self._webhooks.send("orders/fulfilled", order)
                return order
            case "refunds":
                refund, order = self._orders.refund(int(number), _lines(body))
                self._webhooks.send("refunds/create", refund)
                self._webhooks.send("orders/updated", order)
                return refund
        raise UnknownThing(path)

    def levels(self) -> list[dict[str, Any]]:
        """Every quantity with its names, in the catalog's order."""
        levels = self._stock.levels()
        return [
            {
                "sku": item.sku,
                "name": item.name,
                "location": place.code,
                "location_name": place.name,
                "item_id": item.id,
                "location_id": place.id,
                "available": levels[item.id, place.id],
            }
            for item in self._stock.items.values()
            for place in self._stock.places.values()
            if (item.id, place.id) in levels
        ]


def _lines(body: Any) -> list[tuple[str, int]]:
    return [(str(line["sku"]), int(line["quantity"])) for line in body["lines"]]
