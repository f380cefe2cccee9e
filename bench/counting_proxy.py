"""A reverse proxy on loopback that counts what functions ask of AWS.

A request is passed on as it came, `Host` included, so that its signature still fits. DynamoDB's units are worked out
from the items before and after a write, which are read at the other side of the proxy and are not counted.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import urlsplit

from bench.capacity import Image
from bench.metering import Counts, Place, asked, counted
from sandbox.aws.endpoint import AwsEndpoint

HOST: Final = "127.0.0.1"
SERVICES: Final = ("DYNAMODB", "SQS", "EVENTBRIDGE", "SECRETS_MANAGER", "S3")
"""Those that functions call, as the SDKs' `AWS_ENDPOINT_URL_<service>` has them."""
_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"})
_TIMEOUT: Final = 60
_OK: Final = 200


class CountingProxy:
    """Stands between functions and the embedded AWS; use it as a context manager."""

    def __init__(self, upstream: Callable[[], AwsEndpoint]) -> None:
        """Args:
        upstream: Gives the embedded AWS; asked with the first request, so the proxy can be there before it.
        """
        self._lock = threading.Lock()
        self._counts = Counts()
        self._upstream = upstream
        self._under_way = 0
        self._last = time.monotonic()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                with proxy._busy():  # they are one
                    proxy._answer(self)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass_on  # noqa: N815  # so http.server finds them

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                del format, args

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    @property
    def function_environment(self) -> dict[str, str]:
        """Variables that make a function's SDK come here."""
        return {f"AWS_ENDPOINT_URL_{service}": self.url for service in SERVICES}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self) -> Counts:
        """What was counted, and start again."""
        with self._lock:
            counts, self._counts = self._counts, Counts()
        return counts

    def idle_for(self) -> float:
        """Seconds since the last request came or was answered; 0 while one is under way."""
        with self._lock:
            return 0.0 if self._under_way else time.monotonic() - self._last

    # ---- passing on ----

    @contextmanager
    def _busy(self) -> Iterator[None]:
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._last = time.monotonic()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        wanted = asked(request.headers.get("x-amz-target"), request.command, body)
        before = self._images(wanted.places)
        connection = HTTPConnection(urlsplit(self._endpoint.url).netloc, timeout=_TIMEOUT)
        try:
            connection.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                if name.lower() not in _HOP:
                    connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        understood = json.loads(content) if answer.status == _OK and wanted.service == "DynamoDB" else {}
        counts = counted(wanted, understood if answer.status == _OK else None, before, self._images(wanted.places))
        with self._lock:
            self._counts.add(counts)
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP and name.lower() not in {"content-length", "date", "server"}:
                request.send_header(name, value)
        request.send_header("content-length", str(len(content)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)

    @cached_property
    def _endpoint(self) -> AwsEndpoint:
        return self._upstream()

    @cached_property
    def _dynamodb(self) -> Any:
        return self._endpoint.client("dynamodb")

    def _images(self, places: Sequence[Place]) -> dict[Place, Image]:
        """The items as they are now; those of one request are in one table."""
        if not places:
            return {}
        table = places[0].table
        request = {table: {"Keys": [place.key for place in places], "ConsistentRead": True}}
        items = self._dynamodb.batch_get_item(RequestItems=request)["Responses"].get(table, [])
        return {Place(table, item["pk"]["S"], item["sk"]["S"]): item for item in items}
