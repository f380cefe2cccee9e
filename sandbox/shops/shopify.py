"""A simulated Shopify shop: its Admin API, its control side and its page, on loopback.

`python -m sandbox.shops.shopify --help` runs it alone; `Simulator.handle` is the same shop without sockets.
"""

import argparse
import hmac
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

from sandbox.retailer import RETAILER, Retailer
from sandbox.shops import page
from sandbox.shops.admin import API_VERSION, AdminApi
from sandbox.shops.budget import Bucket
from sandbox.shops.catalog import Catalog, catalog_of
from sandbox.shops.control import PREFIX, Control
from sandbox.shops.faults import FaultKind, Faults
from sandbox.shops.keys import KeyMemory
from sandbox.shops.messages import Answer, Request
from sandbox.shops.orders import Orders
from sandbox.shops.stock import Stock
from sandbox.shops.webhooks import Webhooks

HOST: Final = "127.0.0.1"
TOKEN_VARIABLE: Final = "SANDBOX_SHOP_TOKEN"  # noqa: S105  (a variable's name)
ENDPOINT: Final = f"/admin/api/{API_VERSION}/graphql.json"
ORDERS: Final = f"/admin/api/{API_VERSION}/orders.json"
_LARGEST_BODY: Final = 10_000_000
_LONGEST_REQUEST: Final = 3.0
"""Seconds that a shop which closes waits for requests under way; a slow one is then cut off, and had no effect yet."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Simulator:
    """One shop."""

    def __init__(
        self,
        catalog: Catalog,
        token: str,
        *,
        name: str = "Web shop",
        retailer: Retailer = RETAILER,
        clock: Callable[[], datetime] = _utc_now,
        sleep: Callable[[float], None] = time.sleep,
        bucket_size: float = 2000.0,
        restore_rate: float = 100.0,
        journal: Path | None = None,
    ) -> None:
        """Args:
        catalog: What it starts with.
        token: The Admin API access token it accepts.
        name: What its page calls it.
        retailer: Whose prices and taxes its orders have.
        clock: UTC now.
        sleep: Waits so many seconds.
        bucket_size: Points of the call budget when full.
        restore_rate: Points that come back each second; the vendor's standard plan unless given.
        journal: File that gets a JSON line for each movement.
        """
        self.stock = Stock(catalog, clock, journal)
        self.faults = Faults()
        self._name = name
        self._token = token
        self._sleep = sleep
        self._keys = KeyMemory(clock)
        self._admin = AdminApi(self.stock, Bucket(clock, size=bucket_size, restore_rate=restore_rate), self._keys)
        self.orders = Orders(self.stock, retailer, clock)
        self._control = Control(self.stock, self.orders, Webhooks(), self._keys, self.faults)
        self._at_work = 0
        self._open = True
        self._change = threading.Condition()

    def close(self, state: Path) -> None:
        """Take no further request, let those under way end, and keep what stands: stock, movements, keys.

        Args:
            state: File for `reopen`.
        """
        with self._change:
            self._open = False
            self._change.wait_for(lambda: self._at_work == 0, timeout=_LONGEST_REQUEST)
        state.write_text(json.dumps({"stock": self.stock.saved(), "keys": self._keys.saved()}), encoding="utf-8")

    def reopen(self, state: Path) -> None:
        """Stand as when it was closed.

        Args:
            state: File that `close` wrote.
        """
        saved = json.loads(state.read_text(encoding="utf-8"))
        self.stock.restore(saved["stock"])
        self._keys.restore(saved["keys"])

    def handle(self, request: Request) -> Answer:
        """Answer one request; one that comes when the shop is closed finds nobody."""
        with self._change:
            if not self._open:
                return Answer(lost=True)
            self._at_work += 1
        try:
            return self._handle(request)
        finally:
            with self._change:
                self._at_work -= 1
                self._change.notify_all()

    def _handle(self, request: Request) -> Answer:
        if request.path == "/" and request.method == "GET":
            return Answer(body=page.render(self._name, self.stock).encode(), content_type="text/html; charset=utf-8")
        if request.path.startswith(PREFIX):
            return self._control.answer(request)
        path, _, query = request.path.partition("?")
        if (path, request.method) not in {(ENDPOINT, "POST"), (ORDERS, "GET")}:
            return Answer.json({"errors": "Not Found"}, status=404)
        if not hmac.compare_digest(request.headers.get("x-shopify-access-token", "").encode(), self._token.encode()):
            return Answer.json({"errors": "[API] Invalid API key or access token"}, status=401)
        return self._listed(dict(parse_qsl(query))) if path == ORDERS else self._admin_call(request.body)

    def _listed(self, query: Mapping[str, str]) -> Answer:
        """Every order that changed in a window, on one page: a demonstration has few."""
        since, until = (datetime.fromisoformat(query[name]) for name in ("updated_at_min", "updated_at_max"))
        return Answer.json({"orders": self.orders.changed(since, until)})

    def _admin_call(self, body: bytes) -> Answer:
        fault = self.faults.next()
        match fault.kind if fault else None:
            case FaultKind.THROTTLE:
                return self._admin.throttled()
            case FaultKind.TOO_MANY_REQUESTS:
                return Answer.json({"errors": "Throttled"}, status=429, headers={"Retry-After": "2.0"})
            case FaultKind.UNAVAILABLE:
                return Answer(status=503, body=b"Service Unavailable", content_type="text/plain")
            case FaultKind.DROPPED:
                return Answer(lost=True)
        seconds = fault.seconds if fault and fault.kind is FaultKind.SLOW else 0.0
        answer = self._admin.answer(body, pause=lambda: self._sleep(seconds) if seconds else None)
        return Answer(lost=True) if fault and fault.kind is FaultKind.LOST_ANSWER else answer


class ShopServer(ThreadingHTTPServer):
    """A simulator behind a socket."""

    daemon_threads = True

    def __init__(self, simulator: Simulator, port: int = 0) -> None:
        """Bind at once.

        Args:
            simulator: Answers.
            port: TCP port on loopback; 0 for a free one.

        Raises:
            OSError: The port is taken.
        """
        super().__init__((HOST, port), _Handler)
        self.simulator = simulator

    @property
    def base_url(self) -> str:
        """As in `http://127.0.0.1:8123`."""
        return f"http://{HOST}:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: ShopServer
    protocol_version = "HTTP/1.1"

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST_BODY:
            self.send_error(413)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        answer = self.server.simulator.handle(request)
        if answer.lost:
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_DELETE = _handle  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """One line a request, on standard error, without headers or bodies."""
        sys.stderr.write(f"{_utc_now().isoformat(timespec='milliseconds')} {format % args}\n")


def main() -> None:
    """Run a shop of the demo retailer until told to stop; prints one JSON line with its URL once it listens."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.shops.shopify", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port on loopback (default: a free one)")
    parser.add_argument("--journal", type=Path, help="file that gets a JSON line for each movement")
    parser.add_argument("--state", type=Path, help="file that keeps its stock and its memory of keys over a restart")
    parser.add_argument("--bucket-size", type=float, default=2000.0, help="points of the call budget when full")
    parser.add_argument("--restore-rate", type=float, default=100.0, help="points that come back each second")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when the starting process is gone")
    options = parser.parse_args()
    token = os.environ.get(TOKEN_VARIABLE)
    if not token:
        parser.error(f"{TOKEN_VARIABLE} must hold the Admin API access token")
    simulator = Simulator(
        catalog_of(RETAILER),
        token,
        name=RETAILER.name,
        bucket_size=options.bucket_size,
        restore_rate=options.restore_rate,
        journal=options.journal,
    )
    if options.state and options.state.exists():
        simulator.reopen(options.state)
    server = ShopServer(simulator, options.port)
    # `shutdown` waits for `serve_forever`, so it must not be called from the thread that serves.
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if options.until_stdin_closes:
        threading.Thread(target=_follow_stdin, args=(stop,), daemon=True).start()
    print(json.dumps({"url": server.base_url}), flush=True)
    stop.wait()
    server.shutdown()
    server.server_close()
    if options.state:
        simulator.close(options.state)


def _follow_stdin(stop: threading.Event) -> None:
    """The pipe closes with the process that holds its other end, however that ends."""
    sys.stdin.read()
    stop.set()


if __name__ == "__main__":
    main()
