"""Dead-letter queues of SQS, on the local stack and in an account alike: receive, send, delete.

SQS can move messages by itself (`StartMessageMoveTask`), but then nobody sees which lanes start again.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from lockstep.messaging.errors import EndpointUnavailable
from lockstep.operations.dead_letters import Letter

_A_CALL: Final = 10
"""Messages that one call takes (SQS)."""
_HIDDEN_SECONDS: Final = 60
_REASONS: Final = ("RULE_ARN", "ERROR_CODE", "ERROR_MESSAGE")
"""Attributes in which EventBridge says what it could not hand on, and why (EventBridge user guide, dead-letter queues).
"""
_WAIT_SECONDS: Final = 1
"""Who waits asks every server of a queue; who does not, a sample of them, and may be told that it is empty (SQS)."""


class SqsDeadLetters:
    """See `DeadLetterQueues`."""

    def __init__(self, client: Any, queues: Mapping[str, str], dead_letters: Mapping[str, str]) -> None:
        """Args:
        client: A boto3 SQS client.
        queues: Queue URL by consumer; also of others whose dead letters go back to one.
        dead_letters: Dead-letter queue URL by the same names, and of those that go back to none.
        """
        self._client = client
        self._queues = queues
        self._dead_letters = dead_letters

    def count(self, consumer: str) -> int:
        """See `DeadLetterQueues.count`."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        url = self._dead_letters[consumer]
        attributes = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(attributes.get(name, 0)) for name in names)

    def take(self, consumer: str) -> Sequence[Letter]:
        """See `DeadLetterQueues.take`."""
        messages = self._client.receive_message(
            QueueUrl=self._dead_letters[consumer],
            MaxNumberOfMessages=_A_CALL,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=_WAIT_SECONDS,
            AttributeNames=["SentTimestamp"],
            MessageAttributeNames=list(_REASONS),
        ).get("Messages", ())
        return [
            Letter(
                message["ReceiptHandle"],
                message["Body"],
                datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
                _why(message.get("MessageAttributes", {})),
            )
            for message in messages
        ]

    def put_back(self, consumer: str, letters: Sequence[Letter]) -> None:
        """See `DeadLetterQueues.put_back`. One that cannot be put back is seen again within a minute."""
        for batch in _batches(letters):
            self._client.change_message_visibility_batch(
                QueueUrl=self._dead_letters[consumer],
                Entries=[
                    {"Id": str(number), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                    for number, letter in enumerate(batch)
                ],
            )

    def send(self, consumer: str, letters: Sequence[Letter]) -> None:
        """See `DeadLetterQueues.send`."""
        for batch in _batches(letters):
            answer = self._client.send_message_batch(
                QueueUrl=self._queues[consumer],
                Entries=[{"Id": str(number), "MessageBody": letter.body} for number, letter in enumerate(batch)],
            )
            if answer.get("Failed"):
                raise EndpointUnavailable(f"SQS took back only {len(batch) - len(answer['Failed'])} of {len(batch)}")

    def delete(self, consumer: str, letters: Sequence[Letter]) -> None:
        """See `DeadLetterQueues.delete`. One that stays is sent back once more, which does no harm."""
        for batch in _batches(letters):
            self._client.delete_message_batch(
                QueueUrl=self._dead_letters[consumer],
                Entries=[{"Id": str(number), "ReceiptHandle": letter.receipt} for number, letter in enumerate(batch)],
            )


def _why(attributes: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(attributes[name]["StringValue"] for name in _REASONS if name in attributes)


def _batches(letters: Sequence[Letter]) -> list[Sequence[Letter]]:
    return [letters[start : start + _A_CALL] for start in range(0, len(letters), _A_CALL)]
