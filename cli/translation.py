"""Tries a connector's translation on one message, as its door and its intake would, without a stack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from lockstep.canonical.events import DocumentUnbalanced, Event, TransactionUnbalanced
from lockstep.canonical.notices import ResourceNotice
from lockstep.messaging.errors import BusinessError, MessageMalformed, SenderError
from lockstep.messaging.inbound import FETCHED, UNDECLARED, Delivery, InboundConnector, Translation
from lockstep.messaging.intake import UNREADABLE
from lockstep.messaging.specs import Inbound
from lockstep.messaging.topics import declared_topic

CASES: Final[dict[str, str]] = {
    TransactionUnbalanced.type_name(): "unbalanced_totals",
    DocumentUnbalanced.type_name(): "unbalanced_totals",
}
"""Events that say that something genuine cannot be used as it is, with the kind of case that they become."""
UNDECLARED_CODE: Final = "topic_not_declared"


class Verdict(StrEnum):
    """What becomes of a message."""

    TRANSLATED = "translated"
    IGNORED = "ignored"
    EXCEPTION = "exception"
    """It is genuine, and a person has to look at it: a case."""
    REFUSED = "refused"
    """The sender has to change it."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one message."""

    outcome: Verdict
    code: str
    """`ok`; why it is ignored or refused; or the kind of case."""
    events: tuple[Event, ...] = ()
    notices: tuple[ResourceNotice, ...] = ()
    ignored: tuple[str, ...] = ()
    """Reasons for what is no event."""
    error: str = ""
    """What is wrong, in words."""

    def to_json(self) -> dict[str, Any]:
        """As the command prints it."""
        printed: dict[str, Any] = {
            "outcome": self.outcome.value,
            "code": self.code,
            "events": [event.model_dump(mode="json", exclude_none=True) for event in self.events],
            "notices": [notice.model_dump(mode="json", exclude_none=True) for notice in self.notices],
        }
        if self.ignored:
            printed["ignored"] = list(self.ignored)
        if self.error:
            printed["error"] = self.error
        return printed


@dataclass(slots=True)
class _Gathered:
    events: list[Event] = field(default_factory=list)
    notices: list[ResourceNotice] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    read: int = 0
    """How many of the notices were read: what counts then is what came of that."""

    def add(self, translation: Translation) -> None:
        self.events += translation.events
        self.notices += translation.notices
        self.ignored += translation.ignored


def try_message(
    connector: InboundConnector,
    inbound: Inbound,
    account: str,
    topic: str,
    body: bytes,
    *,
    headers: Mapping[str, str] | None = None,
    fetched: bytes | None = None,
    received_at: datetime | None = None,
) -> Tried:
    """Translate a message, and what it only hints at if that is given.

    Args:
        connector: Of the account.
        inbound: What it declares.
        account: As in `shop.main`.
        topic: In the vendor's words, however written; or `fetched/<resource>` for what was read at the vendor.
        body: The message.
        headers: Of the call, in lower case; those that the manifest keeps are passed on.
        fetched: What reading at the vendor would answer to each notice.
        received_at: UTC; now when left out.

    Raises:
        Exception: The translation has a defect.
    """
    declared = declared_topic(inbound, topic)
    if declared is None and inbound.topic_headers:
        return Tried(Verdict.IGNORED, UNDECLARED_CODE, error=f"{topic!r} is none of the declared topics")
    named = declared if declared is not None and (inbound.topic_headers or declared not in inbound.topics) else ""
    kept = {name: value for name, value in (headers or {}).items() if name in inbound.kept_headers}
    at = received_at or datetime.now(UTC)
    delivery_id = f"sample-{sha256(body).hexdigest()[:20]}"
    found = _Gathered()
    was_read = named.startswith(FETCHED)
    try:
        found.add(connector.translate(Delivery(account, delivery_id, body, at, named, kept)))
        if fetched is not None:
            was_read = True
            found.read = len(found.notices)
            for resource in dict.fromkeys(notice.resource for notice in found.notices):
                name = f"{FETCHED}{resource}"
                found.add(connector.translate(Delivery(account, f"{name}/{delivery_id}", fetched, at, name)))
    except (BusinessError, SenderError) as error:
        return _failed(error, found, asked_for=declared is not None, was_read=was_read)
    return _tried(found)


def _failed(error: BusinessError | SenderError, found: _Gathered, *, asked_for: bool, was_read: bool) -> Tried:
    """What follows from a failure: a case, a refusal, or nothing where nobody asked for the message."""
    so_far = tuple(found.events), tuple(found.notices)
    if isinstance(error, BusinessError):
        return Tried(Verdict.EXCEPTION, error.cases[0].kind if error.cases else "unusable", *so_far, error=str(error))
    if was_read and isinstance(error, MessageMalformed):  # we asked for it: nobody can be refused, a person has to look
        return Tried(Verdict.EXCEPTION, UNREADABLE, *so_far, error=str(error))
    if not asked_for:  # and what it holds does not say otherwise
        return Tried(Verdict.IGNORED, UNDECLARED_CODE, error=str(error))
    return Tried(Verdict.REFUSED, refusal_code(error), error=str(error))


def refusal_code(error: SenderError) -> str:
    """A refusal's name: `message_malformed` of `MessageMalformed`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(error).__name__).lstrip("_")


def _tried(found: _Gathered) -> Tried:
    events, notices, ignored = tuple(found.events), tuple(found.notices), tuple(found.ignored)
    cases = [CASES[event.type] for event in events if event.type in CASES]
    if cases:
        return Tried(Verdict.EXCEPTION, cases[0], events, notices, ignored)
    if events or notices[found.read :]:
        return Tried(Verdict.TRANSLATED, "ok", events, notices, ignored)
    return Tried(Verdict.IGNORED, _why_ignored(ignored), notices=notices, ignored=ignored)


def _why_ignored(reasons: Sequence[str]) -> str:
    if any(reason.startswith(UNDECLARED) for reason in reasons):
        return UNDECLARED_CODE
    return "not_for_us"
