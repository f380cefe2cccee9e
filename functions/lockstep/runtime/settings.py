"""Each function's environment, validated once.

A function's variables are the upper-case field names of its settings model behind `LOCKSTEP_`; values that are not
plain text are JSON, and long ones packed: Lambda takes 4 KB for all of a function's variables. Infrastructure builds
them from the same models, and a template test validates what it built.
"""

import json
import os
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lockstep.messaging.errors import ConfigurationError
from lockstep.messaging.specs import Role
from lockstep.messaging.topology import Consumer

PREFIX = "LOCKSTEP_"
_PACKED: Final = "zlib:"
_LONG: Final = 1000
_UNKNOWN_YET: Final = "${Token["
"""What the infrastructure writes in the place of a name or address that there is not yet."""


class AccountSettings(BaseModel):
    """One connector account: where its secret is, and which hosts it may name beyond the manifest's."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    secret: str
    """Name or ARN in Secrets Manager. Inbound: `{"current": ..., "previous": ...}`. Outbound: connection and token."""
    allowed_hosts: tuple[str, ...] = ()
    currency: str | None = None
    """ISO 4217 code for messages of this account that name none."""
    time_zone: str = "UTC"
    """IANA name, for times of this account that are written without an offset."""
    notification_url: str | None = None
    """The address at which the vendor calls, exactly as registered there: some sign it. None: that which was called."""
    event_source: str | None = None
    """Name of the vendor's event source on the cloud's partner bus, where it delivers that way."""
    takes_tests: bool = False
    """What the vendor marks as a test is taken like any other."""


class FunctionSettings(BaseModel):
    """What every function knows."""

    # A process loads one of these models: the others are never built.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    environment: str

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read and check the function's variables.

        Raises:
            ConfigurationError: A variable is missing or malformed; names each one.
        """
        values: dict[str, object] = {}
        for name, field in cls.model_fields.items():
            raw = environ.get(PREFIX + name.upper())
            if raw is None:
                continue
            values[name] = raw if field.annotation in (str, int, float, bool) else _json(name, raw)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            wrong = ", ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
            raise ConfigurationError(f"environment of this function is wrong: {wrong}") from error

    def variables(self) -> dict[str, str]:
        """The same settings as environment variables, for infrastructure and tests."""
        dumped = self.model_dump(mode="json", exclude_defaults=True)
        return {
            PREFIX + name.upper(): value if isinstance(value, str) else _written(value)
            for name, value in dumped.items()
        }


def _written(value: object) -> str:
    """JSON; packed where that is long and holds nothing that only a deployment knows."""
    text = json.dumps(value, separators=(",", ":"))
    if len(text) < _LONG or _UNKNOWN_YET in text:
        return text
    return _PACKED + urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()


def _json(name: str, raw: str) -> object:
    try:
        packed = raw.startswith(_PACKED)
        return json.loads(zlib.decompress(urlsafe_b64decode(raw.removeprefix(_PACKED))) if packed else raw)
    except (ValueError, zlib.error) as error:  # a JSONDecodeError, or what is no base64
        raise ConfigurationError(f"{PREFIX}{name.upper()} is not JSON: {error}") from error


class InboundSettings(FunctionSettings):
    """A connector's door."""

    ledger_table: str
    claims_bucket: str
    accounts: dict[str, AccountSettings]
    """By account name, as in `poslog.main`."""


class PollingSettings(FunctionSettings):
    """A connector's scheduled catching up."""

    ledger_table: str
    claims_bucket: str
    accounts: dict[str, AccountSettings]


class ConsumerSettings(FunctionSettings):
    """What every ordered consumer behind a queue knows."""

    ledger_table: str
    queues: dict[str, str]
    """Queue URL by consumer: those it rings, and its own, to leave off and go on later."""
    max_receives: int = Field(ge=1)


class IntakeSettings(ConsumerSettings):
    """The consumer that expands a connector's large deliveries."""

    claims_bucket: str
    accounts: dict[str, AccountSettings]


class RelaySettings(FunctionSettings):
    """The relay from the ledger's change stream to the bus."""

    bus_name: str


class WorkflowSettings(ConsumerSettings):
    """A workflow's handler; it rings its target accounts."""

    masterdata_table: str
    roles: dict[Role, tuple[str, ...]]
    """Target accounts by role."""
    case_owners: dict[str, str] = Field(default_factory=dict)
    """Who answers for a case, by its kind."""


class PosterSettings(ConsumerSettings):
    """A poster of one target account; it rings the lanes that waited for the target when that is back."""

    masterdata_table: str
    account: str
    accounts: dict[str, AccountSettings]
    """Its own account alone."""
    consumer: Consumer
    """What it reads, and who feeds it."""
    case_owners: dict[str, str] = Field(default_factory=dict)
    """Who answers for a case, by its kind."""


class SweepSettings(FunctionSettings):
    """The sweep."""

    ledger_table: str
    consumers: tuple[Consumer, ...]
    """Every workflow and poster of the environment. Intakes are told by their queues: variables have little room."""
    queues: dict[str, str]
    """Queue URL by consumer."""
    rings_at_once: int = Field(default=500, ge=1)
    case_owners: dict[str, str] = Field(default_factory=dict)
    """Who answers for a case that the sweep opens, by its kind."""
