"""What the Lambda handler of every ordered consumer is made of, at its first call."""

from typing import Any

from lockstep.runtime.aws import DynamoTable, SqsDoorbells
from lockstep.runtime.bells import BellAnswers
from lockstep.runtime.clients import client
from lockstep.runtime.observability import EmbeddedMetrics
from lockstep.runtime.settings import ConsumerSettings
from lockstep.runtime.system import SystemClock, SystemRandom


class Parts:
    """The core's ports on AWS for one consumer, and what answers its queue."""

    def __init__(self, consumer: str, settings: ConsumerSettings) -> None:
        self.clock = SystemClock()
        self.random = SystemRandom()
        self.metrics = EmbeddedMetrics(settings.environment)
        self.table = DynamoTable(client("dynamodb"), settings.ledger_table)
        self.doorbells = SqsDoorbells(client("sqs"), settings.queues, self.random.token)
        queue = settings.queues[consumer]

        def hide(receipt: str, seconds: int) -> None:
            client("sqs").change_message_visibility(QueueUrl=queue, ReceiptHandle=receipt, VisibilityTimeout=seconds)

        self.answers = BellAnswers(
            consumer,
            table=self.table,
            doorbells=self.doorbells,
            clock=self.clock,
            metrics=self.metrics,
            max_receives=settings.max_receives,
            hide=hide,
        )

    @property
    def ports(self) -> dict[str, Any]:
        """The ports by the names under which the core's consumers take them."""
        return {
            "table": self.table,
            "doorbells": self.doorbells,
            "clock": self.clock,
            "random": self.random,
            "metrics": self.metrics,
        }
