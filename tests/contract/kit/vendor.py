"""A vendor's API in memory: answers what it is told to, and remembers who asked."""

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import urllib3

from lockstep.messaging.conformance import VendorAnswer


@dataclass
class Vendor:
    """Stands in the place of a connection pool (`runtime.reading.open_pool`)."""

    answer: VendorAnswer
    opening: dict[str, bytes] = field(default_factory=dict)
    """What it answers to calls that come first, by a part of their URL."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and URL of every call."""

    def request(self, method: str, url: str, **_: Any) -> urllib3.HTTPResponse:
        self.asked.append((method, url))
        for part, body in self.opening.items():
            if part in url:
                return _response(200, body, {"content-type": "application/json"})
        return _response(self.answer.status, self.answer.body, dict(self.answer.headers))


def _response(status: int, body: bytes, headers: dict[str, str]) -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(BytesIO(body), headers=headers, status=status, preload_content=True)
