"""The other adapters, against moto."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from lockstep.messaging.errors import ConfigurationError
from lockstep.runtime.aws import S3Claims, SqsDoorbells
from lockstep.runtime.memory import ManualClock
from lockstep.runtime.secrets import Secrets, signing_secrets
from tests.component.conftest import REGION


def received(client: Any, url: str) -> list[dict[str, str]]:
    bodies: list[dict[str, str]] = []
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [json.loads(message["Body"]) for message in messages]
    return bodies


def test_a_bell_is_a_message_a_stream() -> None:
    client = boto3.client("sqs")
    url = client.create_queue(QueueName="erp")["QueueUrl"]
    tokens = iter(f"bell-{number}" for number in range(100))
    bells = SqsDoorbells(client, {"erp.main": url}, lambda: next(tokens))

    bells.ring("erp.main", [f"till:{number}" for number in range(12)] + ["till:0"])

    bodies = received(client, url)
    assert sorted(body["stream"] for body in bodies) == sorted(f"till:{number}" for number in range(12))
    assert all(set(body) == {"stream", "bell"} for body in bodies)


def test_a_probe_says_so_and_a_delayed_bell_waits() -> None:
    client = boto3.client("sqs")
    url = client.create_queue(QueueName="erp")["QueueUrl"]
    bells = SqsDoorbells(client, {"erp.main": url}, lambda: "id")

    bells.ring("erp.main", ["till:1"], probe="token")
    bells.ring("erp.main", ["till:2"], delay=timedelta(hours=2))

    assert received(client, url) == [{"stream": "till:1", "bell": "id", "probe": "token"}]
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesDelayed"] == "1"


def test_a_consumer_without_a_queue_is_our_mistake() -> None:
    with pytest.raises(ConfigurationError, match="no queue is known for consumer nobody"):
        SqsDoorbells(boto3.client("sqs"), {}, lambda: "id").ring("nobody", ["s"])


def test_claims_are_kept_and_missed() -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket="claims", CreateBucketConfiguration={"LocationConstraint": REGION})
    claims = S3Claims(lambda: client, "claims")

    claims.put("D/poslog.main/1", b"body")

    assert claims.get("D/poslog.main/1") == b"body"
    with pytest.raises(KeyError):
        claims.get("D/poslog.main/2")


def test_secrets_are_kept_refreshed_and_checked() -> None:
    client = boto3.client("secretsmanager")
    client.create_secret(Name="good", SecretString=json.dumps({"current": "one"}))
    client.create_secret(Name="bad", SecretString="no json")
    client.create_secret(Name="worse", SecretString=json.dumps({"current": 1}))
    clock = ManualClock()
    secrets = Secrets(client, clock)

    assert signing_secrets(secrets.get("good")) == ("one",)
    client.put_secret_value(SecretId="good", SecretString=json.dumps({"current": "two", "previous": "one"}))
    assert secrets.get("good") == {"current": "one"}, "kept for a while"
    assert secrets.refreshed("good") is None, "a forger cannot make us ask all the time"
    clock.advance(seconds=31)
    assert signing_secrets(secrets.refreshed("good") or {}) == ("two", "one")
    clock.advance(minutes=6)
    client.put_secret_value(SecretId="good", SecretString=json.dumps({"current": "three"}))
    assert secrets.get("good") == {"current": "three"}
    for name, words in (("bad", "not JSON"), ("worse", "not a JSON object of texts"), ("none", "ResourceNotFound")):
        with pytest.raises(ConfigurationError, match=words):
            secrets.get(name)
    with pytest.raises(ConfigurationError, match="no `current`"):
        signing_secrets({})
