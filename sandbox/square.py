"""A simulated Square seller: a till that makes orders, the API they are read at, and its webhooks. On loopback.

It lives in the process that starts it. Orders, webhooks and answers have the shapes of Square's API; its messages about
orders are thin, as Square's are: they name an order, which has to be read.
"""

import base64
import hashlib
import hmac
import json
import secrets
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

from sandbox.retailer import RETAILER, Product, Retailer, Store

NOTIFICATION_URL: Final = "https://webhooks.example.com/webhooks/square/main"
"""The address under which the subscription was registered, and which is part of what is signed."""
CARD: Final = "CARD"
_HOST: Final = "127.0.0.1"
_ORDERS: Final = "/v2/orders/"
_NOT_FOUND: Final = ("INVALID_REQUEST_ERROR", "NOT_FOUND")
_CENT: Final = Decimal("0.01")
_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_ANSWER_TIMEOUT: Final = 10.0

Order = dict[str, Any]


def variation_id(product: Product) -> str:
    """What Square calls an article."""
    return f"SQV{product.gtin}"


def location_id(store: Store) -> str:
    """What Square calls a store."""
    return f"SQL{store.code}"


class SimulatedSquare:
    """One seller account; use it as a context manager, or call `start` and `stop`."""

    def __init__(
        self, retailer: Retailer = RETAILER, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Args:
        retailer: Whose prices and taxes its till has.
        clock: UTC now.
        """
        self._retailer = retailer
        self._clock = clock
        self._token = secrets.token_urlsafe(24)
        self._key = secrets.token_urlsafe(24)
        self._subscriber = ""
        self._registered = ""
        self._orders: dict[str, Order] = {}
        self._server: ThreadingHTTPServer | None = None
        self.reads: list[str] = []
        """Ids of orders in the order in which they were read."""

    def start(self) -> Self:
        """Listen."""
        server = ThreadingHTTPServer((_HOST, 0), _handler(self))
        server.daemon_threads = True
        self._server = server
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        """End it; no error if it is not running."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def secret(self) -> dict[str, str]:
        """The connector account's secret, good for this run only."""
        if self._server is None:
            raise RuntimeError("the simulated Square is not running")
        return {
            "current": self._key,
            "token": self._token,
            "base_url": f"http://{_HOST}:{self._server.server_address[1]}",
        }

    def subscribe(self, url: str, *, registered: str) -> None:
        """Send webhooks there from now on.

        Args:
            url: Where the route is reached.
            registered: The address for which they are signed, as where a proxy stands between.
        """
        self._subscriber, self._registered = url, registered

    def sell(self, items: Mapping[str, int], store: str) -> Order:
        """The till closes a sale, paid by card, and Square says that there is an order.

        Args:
            items: Units by SKU.
            store: Code of the store.
        """
        order = self._order(items, store)
        self._orders[order["id"]] = order
        self._tell("order.created", order)
        return order

    def answer(self, method: str, path: str, authorization: str, body: bytes = b"") -> tuple[int, Mapping[str, Any]]:
        """Status and body of a call of the API."""
        if not self.authorized(authorization):
            return 401, _error("AUTHENTICATION_ERROR", "UNAUTHORIZED")
        match method, path:
            case "GET", "/v2/locations":
                return 200, {"locations": self.locations}
            case "GET", path if path.startswith(_ORDERS):
                order = self.read(path.removeprefix(_ORDERS))
                return (200, {"order": order}) if order is not None else (404, _error(*_NOT_FOUND))
            case "POST", "/v2/orders/search":
                return 200, {"orders": self.search(json.loads(body))}
            case "POST", "/v2/catalog/search":
                return 200, {"objects": []}  # its catalogue never changes
            case _:
                return 404, _error(*_NOT_FOUND)

    def authorized(self, header: str) -> bool:
        """Whether a call carries the access token."""
        return hmac.compare_digest(header.encode(), f"Bearer {self._token}".encode())

    def read(self, order: str) -> Order | None:
        """An order as the API shows it; None where there is none."""
        self.reads.append(order)
        return self._orders.get(order)

    @property
    def locations(self) -> list[dict[str, str]]:
        """The seller's stores, as the API shows them."""
        currency = self._retailer.currency
        return [
            {"id": location_id(store), "name": store.name, "status": "ACTIVE", "currency": currency}
            for store in self._retailer.stores
        ]

    def search(self, wanted: Mapping[str, Any]) -> list[Order]:
        """Orders of some locations that changed in a window, on one page: a demonstration has few.

        Args:
            wanted: As the API's search of orders takes it.
        """
        window = wanted["query"]["filter"]["date_time_filter"]["updated_at"]
        since, until = (datetime.fromisoformat(window[name]) for name in ("start_at", "end_at"))
        return [
            order
            for order in self._orders.values()
            if order["location_id"] in wanted["location_ids"]
            and since <= datetime.fromisoformat(order["updated_at"]) <= until
        ]

    def _order(self, items: Mapping[str, int], store: str) -> Order:
        at = self._clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        taxes: dict[str, dict[str, Any]] = {}
        lines = [self._line(self._retailer.product(sku), quantity, taxes) for sku, quantity in items.items()]
        total = sum(line["total_money"]["amount"] for line in lines)
        tax = sum(line["total_tax_money"]["amount"] for line in lines)
        amounts = {
            "total_money": self._money(total),
            "tax_money": self._money(tax),
            "discount_money": self._money(0),
            "tip_money": self._money(0),
            "service_charge_money": self._money(0),
        }
        return {
            "id": secrets.token_hex(11).upper(),
            "location_id": location_id(self._retailer.store(store)),
            "source": {"name": "Square Point of Sale"},
            "line_items": lines,
            "taxes": list(taxes.values()),
            "created_at": at,
            "updated_at": at,
            "closed_at": at,
            "state": "COMPLETED",
            "version": 4,
            "total_money": amounts["total_money"],
            "total_tax_money": amounts["tax_money"],
            "total_discount_money": self._money(0),
            "total_tip_money": self._money(0),
            "total_service_charge_money": self._money(0),
            "net_amounts": amounts,
            "net_amount_due_money": self._money(0),
            "tenders": [
                {
                    "id": secrets.token_hex(8),
                    "type": CARD,
                    "amount_money": self._money(total),
                    "created_at": at,
                    "card_details": {"status": "CAPTURED"},
                }
            ],
        }

    def _line(self, product: Product, quantity: int, taxes: dict[str, dict[str, Any]]) -> dict[str, Any]:
        gross = product.price * quantity
        applied: list[dict[str, Any]] = []
        for code in product.taxes:
            tax = self._retailer.tax(code)
            amount = (gross * tax.rate).quantize(_CENT, rounding=ROUND_HALF_UP)
            entry = taxes.setdefault(
                code,
                {
                    "uid": code.lower(),
                    "name": code,
                    "percentage": str(tax.rate * 100),
                    "type": "ADDITIVE",
                    "scope": "LINE_ITEM",
                    "applied_money": self._money(0),
                },
            )
            entry["applied_money"]["amount"] += self._minor(amount)
            applied.append(
                {
                    "uid": secrets.token_hex(4),
                    "tax_uid": code.lower(),
                    "applied_money": self._money(self._minor(amount)),
                }
            )
        tax_total = sum(each["applied_money"]["amount"] for each in applied)
        return {
            "uid": secrets.token_hex(8),
            "catalog_object_id": variation_id(product),
            "catalog_version": 1,
            "name": product.name,
            "quantity": str(quantity),
            "item_type": "ITEM",
            "base_price_money": self._money(self._minor(product.price)),
            "variation_total_price_money": self._money(self._minor(gross)),
            "gross_sales_money": self._money(self._minor(gross)),
            "total_discount_money": self._money(0),
            "total_tax_money": self._money(tax_total),
            "total_money": self._money(self._minor(gross) + tax_total),
            "applied_taxes": applied,
        }

    def _money(self, minor: int) -> dict[str, Any]:
        return {"amount": minor, "currency": self._retailer.currency}

    @staticmethod
    def _minor(amount: Decimal) -> int:
        return int(amount / _CENT)

    def _tell(self, kind: str, order: Order) -> None:
        if not self._subscriber:
            return
        told = {name: order[name] for name in ("location_id", "state", "version", "created_at")}
        message = {
            "merchant_id": "ML-LANTERN-LOOM",
            "type": kind,
            "event_id": str(uuid.uuid4()),
            "created_at": order["created_at"],
            "data": {
                "type": "order_created",
                "id": order["id"],
                "object": {"order_created": {"order_id": order["id"], **told}},
            },
        }
        body = json.dumps(message).encode()
        threading.Thread(target=self._deliver, args=(body,), daemon=True).start()

    def _deliver(self, body: bytes) -> None:
        digest = hmac.new(self._key.encode(), self._registered.encode() + body, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json",
            "x-square-hmacsha256-signature": base64.b64encode(digest).decode(),
        }
        for pause in (*_PAUSES, None):
            request = urllib.request.Request(self._subscriber, data=body, headers=headers)  # noqa: S310  (loopback)
            try:
                with urllib.request.urlopen(request, timeout=_ANSWER_TIMEOUT):  # noqa: S310
                    return
            except (urllib.error.URLError, OSError) as error:
                sys.stderr.write(f"Square webhook: {error}\n")
                if pause is None:
                    return
                time.sleep(pause)


def _error(category: str, code: str) -> dict[str, Any]:
    return {"errors": [{"category": category, "code": code}]}


def _handler(square: SimulatedSquare) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(*square.answer("GET", self.path, self.headers.get("Authorization", "")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._answer(*square.answer("POST", self.path, self.headers.get("Authorization", ""), body))

        def _answer(self, status: int, body: Mapping[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: what was read is in `reads`."""
            del format, args

    return Handler
