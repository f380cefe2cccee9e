"""A poster whose own set-up is wrong: it is stopped where operators look, and a repair counts at once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from lockstep.connectors.shopify.manifest import MANIFEST as SHOPIFY
from lockstep.connectors.tryton.manifest import MANIFEST as TRYTON
from lockstep.messaging.breaker import Breaker, close
from lockstep.messaging.errors import ConfigurationError
from lockstep.messaging.ledger import breaker_key
from lockstep.messaging.specs import ConnectorManifest
from lockstep.messaging.topology import Consumer
from lockstep.runtime import clients
from lockstep.runtime.aws import DynamoTable
from lockstep.runtime.consumers import document_poster_handler, state_poster_handler
from lockstep.runtime.settings import AccountSettings, PosterSettings
from lockstep.runtime.system import SystemClock

ACCOUNT = "target.main"
SECRET = "lockstep/test/target.main"
RIGHT = {"password": "right"}


class Invocation:
    """What Lambda tells a function about itself."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class Poster:
    """A poster's Lambda, its secret, and what it made of it."""

    def __init__(self, manifest: ConnectorManifest, table: DynamoTable) -> None:
        self.table = table
        self.made_with: list[dict[str, str]] = []
        self.handler = (
            state_poster_handler(manifest, self._connect, collection="position", value_of=lambda _record: 0)
            if manifest is SHOPIFY
            else document_poster_handler(manifest, self._connect)
        )

    def _connect(self, account: str, secret: Any, settings: AccountSettings) -> Any:
        assert (account, settings.secret) == (ACCOUNT, SECRET)
        self.made_with.append(dict(secret))
        if secret != RIGHT:
            raise ConfigurationError("the password is not taken")
        return object()  # nothing waits, so nothing is asked of it

    def ring(self) -> Any:
        record = {
            "messageId": "m",
            "receiptHandle": "r",
            "attributes": {"ApproximateReceiveCount": "1"},
            "body": json.dumps({"stream": "till:poslog.main:101/1", "bell": "b"}),
        }
        return self.handler({"Records": [record]}, Invocation())

    @property
    def breaker(self) -> Breaker:
        key = breaker_key(ACCOUNT)
        return Breaker.of(ACCOUNT, self.table.get([key]).get(key))


def keep(text: str) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=text)


@pytest.fixture(params=[TRYTON, SHOPIFY], ids=["documents", "state"])
def poster(request: pytest.FixtureRequest, ledger_name: str, monkeypatch: pytest.MonkeyPatch) -> Poster:
    clients.client.cache_clear()
    clients._session.cache_clear()
    queue = boto3.client("sqs").create_queue(QueueName="bells")["QueueUrl"]
    boto3.client("secretsmanager").create_secret(Name=SECRET, SecretString="random at first")
    settings = PosterSettings(
        environment="test",
        ledger_table=ledger_name,
        masterdata_table=ledger_name,
        account=ACCOUNT,
        accounts={ACCOUNT: AccountSettings(secret=SECRET)},
        consumer=Consumer(id=ACCOUNT, kinds=(), active_from=datetime(2026, 1, 1, tzinfo=UTC)),
        queues={ACCOUNT: queue},
        max_receives=5,
    )
    for name, value in settings.variables().items():
        monkeypatch.setenv(name, value)
    return Poster(request.param, DynamoTable(boto3.client("dynamodb"), ledger_name))


@pytest.mark.parametrize(
    ("secret", "reason"),
    [("random at first", "is not JSON"), (json.dumps({"password": "wrong"}), "the password is not taken")],
)
def test_a_target_that_cannot_be_made_is_stopped_and_says_why(poster: Poster, secret: str, reason: str) -> None:
    keep(secret)

    assert poster.ring() == {"batchItemFailures": []}

    assert poster.breaker.configuration
    assert reason in poster.breaker.reason
    assert not poster.breaker.may_be_probed(SystemClock().now() + timedelta(days=1))


def test_a_repaired_secret_counts_at_once(poster: Poster) -> None:
    keep(json.dumps({"password": "wrong"}))
    poster.ring()
    keep(json.dumps(RIGHT))
    close(poster.table, ACCOUNT, SystemClock().now(), by="somebody")

    poster.ring()

    assert poster.made_with[-1] == RIGHT
    assert not poster.breaker.is_open
