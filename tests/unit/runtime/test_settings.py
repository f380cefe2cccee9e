"""A function's environment: what infrastructure writes is what the function reads, also when it is long."""

from datetime import UTC, datetime

import pytest

from lockstep.canonical.streams import StreamKind
from lockstep.messaging.errors import ConfigurationError
from lockstep.messaging.topology import Consumer
from lockstep.runtime.settings import AccountSettings, InboundSettings, SweepSettings

CONSUMERS = tuple(
    Consumer(id=f"intake.system_{number}", kinds=(StreamKind.INTAKE,), active_from=datetime(2026, 1, 1, tzinfo=UTC))
    for number in range(40)
)


def test_long_values_are_packed_and_read_again() -> None:
    settings = SweepSettings(environment="test", ledger_table="ledger", consumers=CONSUMERS, queues={})

    variables = settings.variables()

    assert len(variables["LOCKSTEP_CONSUMERS"]) < 1000
    assert SweepSettings.load(variables) == settings


def test_what_only_a_deployment_knows_stays_readable_for_it() -> None:
    queues = {consumer.id: f"https://${{Token[TOKEN.{number}]}}" for number, consumer in enumerate(CONSUMERS)}
    settings = SweepSettings(environment="test", ledger_table="ledger", consumers=CONSUMERS, queues=queues)

    assert "${Token[TOKEN.7]}" in settings.variables()["LOCKSTEP_QUEUES"]
    assert SweepSettings.load(settings.variables()) == settings


def test_short_values_are_plain_json() -> None:
    account = AccountSettings(secret="s", notification_url="https://x.example")
    settings = InboundSettings(environment="t", ledger_table="l", claims_bucket="c", accounts={"a.b": account})
    assert settings.variables()["LOCKSTEP_ACCOUNTS"].startswith('{"a.b":{')
    assert InboundSettings.load(settings.variables()) == settings


@pytest.mark.parametrize("raw", ["zlib:", "zlib:AAAA", "zlib:\u00e9", "{", "zlib:eJwDAAAAAAE="])
def test_what_is_neither_is_said(raw: str) -> None:
    given = {"LOCKSTEP_ENVIRONMENT": "t", "LOCKSTEP_LEDGER_TABLE": "l", "LOCKSTEP_CONSUMERS": raw}
    with pytest.raises(ConfigurationError, match="LOCKSTEP_CONSUMERS"):
        SweepSettings.load(given)
