"""One connector as the kit sees it, and the street on which its door stands."""

import base64
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from cli.fixtures import RECEIVED, Fixture, account_settings, delivery_of, fixtures, kept_headers
from infra import registry
from lockstep.messaging.accept import Acceptor
from lockstep.messaging.conformance import Conformance, Message
from lockstep.messaging.inbound import FETCHED, Delivery, InboundConnector, Request
from lockstep.messaging.ports import Table
from lockstep.messaging.specs import ConnectorManifest, Inbound
from lockstep.runtime.doors import Door
from lockstep.runtime.memory import ManualClock, MemoryClaims, MemoryTable, SeededRandom
from lockstep.runtime.observability import EmbeddedMetrics
from lockstep.runtime.secrets import Secrets
from lockstep.runtime.settings import AccountSettings, InboundSettings

NOW = RECEIVED
HOST = "api.example.com"


def _receives(system: str) -> bool:
    try:
        return registry.manifest(system).inbound is not None
    except registry.RegistryError:
        return True  # the kit says what its folder lacks


SYSTEMS = tuple(system for system in registry.systems() if _receives(system))
"""Every connector that receives, by its folder."""


@dataclass(frozen=True)
class Subject:
    """A connector that is held to the kit."""

    manifest: ConnectorManifest
    inbound: Inbound
    conformance: Conformance

    @classmethod
    def of(cls, system: str) -> "Subject":
        manifest = registry.manifest(system)
        assert manifest.inbound is not None
        return cls(manifest, manifest.inbound, registry.conformance(system))

    @property
    def system(self) -> str:
        return self.manifest.system

    @property
    def account(self) -> str:
        return f"{self.system}.main"

    @property
    def url(self) -> str:
        return f"https://{HOST}/webhooks/{self.system}/main"

    @cached_property
    def fixtures(self) -> list[Fixture]:
        return fixtures(self.manifest)

    @property
    def sent(self) -> list[Fixture]:
        """Those that a vendor sends and that are taken."""
        return [one for one in self.fixtures if not one.refused and not one.topic.startswith(FETCHED)]

    @property
    def settings(self) -> AccountSettings:
        return account_settings(self.conformance, self.account)

    @cached_property
    def connector(self) -> InboundConnector:
        return registry.inbound_connector(self.system)(self.settings)

    def delivery(self, fixture: Fixture, body: bytes | None = None) -> Delivery:
        made = delivery_of(fixture, kept_headers(self.conformance, fixture.name), self.inbound)
        return made if body is None else replace(made, body=body)

    def message(self, fixture: Fixture, body: bytes | None = None, *, at: datetime = NOW) -> Message:
        """A fixture as it is about to be signed."""
        named = {self.inbound.topic_headers[0]: fixture.topic} if self.inbound.topic_headers else {}
        headers = {"content-type": self.conformance.content_type, **named}
        return Message(
            topic=fixture.topic,
            body=fixture.body if body is None else body,
            url=self.url,
            delivery=f"msg_{fixture.path.stem}",
            sent_at=at,
            headers=headers | kept_headers(self.conformance, fixture.name),
        )

    def signed(self, fixture: Fixture, body: bytes | None = None, *, secret: int = 0, at: datetime = NOW) -> Request:
        """A fixture as its vendor would send it."""
        return self.conformance.sign(self.message(fixture, body, at=at), self.conformance.secrets[secret])


@dataclass
class Vault:
    """What of Secrets Manager a door uses."""

    value: dict[str, str]

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803
        return {"SecretString": json.dumps(self.value)}


@dataclass
class Street:
    """A door on ports in memory."""

    subject: Subject
    table: Table = field(default_factory=MemoryTable)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    both: bool = False
    """Whether the second secret is valid beside the first."""

    def __post_init__(self) -> None:
        first, second = self.subject.conformance.secrets
        value = {"current": second, "previous": first} if self.both else {"current": first}
        self.claims = MemoryClaims()
        metrics = EmbeddedMetrics("test")
        self.door = Door(
            self.subject.manifest,
            registry.inbound_connector(self.subject.system),
            settings=InboundSettings(
                environment="test",
                ledger_table="ledger",
                claims_bucket="claims",
                accounts={self.subject.account: self.subject.settings},
            ),
            acceptor=Acceptor(self.table, self.claims, self.clock, SeededRandom(), metrics),
            secrets=Secrets(Vault(value), self.clock),
            clock=self.clock,
            metrics=metrics,
        )

    @property
    def items(self) -> dict[Any, Any]:
        assert isinstance(self.table, MemoryTable)
        return self.table.items

    def call(self, request: Request, *, base64_body: bool = False, account: str = "main", **changes: Any) -> Any:
        """Send a call; what the door answers."""
        return self.door.answer(
            api_event(self.subject.system, request, base64_body=base64_body, account=account) | changes
        )


def api_event(system: str, request: Request, *, base64_body: bool = False, account: str = "main") -> dict[str, Any]:
    """A call in the HTTP API's payload format 2.0."""
    try:
        body = base64.b64encode(request.body).decode() if base64_body else request.body.decode()
    except UnicodeDecodeError:  # the API marks what is no text
        body, base64_body = base64.b64encode(request.body).decode(), True
    return {
        "version": "2.0",
        "rawPath": f"/webhooks/{system}/{account}",
        "rawQueryString": "",
        "headers": dict(request.headers),
        "body": body,
        "isBase64Encoded": base64_body,
        "pathParameters": {"account": account},
        "requestContext": {"domainName": HOST, "http": {"method": request.method}},
    }


def later(minutes: float) -> datetime:
    """A time after that at which fixtures are sent."""
    return NOW + timedelta(minutes=minutes)


__all__ = ["FETCHED", "HOST", "NOW", "SYSTEMS", "UTC", "Street", "Subject", "api_event", "later"]
