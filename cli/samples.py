"""Reads what is to be sent: an API Gateway event from `events/apigateway/`, or a raw body."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cli.errors import CommandFailed, Exit

_TYPES: Final = {".xml": "application/xml", ".json": "application/json"}
_ROUTE: Final = re.compile(r"/webhooks/(?P<system>[a-z][a-z0-9_]*)/(?P<account>[a-z][a-z0-9-]*)")
_TRANSACTION: Final = re.compile(
    rb"(<(?:\w+:)?Transaction(?:\s[^>]*)?>(?:(?!<(?:\w+:)?LineItem\b).)*?<(?:\w+:)?SequenceNumber>\s*)(\d+)", re.DOTALL
)
"""The number of a POSLog transaction, which stands before its lines."""
_TILL: Final = re.compile(rb"(<(?:\w+:)?WorkstationID(?:\s[^>]*)?>\s*)([^<\s]+)")
_WHEN: Final = re.compile(
    rb"<(?P<prefix>(?:\w+:)?)TransactionLink(?:\s[^>]*)?(?<!/)>.*?</(?P=prefix)TransactionLink>"
    rb"|(?P<tag><(?:\w+:)?(?P<name>BusinessDayDate|\w*DateTime)(?:\s[^>]*)?>\s*)(?P<value>[^<\s]+)",
    re.DOTALL,
)
"""A business day or a time of a POSLog; or a link to an earlier transaction, whose day is not of this one."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One body, and where it goes."""

    account: str
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""

    @property
    def system(self) -> str:
        """The connector."""
        return self.account.partition(".")[0]

    @property
    def path(self) -> str:
        """Of the route."""
        return "/webhooks/" + self.account.replace(".", "/", 1)

    @property
    def delivery_id(self) -> str:
        """The same for the same body, so that the same sample twice is one delivery."""
        return f"sample-{sha256(self.body).hexdigest()[:20]}"


def read_sample(file: Path, account: str | None) -> Sample:
    """What a file asks to be sent.

    Args:
        file: An HTTP API event (payload format 2.0: `rawPath`, `headers`, `body`), or any other file, sent as it is.
        account: As in `poslog.main`; needed for a raw body, which does not say where it goes.

    Raises:
        CommandFailed: It cannot be told where it is to go.
    """
    content = file.read_bytes()
    event = _event(content)
    if event is not None:
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        text = event.get("body") or ""
        body = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()
        return Sample(account or _account_of(event["rawPath"]), body, headers.get("content-type", ""), headers)
    if account is None:
        raise CommandFailed(
            f"{file.name} is a raw body, which does not say where it goes.",
            then="Name the account: --account poslog.main",
            code=Exit.USAGE,
        )
    return Sample(account, content, _TYPES.get(file.suffix.lower(), "application/octet-stream"))


def _event(content: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(content)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "rawPath" in event else None


def _account_of(path: str) -> str:
    route = _ROUTE.search(path)
    if route is None:
        raise CommandFailed(f"{path} is not a webhook's path: /webhooks/<connector>/<account>", code=Exit.USAGE)
    return f"{route['system']}.{route['account']}"


def renewed(sample: Sample, till: str, start: int, now: datetime) -> tuple[Sample, int]:
    """The same sample as if it had just happened again, at another till, and the number after the last it has used.

    A POSLog's transactions are numbered from `start` on and moved in time, in the distances they had: the last of them
    ends now, on today's business day (UTC). Links to earlier transactions stay as they are. `till` is put in the place
    of each workstation: among the numbers of a till that others use, new ones would leave a gap.

    Raises:
        CommandFailed: It is not known where this connector's messages have their identity.
    """
    numbers = [int(match[2]) for match in _TRANSACTION.finditer(sample.body)]
    if sample.system != "poslog" or not numbers:
        raise CommandFailed(f"There is no transaction number to renew in this message of {sample.system}.")
    first = min(numbers)

    def elsewhere(match: re.Match[bytes]) -> bytes:
        header = _TILL.sub(lambda found: found[1] + till.encode(), match[1])
        return header + str(start + int(match[2]) - first).encode()

    body = _TRANSACTION.sub(elsewhere, sample.body)
    return replace(sample, body=_moved(body, now)), start + max(numbers) - first + 1


def _moved(body: bytes, now: datetime) -> bytes:
    """A POSLog moved in time, so that what it says last is said now."""
    found = [(match, _written(match)) for match in _WHEN.finditer(body)]
    days = [value for _, value in found if isinstance(value, date) and not isinstance(value, datetime)]
    times = [_aware(value) for _, value in found if isinstance(value, datetime)]
    later = now.replace(microsecond=0) - max(times) if times else None
    days_later = now.astimezone(UTC).date() - max(days) if days else None

    def move(match: re.Match[bytes]) -> bytes:
        value = _written(match)
        if isinstance(value, datetime) and later is not None:
            moved = (value + later).isoformat().replace("+00:00", "Z")
        elif value is not None and days_later is not None:
            moved = (value + days_later).isoformat()
        else:
            return match[0]
        return match["tag"] + moved.encode()

    return _WHEN.sub(move, body)


def _written(match: re.Match[bytes]) -> date | None:
    """The day, or the time, that stands there; None for a link, and for what is neither."""
    if match["value"] is None:
        return None
    text = match["value"].decode(errors="replace")
    try:
        return date.fromisoformat(text) if match["name"] == b"BusinessDayDate" else datetime.fromisoformat(text)
    except ValueError:
        return None


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)
