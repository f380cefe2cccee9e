"""What becomes of a real message, in a few words that a table can hold."""

from datetime import UTC, datetime

from cli.fixtures import account_settings
from infra import registry
from lockstep.canonical.events import Event
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery
from tests.contract.kit.shared import PAYLOADS

RECEIVED = datetime(2026, 11, 23, tzinfo=UTC)


def outcome(system: str, topic: str, file: str, *, currency: str = "USD") -> list[str]:
    """Its events with their amounts, its notices, and why the rest is ignored; or why it is refused."""
    account = f"{system}.main"
    settings = account_settings(registry.conformance(system), account).model_copy(update={"currency": currency})
    connector = registry.inbound_connector(system)(settings)
    body = (PAYLOADS / system / file).read_bytes()
    try:
        translation = connector.translate(Delivery(account, "d1", body, RECEIVED, topic))
    except MessageMalformed as error:
        return [f"refused: {error}"]
    return [
        *(_event(event) for event in translation.events),
        *(f"notice {notice.resource} {notice.key}" for notice in translation.notices),
        *(f"ignored: {reason}" for reason in translation.ignored),
    ]


def _event(event: Event) -> str:
    data = event.data  # type: ignore[attr-defined]  # each type has it
    amount = next((getattr(data, name) for name in ("total", "stated", "amount") if hasattr(data, name)), None)
    kind = getattr(data, "kind", None)
    return " ".join(str(word) for word in (event.type, kind and kind.value, amount) if word is not None)
