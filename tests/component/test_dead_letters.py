"""Dead-letter queues, against moto."""

import json
from typing import Any

import boto3
import pytest

from lockstep.operations.sqs_dead_letters import SqsDeadLetters

BODIES = [json.dumps({"stream": f"till:{number}", "bell": f"b{number}"}) for number in range(12)]


@pytest.fixture
def sqs() -> Any:
    return boto3.client("sqs")


@pytest.fixture
def queues(sqs: Any) -> dict[str, str]:
    return {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("erp", "erp-dead")}


@pytest.fixture
def dead_letters(sqs: Any, queues: dict[str, str]) -> SqsDeadLetters:
    for body in BODIES:
        sqs.send_message(QueueUrl=queues["erp-dead"], MessageBody=body)
    return SqsDeadLetters(sqs, {"erp.main": queues["erp"]}, {"erp.main": queues["erp-dead"]})


def all_of(dead_letters: SqsDeadLetters) -> list[Any]:
    letters: list[Any] = []
    while taken := dead_letters.take("erp.main"):
        letters += taken
    return letters


def test_what_was_taken_is_hidden_until_it_is_put_back(dead_letters: SqsDeadLetters) -> None:
    letters = all_of(dead_letters)

    assert sorted(letter.body for letter in letters) == sorted(BODIES)
    assert letters[0].sent_at.tzinfo is not None
    assert list(dead_letters.take("erp.main")) == []
    assert dead_letters.count("erp.main") == len(BODIES)

    dead_letters.put_back("erp.main", letters)

    assert len(all_of(dead_letters)) == len(BODIES)


def test_what_is_sent_back_is_the_same_and_gone_from_where_it_was(
    dead_letters: SqsDeadLetters, sqs: Any, queues: dict[str, str]
) -> None:
    letters = all_of(dead_letters)

    dead_letters.send("erp.main", letters)
    dead_letters.delete("erp.main", letters)

    assert dead_letters.count("erp.main") == 0
    back: list[str] = []
    while messages := sqs.receive_message(QueueUrl=queues["erp"], MaxNumberOfMessages=10).get("Messages"):
        back += [message["Body"] for message in messages]
    assert sorted(back) == sorted(BODIES)
