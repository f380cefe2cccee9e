"""The event bus: who publishes what is in the ledger, who is rung by it, and where undelivered events go."""

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.buffered_consumer import BufferedConsumer
from infra.constructs.dead_letters import dead_letter_queue
from infra.constructs.pager import Pager
from infra.environments import Environment
from infra.naming import construct_name, physical_name


class Bus(Construct):
    """A bus encrypted with the environment's key, its archive, and one queue for whatever it could not deliver.

    An event on it: source = connector account, detail-type = canonical type,
    detail = `{"stream": ..., "sequence": ..., "event": {...}}`.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, pager: Pager, environment: Environment
    ) -> None:
        super().__init__(scope, construct_id)
        self.undelivered: sqs.Queue = dead_letter_queue(
            self,
            "Undelivered",
            name=physical_name(environment.name, "undelivered"),
            pager=pager,
            meaning="EventBridge could not ring a consumer or run the sweep. Nothing is lost: the sweep "
            "rings consumers from the ledger. The attributes name the rule and the error; mend that, then purge.",
            page="undelivered",
        )
        self.bus = events.EventBus(
            self,
            "Bus",
            event_bus_name=f"lockstep-{environment.name}",
            kms_key=key,
            dead_letter_queue=self.undelivered,
            description=f"Lockstep {environment.name}: canonical events, in no order; the ledger keeps the order",
        )
        self.undelivered.add_to_resource_policy(
            iam.PolicyStatement(
                sid="BusPutsWhatItCannotEncrypt",
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[self.undelivered.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": self.bus.event_bus_arn}},
            )
        )
        archive = self.bus.archive(
            "Archive",
            description=f"Lockstep {environment.name}",
            retention=Duration.days(environment.archive_days),
            event_pattern=events.EventPattern(source=events.Match.exists()),
        )
        # The construct's own `kms_key` leaves the identifier empty (aws-cdk-lib 2.275.0).
        cast("events.CfnArchive", archive.node.default_child).kms_key_identifier = key.key_arn

    def ring(
        self,
        consumer: BufferedConsumer,
        *,
        types: tuple[str, ...],
        source_prefix: str | None = None,
    ) -> None:
        """Ring a consumer's queue for every event of some types.

        What arrives is a doorbell, `{"stream": ..., "bell": <event id>}`: the consumer reads the ledger, so an event
        that comes late, twice or never changes nothing.

        Args:
            consumer: Whom to ring.
            types: Canonical event types.
            source_prefix: Only from accounts whose name begins so.
        """
        rule = events.Rule(
            self,
            f"Rings-{construct_name(consumer.consumer)}",
            event_bus=self.bus,
            description=f"Rings {consumer.consumer}",
            event_pattern=events.EventPattern(
                detail_type=list(types),
                source=events.Match.prefix(source_prefix) if source_prefix else None,
            ),
        )
        rule.add_target(
            targets.SqsQueue(
                consumer.queue,
                message=events.RuleTargetInput.from_object(
                    {"stream": events.EventField.from_path("$.detail.stream"), "bell": events.EventField.event_id}
                ),
                dead_letter_queue=self.undelivered,
            )
        )
