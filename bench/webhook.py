"""Figure 1: our own CPU per webhook, from the signature to entries that are ready to be sent to DynamoDB.

The sample is a message of the connector's own fixtures with a document of five lines, signed as its sender signs. Where
a vendor's message only names what changed, that is measured, and beside it what is read afterwards. A connector whose
messages have no lines is measured on its largest. The connector, accept and the DynamoDB adapter are the real ones; the
DynamoDB client remembers nothing and answers at once, so that no AWS and no network is in the figure.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from cli.fixtures import Fixture, account_settings, delivery_of, fixtures, kept_headers
from infra import registry
from infra.registry import connectors
from lockstep.messaging.accept import Acceptor, events_of
from lockstep.messaging.conformance import Conformance, Message
from lockstep.messaging.inbound import FETCHED, Delivery, InboundConnector, Request, Translation
from lockstep.messaging.specs import ConnectorManifest, Inbound
from lockstep.runtime.aws import DynamoTable
from lockstep.runtime.memory import MemoryClaims, MemoryMetrics, SeededRandom
from lockstep.runtime.system import SystemClock

ROUNDS: Final = 1500
LINES: Final = 5
_WARM_UP: Final = 100
_HOST: Final = "https://api.example.com"
_WITHIN: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Sample:
    """A message that is measured."""

    fixture: Fixture
    what: str
    """What it is, in a few words."""

    @property
    def is_read(self) -> bool:
        """Whether it is what we read at the vendor: nobody signs that."""
        return self.fixture.topic.startswith(FETCHED)


@dataclass(frozen=True, slots=True)
class WebhookCost:
    """CPU seconds of many webhooks, one by one."""

    sample: Sample
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


def samples(manifest: ConnectorManifest, connector: InboundConnector, conformance: Conformance) -> list[Sample]:
    """What is measured of a connector.

    Raises:
        ValueError: Its folder holds no message that becomes anything.
    """
    inbound = _inbound(manifest)
    found: list[tuple[Fixture, int]] = []
    for fixture in fixtures(manifest):
        if not fixture.refused:
            said = connector.translate(delivery_of(fixture, kept_headers(conformance, fixture.name), inbound))
            if said.events or said.notices:
                found.append((fixture, _lines(said)))
    sent = [(fixture, lines) for fixture, lines in found if not fixture.topic.startswith(FETCHED)]
    if not sent:
        raise ValueError(f"{manifest.system}: no fixture becomes anything")
    documents = [fixture for fixture, lines in sent if lines == LINES]
    if documents:
        return [Sample(documents[0], f"{LINES}-line document")]
    largest = max((fixture for fixture, _ in sent), key=lambda fixture: len(fixture.body))
    read = [fixture for fixture, lines in found if fixture.topic.startswith(FETCHED) and lines == LINES]
    return [Sample(largest, "its largest message"), *(Sample(one, f"{LINES}-line document, read") for one in read[:1])]


def measure(
    manifest: ConnectorManifest, *, rounds: int = ROUNDS, progress: Callable[[str], None] = lambda _step: None
) -> list[WebhookCost]:
    """Verify, translate and accept a connector's samples, many times.

    Args:
        manifest: Of an inbound connector.
        rounds: How many times.
        progress: Told each step in a few words.

    Raises:
        ValueError: A sample is not accepted, or there is none.
    """
    conformance = registry.conformance(manifest.system)
    settings = account_settings(conformance, f"{manifest.system}.main")
    connector = registry.inbound_connector(manifest.system)(settings)
    costs = []
    for sample in samples(manifest, connector, conformance):
        progress(f"{rounds} webhooks of {manifest.system}: {sample.what}")
        costs.append(_measure(sample, connector, conformance, _inbound(manifest), rounds))
    return costs


def _measure(
    sample: Sample, connector: InboundConnector, conformance: Conformance, inbound: Inbound, rounds: int
) -> WebhookCost:
    aws = _NoAws()
    acceptor = Acceptor(DynamoTable(aws, "bench"), MemoryClaims(), SystemClock(), SeededRandom(), MemoryMetrics())
    kept = kept_headers(conformance, sample.fixture.name)
    delivery = delivery_of(sample.fixture, kept, inbound)
    taken: list[float] = []
    for number in range(_WARM_UP + rounds):
        now = datetime.now(UTC)
        call = None if sample.is_read else _signed(sample.fixture, conformance, inbound, now)
        before = time.process_time()
        delivery_id = connector.verify(call, conformance.secrets[:1], now) if call else f"bench-{number}"
        came = Delivery(delivery.account, delivery_id, delivery.body, now, delivery.topic, delivery.headers)
        said = connector.translate(came)
        receipt = acceptor.accept(came, events_of(came, said), within=_WITHIN)
        spent = time.process_time() - before
        if not receipt.accepted:
            raise ValueError(f"{sample.fixture.system}: nothing was accepted")
        if number >= _WARM_UP:
            taken.append(spent)
    if not aws.written:
        raise ValueError(f"{sample.fixture.system}: nothing would have been written")
    return WebhookCost(sample, tuple(taken), aws.calls / (_WARM_UP + rounds))


def _signed(fixture: Fixture, conformance: Conformance, inbound: Inbound, now: datetime) -> Request:
    named = {inbound.topic_headers[0]: fixture.topic} if inbound.topic_headers else {}
    message = Message(
        topic=fixture.topic,
        body=fixture.body,
        url=f"{_HOST}/webhooks/{fixture.system}/main",
        delivery=f"bench-{uuid4()}",
        sent_at=now,
        headers={"content-type": conformance.content_type, **named, **kept_headers(conformance, fixture.name)},
    )
    return conformance.sign(message, conformance.secrets[0])


def _lines(said: Translation) -> int:
    return max((len(event.model_dump()["data"].get("lines", ())) for event in said.events), default=0)


def _inbound(manifest: ConnectorManifest) -> Inbound:
    if manifest.inbound is None:
        raise ValueError(f"{manifest.system} receives nothing")
    return manifest.inbound
