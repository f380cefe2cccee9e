"""What runs: the door, the relay, the bus, every consumer and the sweep."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct
from pydantic import TypeAdapter

from infra.constructs import grants
from infra.constructs.buffered_consumer import BufferedConsumer
from infra.constructs.bus import Bus
from infra.constructs.dead_letters import dead_letter_queue
from infra.constructs.exception_queue import ExceptionQueue
from infra.constructs.function import LockstepFunction
from infra.constructs.operators import Operators
from infra.constructs.partner_entry import PartnerEntry
from infra.constructs.webhook_api import WebhookApi
from infra.naming import construct_name, physical_name, secret_name
from infra.plan import Door, Plan, Target
from infra.stacks.stateful import OPEN_INDEX, REFERENCE_INDEX, StatefulStack
from lockstep.canonical.events import DeliveryReceived, ResourceChanged
from lockstep.messaging.awaiting import SEQUENCE_GAP
from lockstep.messaging.maintenance import MaintenanceWindow
from lockstep.messaging.specs import Delivery, WorkflowSpec
from lockstep.messaging.topics import resources
from lockstep.runtime.intake import READERS_AT_ONCE
from lockstep.runtime.settings import (
    AccountSettings,
    FunctionSettings,
    InboundSettings,
    IntakeSettings,
    PollingSettings,
    PosterSettings,
    RelaySettings,
    SweepSettings,
    WorkflowSettings,
)

_CONSUMER_TIMEOUT = timedelta(seconds=60)
_CALLS_A_POSTER_RUN = 4
_RELAY_TIMEOUT = timedelta(seconds=60)
_RELAY_PATIENCE = Duration.hours(1)
"""Longer than any passing trouble of the bus; what it then gives up is rung by the sweep."""
_RELAY_BATCH = 100
_WINDOWS = TypeAdapter(dict[str, tuple[MaintenanceWindow, ...]])
_SWEEP_TIMEOUT = timedelta(seconds=50)  # less than the minute to the next one
_INTAKE_LATE_AFTER = timedelta(minutes=5)
_POLLING_TIMEOUT = timedelta(minutes=5)
_BUS_TIMEOUT = timedelta(seconds=30)


class IntegrationStack(Stack):
    """The stack of one environment that holds no data: it can be deleted and made again from the ledger.

    Attributes:
        consumers: Queue and dead-letter queue by consumer id.
        functions: Every function by service name.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, plan: Plan, account: str, state: StatefulStack, code: lambda_.Code
    ) -> None:
        self.plan = plan
        super().__init__(
            scope,
            construct_id,
            env={"account": account, "region": plan.environment.region},
            description=f"Lockstep {plan.environment.name}: webhooks, bus, workflows, posters",
        )
        self._state = state
        self._code = code
        self.bus = Bus(self, "Bus", key=state.key, pager=state.pager, environment=plan.environment)
        self.api = WebhookApi(self, "Webhooks", key=state.key, environment=plan.environment)
        self.functions: dict[str, LockstepFunction] = {}
        self.partner_entries: dict[str, PartnerEntry] = {}
        self.consumers: dict[str, BufferedConsumer] = {
            **{door.intake: self._consumer(door.intake, _CONSUMER_TIMEOUT, _INTAKE_LATE_AFTER) for door in plan.doors},
            **{
                spec.consumer: self._consumer(spec.consumer, _CONSUMER_TIMEOUT, spec.service_level.within)
                for spec in plan.workflows
            },
            **{
                target.account: self._consumer(target.account, _poster_timeout(target), target.service_level)
                for target in plan.targets
            },
        }
        for door in plan.doors:
            self._inbound(door)
            self._intake(door)
            if door.polling:
                self._polling(door, door.polling)
            if door.partner_bus:
                self._partner_bus(door, door.partner_bus)
        for spec in plan.workflows:
            self._workflow(spec)
        for target in plan.targets:
            self._poster(target)
        self.relay_failures = self._relay()
        self._sweep()
        self.exceptions = (
            ExceptionQueue(self, "Exceptions", bus=self.bus, pager=state.pager, environment=plan.environment)
            if plan.environment.ticket_queue
            else None
        )
        self.operators = self._operators()
        self._outputs()

    def _consumer(self, consumer: str, timeout: timedelta, late_after: timedelta) -> BufferedConsumer:
        return BufferedConsumer(
            self,
            f"Consumer-{construct_name(consumer)}",
            consumer=consumer,
            timeout=timeout,
            late_after=late_after,
            pager=self._state.pager,
            environment=self.plan.environment,
        )

    def _function(
        self,
        service: str,
        *,
        handler: str,
        description: str,
        settings: FunctionSettings,
        timeout: timedelta,
        calls_itself: bool = False,
        retried: bool = True,
    ) -> LockstepFunction:
        function = LockstepFunction(
            self,
            f"Function-{construct_name(service)}",
            service=service,
            handler=handler,
            description=description,
            settings=settings,
            code=self._code,
            key=self._state.key,
            environment=self.plan.environment,
            timeout=timeout,
            calls_itself=calls_itself,
            retried=retried,
        )
        self.functions[service] = function
        return function

    def _inbound(self, door: Door) -> None:
        system = door.manifest.system
        function = self._function(
            f"inbound.{system}",
            handler=f"lockstep.connectors.{system}.inbound.handler",
            description=f"Accepts webhooks of {door.manifest.title}",
            settings=InboundSettings(
                environment=self.plan.environment.name,
                ledger_table=self._state.ledger.table_name,
                claims_bucket=self._state.claims.bucket_name,
                accounts=self._accounts(door.accounts),
            ),
            timeout=door.inbound.answer_within,
        )
        grants.may_accept(function, self._state.ledger)
        self._claims(function, put=True)
        self._secrets(function, door.accounts)
        grants.may_use_key(function, self._state.key, write=True)
        self.api.open_door(function, door)

    def _intake(self, door: Door) -> None:
        system = door.manifest.system
        function = self._function(
            door.intake,
            handler=f"lockstep.connectors.{system}.intake.handler",
            description=f"Expands large deliveries of {door.manifest.title}",
            settings=IntakeSettings(
                environment=self.plan.environment.name,
                ledger_table=self._state.ledger.table_name,
                claims_bucket=self._state.claims.bucket_name,
                accounts=self._accounts(door.accounts),
                queues=self._queue_urls([door.intake]),
                max_receives=self.plan.environment.max_receives,
            ),
            timeout=_CONSUMER_TIMEOUT,
            calls_itself=True,
        )
        grants.may_consume(function, self._state.ledger)
        grants.may_ring(function, [self.consumers[door.intake].queue])
        self._claims(function, get=True, put=True)
        grants.may_use_key(function, self._state.key, write=True)
        reads = bool(resources(door.inbound))
        if reads:
            self._secrets(function, door.accounts)
        consumer = self.consumers[door.intake]
        # Instances of one that reads share what the vendor allows.
        consumer.attach(
            function, max_concurrency=READERS_AT_ONCE if reads else self.plan.environment.workflow_concurrency
        )
        types = (DeliveryReceived.type_name(), ResourceChanged.type_name())
        self.bus.ring(consumer, types=types, source_prefix=f"{system}.")

    def _polling(self, door: Door, service: str) -> None:
        function = self._function(
            service,
            handler=f"lockstep.connectors.{door.manifest.system}.polling.handler",
            description=f"Reads again what webhooks of {door.manifest.title} may have missed",
            settings=PollingSettings(
                environment=self.plan.environment.name,
                ledger_table=self._state.ledger.table_name,
                claims_bucket=self._state.claims.bucket_name,
                accounts=self._accounts(door.accounts),
            ),
            timeout=_POLLING_TIMEOUT,
            retried=False,
        )
        grants.may_accept(function, self._state.ledger)
        self._claims(function, put=True)
        self._secrets(function, door.accounts)
        grants.may_use_key(function, self._state.key, write=True)
        for poll in door.inbound.polls:
            rule = events.Rule(
                self,
                f"Polls-{construct_name(f'{door.manifest.system}.{poll.resource}')}",
                description=f"Reads {poll.resource} of {door.manifest.title} again",
                schedule=events.Schedule.rate(Duration.seconds(poll.every.total_seconds())),
            )
            rule.add_target(
                targets.LambdaFunction(
                    function.target,
                    event=events.RuleTargetInput.from_object({"resource": poll.resource}),
                    dead_letter_queue=self.bus.undelivered,
                    max_event_age=Duration.minutes(1),
                    retry_attempts=0,
                )
            )

    def _partner_bus(self, door: Door, service: str) -> None:
        on_bus = [name for name in door.accounts if self.plan.environment.accounts[name].event_source is not None]
        function = self._function(
            service,
            handler=f"lockstep.connectors.{door.manifest.system}.bus.handler",
            description=f"Accepts what {door.manifest.title} delivers by its partner bus",
            settings=InboundSettings(
                environment=self.plan.environment.name,
                ledger_table=self._state.ledger.table_name,
                claims_bucket=self._state.claims.bucket_name,
                accounts=self._accounts(on_bus),
            ),
            timeout=_BUS_TIMEOUT,
        )
        grants.may_accept(function, self._state.ledger)
        self._claims(function, put=True)
        grants.may_use_key(function, self._state.key, write=True)
        entry = PartnerEntry(
            self,
            f"Entry-{construct_name(service)}",
            service=service,
            event_sources=door.event_sources,
            timeout=_BUS_TIMEOUT,
            pager=self._state.pager,
            environment=self.plan.environment,
        )
        entry.attach(function)
        self.partner_entries[service] = entry

    def _workflow(self, spec: WorkflowSpec) -> None:
        rings = [spec.consumer, *(target.account for target in self.plan.targets_of(spec))]
        function = self._function(
            spec.consumer,
            handler=f"lockstep.workflows.{self.plan.folder_of(spec)}.handler.handler",
            description=f"Decides: {spec.title}",
            settings=WorkflowSettings(
                environment=self.plan.environment.name,
                ledger_table=self._state.ledger.table_name,
                masterdata_table=self._state.masterdata.table_name,
                roles=dict(self.plan.environment.roles),
                case_owners=self.plan.case_owners,
                queues=self._queue_urls(rings),
                max_receives=self.plan.environment.max_receives,
            ),
            timeout=_CONSUMER_TIMEOUT,
            calls_itself=True,
        )
        grants.may_consume(function, self._state.ledger)
        grants.may_read_master_data(function, self._state.masterdata)
        grants.may_ring(function, [self.consumers[name].queue for name in rings])
        grants.may_use_key(function, self._state.key, write=True)
        consumer = self.consumers[spec.consumer]
        consumer.attach(function, max_concurrency=self.plan.environment.workflow_concurrency)
        self.bus.ring(consumer, types=spec.consumes)

    def _poster(self, target: Target) -> None:
        function = self._function(
            target.account,
            handler=f"lockstep.connectors.{target.manifest.system}.outbound.handler",
            description=f"Delivers to {target.manifest.title}, account {target.account}",
            settings=PosterSettings(
                environment=self.plan.environment.name,
                ledger_table=self._state.ledger.table_name,
                masterdata_table=self._state.masterdata.table_name,
                account=target.account,
                accounts=self._accounts((target.account,)),
                consumer=target.consumer,
                case_owners=self.plan.case_owners,
                queues=self._queue_urls([target.account]),
                max_receives=self.plan.environment.max_receives,
            ),
            timeout=_poster_timeout(target),
            calls_itself=True,
        )
        grants.may_consume(function, self._state.ledger)
        grants.may_query(function, self._state.ledger, OPEN_INDEX)
        grants.may_read_master_data(function, self._state.masterdata)
        self._secrets(function, (target.account,))
        consumer = self.consumers[target.account]
        grants.may_ring(function, [consumer.queue])
        grants.may_use_key(function, self._state.key, write=True)
        consumer.attach(function, max_concurrency=target.outbound.max_concurrency)

    def _relay(self) -> Any:
        function = self._function(
            "relay",
            handler="lockstep.operations.relay.handler",
            description="Publishes the ledger's new entries to the bus",
            settings=RelaySettings(
                environment=self.plan.environment.name,
                bus_name=self.bus.bus.event_bus_name,
            ),
            timeout=_RELAY_TIMEOUT,
        )
        function.allow(["events:PutEvents"], [self.bus.bus.event_bus_arn], sid="PublishEntries")
        grants.may_use_key(function, self._state.key, write=False)
        failures = dead_letter_queue(
            self,
            "RelayFailures",
            name=physical_name(self.plan.environment.name, "relay", "dead"),
            pager=self._state.pager,
            meaning="Ledger entries could not be published within an hour. Nothing is lost: the sweep rings their "
            "consumers. The message names the stream's shard and sequence numbers; see the log of service relay.",
            page="relay-failures",
        )
        # Retried for an hour, halving the batch: one bad entry ends up alone, and then does not hold up its shard.
        function.target.add_event_source(
            sources.DynamoEventSource(
                self._state.ledger,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=_RELAY_BATCH,
                bisect_batch_on_error=True,
                max_record_age=_RELAY_PATIENCE,
                report_batch_item_failures=True,
                on_failure=sources.SqsDlq(failures),
                filters=[
                    lambda_.FilterCriteria.filter(
                        {"eventName": lambda_.FilterRule.is_equal("INSERT"), "dynamodb": {"NewImage": _is("entry")}}
                    ),
                    lambda_.FilterCriteria.filter(
                        {
                            "eventName": lambda_.FilterRule.is_equal("INSERT"),
                            "dynamodb": {"NewImage": _is("case", "open")},
                        }
                    ),
                    # Only what opens or resolves a case: not each of the many that come to wait for it.
                    lambda_.FilterCriteria.filter(
                        {"dynamodb": {"OldImage": _is("case", "open"), "NewImage": _is("case", "resolved")}}
                    ),
                    lambda_.FilterCriteria.filter(
                        {"dynamodb": {"OldImage": _is("case", "resolved"), "NewImage": _is("case", "open")}}
                    ),
                    lambda_.FilterCriteria.filter(
                        {"dynamodb": {"OldImage": _is("case", "expected"), "NewImage": _is("case", "open")}}
                    ),
                ],
            )
        )
        return failures

    def _sweep(self) -> None:
        intakes = {door.intake for door in self.plan.doors}
        function = self._function(
            "sweep",
            handler="lockstep.operations.sweep.handler",
            description="Rings every lane on which a consumer is behind",
            settings=SweepSettings(
                environment=self.plan.environment.name,
                ledger_table=self._state.ledger.table_name,
                consumers=tuple(consumer for consumer in self.plan.consumers if consumer.id not in intakes),
                queues=self._queue_urls(self.consumers),
                rings_at_once=self.plan.environment.rings_at_once,
                case_owners={kind: owner for kind, owner in self.plan.case_owners.items() if kind == SEQUENCE_GAP},
            ),
            timeout=_SWEEP_TIMEOUT,
            retried=False,
        )
        grants.may_consume(function, self._state.ledger)
        grants.may_query(function, self._state.ledger, OPEN_INDEX)
        grants.may_ring(function, [consumer.queue for consumer in self.consumers.values()])
        grants.may_use_key(function, self._state.key, write=True)
        rule = events.Rule(
            self, "EveryMinute", description="Runs the sweep", schedule=events.Schedule.rate(Duration.minutes(1))
        )
        rule.add_target(
            targets.LambdaFunction(
                function.target,
                dead_letter_queue=self.bus.undelivered,
                max_event_age=Duration.minutes(1),
                retry_attempts=0,
            )
        )

    def _operators(self) -> Operators:
        """What `lockstep --env` needs: reconcile asks ledgers of record, backfill reads lists at channels; a sample is
        sent where nobody is hurt.
        """
        queued: list[BufferedConsumer | PartnerEntry | ExceptionQueue] = [
            *self.consumers.values(),
            *self.partner_entries.values(),
            *([self.exceptions] if self.exceptions else []),
        ]
        asked = {target.account for target in self.plan.targets if target.outbound.delivery is Delivery.DOCUMENTS}
        listed = {name for door in self.plan.doors if door.inbound.pages for name in door.accounts}
        signed = (
            set() if self.plan.environment.protected else {name for door in self.plan.doors for name in door.accounts}
        )
        return Operators(
            self,
            "Operators",
            environment=self.plan.environment.name,
            ledger=self._state.ledger,
            indexes=(OPEN_INDEX, REFERENCE_INDEX),
            masterdata=self._state.masterdata,
            claims_arn=self._state.claims_arn,
            key=self._state.key,
            queues=[one.queue for one in queued],
            dead_letters=[*(one.dead_letters for one in queued), self.bus.undelivered, self.relay_failures],
            accounts=tuple(sorted(asked | listed | signed)),
        )

    def _accounts(self, names: Iterable[str]) -> dict[str, AccountSettings]:
        environment = self.plan.environment
        return {name: environment.accounts[name].told(secret_name(environment.name, name)) for name in names}

    def _queue_urls(self, names: Iterable[str]) -> dict[str, str]:
        return {name: self.consumers[name].queue.queue_url for name in names}

    def _claims(self, function: LockstepFunction, *, get: bool = False, put: bool = False) -> None:
        grants.may_use_claims(
            function, self._state.claims_arn, environment=self.plan.environment.name, get=get, put=put
        )

    def _secrets(self, function: LockstepFunction, accounts: Iterable[str]) -> None:
        grants.may_read_secrets(function, [secret_name(self.plan.environment.name, account) for account in accounts])

    def _maintenance(self) -> dict[str, Any]:
        """When target accounts are left alone; an output has little room, and most have no windows."""
        windows = {target.account: target.consumer.maintenance for target in self.plan.targets}
        planned = {account: found for account, found in windows.items() if found}
        return {"maintenance": _WINDOWS.dump_python(planned, mode="json")} if planned else {}

    def _outputs(self) -> None:
        state, name = self._state, self.plan.environment.name
        topology = {
            "environment": name,
            "region": self.region,
            "roles": {role.value: list(accounts) for role, accounts in self.plan.environment.roles.items()},
            **self._maintenance(),
            "api_url": self.api.url,
            "ledger_table": state.ledger.table_name,
            "masterdata_table": state.masterdata.table_name,
            "claims_bucket": state.claims.bucket_name,
            "bus": self.bus.bus.event_bus_name,
            "queues": self._queue_urls(self.consumers),
            "dlqs": {
                **{consumer: queues.dead_letters.queue_url for consumer, queues in self.consumers.items()},
                **{service: entry.dead_letters.queue_url for service, entry in self.partner_entries.items()},
                "bus": self.bus.undelivered.queue_url,
                "relay": self.relay_failures.queue_url,
                **({"tickets": self.exceptions.dead_letters.queue_url} if self.exceptions else {}),
            },
            "redrives": {
                **{service: entry.queue.queue_url for service, entry in self.partner_entries.items()},
                **({"tickets": self.exceptions.queue.queue_url} if self.exceptions else {}),
            },
            **({"exceptions_queue": self.exceptions.queue.queue_url} if self.exceptions else {}),
            "functions": {service: function.name for service, function in self.functions.items()},
            "secrets": {account: secret_name(name, account) for account in self.plan.environment.accounts},
            "alarm_topic": state.pager.topic.topic_arn,
            "operator_role": self.operators.role.role_arn,
        }
        outputs = {
            "ApiUrl": (self.api.url, "Where vendors call: POST <url>/webhooks/<connector>/<account>"),
            "LockstepTopology": (self.to_json_string(topology), "Everything an operator's tool must find, as JSON"),
        }
        for output, (value, description) in outputs.items():
            CfnOutput(self, output, value=value, description=description)


def _is(record: str, state: str | None = None) -> dict[str, Any]:
    """Pattern of an item of the ledger."""
    wanted = {"record": record, **({"state": state} if state else {})}
    return {name: {"S": lambda_.FilterRule.is_equal(value)} for name, value in wanted.items()}


def _poster_timeout(target: Target) -> timedelta:
    """Long enough for a look-up, a post and their retries at the target's slowest."""
    return max(_CONSUMER_TIMEOUT, target.outbound.call_timeout * _CALLS_A_POSTER_RUN)
