"""A vendor's API in memory, in the place of a connection pool."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import urllib3

Answer = tuple[int, bytes] | tuple[int, bytes, dict[str, str]]


@dataclass
class FakeApi:
    """Answers by path; 404 where it knows none."""

    answers: Mapping[str, Answer | Callable[[Mapping[str, str]], Answer]]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and query of every call."""
    sent: list[Mapping[str, str]] = field(default_factory=list)
    """Headers of every call."""

    def request(self, method: str, url: str, *, headers: Mapping[str, str], **_: Any) -> urllib3.HTTPResponse:
        assert method == "GET"
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append((parts.path, query))
        self.sent.append(headers)
        answer = self.answers.get(parts.path, (404, b""))
        status, body, *more = answer(query) if callable(answer) else answer
        return urllib3.HTTPResponse(BytesIO(body), headers=more[0] if more else {}, status=status, preload_content=True)
