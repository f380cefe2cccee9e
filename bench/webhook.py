"""Figure 1: our own CPU per webhook, from the signature to entries that are ready to be sent to DynamoDB.

The sample is a sale of five lines, signed as its sender signs. The connector, accept and the DynamoDB adapter are the
real ones; the DynamoDB client remembers nothing and answers at once, so that no AWS and no network is in the figure.
"""

import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from cli.signing import signed_headers
from infra.registry import connectors
from lockstep.messaging.accept import Acceptor
from lockstep.messaging.inbound import Delivery, InboundConnector, Request
from lockstep.messaging.specs import ConnectorManifest
from lockstep.runtime.aws import DynamoTable
from lockstep.runtime.memory import MemoryClaims, MemoryMetrics, SeededRandom
from lockstep.runtime.settings import AccountSettings
from lockstep.runtime.system import SystemClock

ROUNDS: Final = 1500
LINES: Final = 5
_WARM_UP: Final = 100
_SAMPLES: Final = Path(__file__).resolve().parents[1] / "events" / "apigateway"
_SECRET: Final = "whsec_YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2g="  # noqa: S105  # of nobody
_WITHIN: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class WebhookCost:
    """CPU seconds of many webhooks, one by one."""

    seconds: tuple[float, ...]
    round_trips: float
    """Calls of DynamoDB a webhook."""

    @property
    def median_ms(self) -> float:
        """The median, in milliseconds."""
        return statistics.median(self.seconds) * 1000

    @property
    def ninth_decile_ms(self) -> float:
        """What nine of ten stay under, in milliseconds."""
        return statistics.quantiles(self.seconds, n=10)[-1] * 1000


class _NoAws:
    """A DynamoDB client for an empty table that keeps nothing; counts its calls and what would have been written."""

    def __init__(self) -> None:
        self.calls = 0
        self.written = 0

    def batch_get_item(self, **_: Any) -> dict[str, Any]:
        self.calls += 1
        return {"Responses": {}}

    def get_item(self, **_: Any) -> dict[str, Any]:
        self.calls += 1
        return {}

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        self.calls += 1
        self.written += len(request["TransactItems"])
        return {}


def inbound_connectors() -> Mapping[str, ConnectorManifest]:
    """Every connector that receives webhooks, by system."""
    return {system: manifest for system, manifest in connectors().items() if manifest.inbound is not None}


def measure(
    manifest: ConnectorManifest, *, rounds: int = ROUNDS, progress: Callable[[str], None] = lambda _step: None
) -> WebhookCost:
    """Verify, translate and accept a connector's sample sale, many times.

    Args:
        manifest: Of an inbound connector, whose sample stands in `events/apigateway/<system>.sale.json`.
        rounds: How many times.
        progress: Told each step in a few words.

    Raises:
        FileNotFoundError: It has no sample of a sale.
        ValueError: The sample is not one sale of five lines.
    """
    progress(f"{rounds} webhooks of {manifest.system}")
    account = f"{manifest.system}.main"
    connector: InboundConnector = import_module(f"lockstep.connectors.{manifest.system}.inbound").connector(
        AccountSettings(secret="bench", currency="USD")  # noqa: S106  # a name, is none
    )
    body = json.loads((_SAMPLES / f"{manifest.system}.sale.json").read_text(encoding="utf-8"))["body"].encode()
    aws = _NoAws()
    table = DynamoTable(aws, "bench")
    acceptor = Acceptor(table, MemoryClaims(), SystemClock(), SeededRandom(), MemoryMetrics())
    _check(connector, Delivery(account, "check", body, datetime.now(UTC)))

    taken: list[float] = []
    for number in range(_WARM_UP + rounds):
        now = datetime.now(UTC)
        request = Request(signed_headers(manifest, {"current": _SECRET}, f"bench-{uuid4()}", body, now), body)
        before = time.process_time()
        delivery_id = connector.verify(request, (_SECRET,), now)
        delivery = Delivery(account, delivery_id, request.body, now)
        receipt = acceptor.accept(delivery, connector.translate(delivery).events, within=_WITHIN)
        spent = time.process_time() - before
        if not receipt.accepted:
            raise ValueError(f"{manifest.system}: nothing was accepted")
        if number >= _WARM_UP:
            taken.append(spent)
    if not aws.written:
        raise ValueError(f"{manifest.system}: nothing would have been written")
    return WebhookCost(tuple(taken), aws.calls / (_WARM_UP + rounds))


def _check(connector: InboundConnector, delivery: Delivery) -> None:
    events = connector.translate(delivery).events
    lines = [len(event.model_dump()["data"].get("lines", ())) for event in events]
    if lines != [LINES]:
        raise ValueError(f"{delivery.account}: the sample holds {lines} lines and is to be one sale of {LINES}")
