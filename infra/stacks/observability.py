"""What watches: the alarms of each promise, and a dashboard, both drawn from the plan."""

from collections.abc import Iterable
from datetime import timedelta

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.constructs.metrics import function_metric, lockstep_metric, queue_metric
from infra.constructs.pager import Pager
from infra.naming import construct_name
from infra.plan import Plan
from infra.runbook import see
from infra.stacks.integration import IntegrationStack
from lockstep.messaging.topics import resources

_RELAY_LATE = timedelta(minutes=1)
_SWEEP_SILENT_MINUTES = 5
_READ_WITHIN = timedelta(minutes=15)
"""From a notice to its resource's being read, while the vendor answers."""
_TIMES_NOT_READ = 3
_HALF = 12
_HEIGHT = 6


class ObservabilityStack(Stack):
    """The stack of one environment that may be replaced at any time.

    There is no composite alarm: each alarm here is a cause that somebody acts on, and one that is merely "any of them"
    would page twice. The alarms of a queue stand with the queue.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        plan: Plan,
        account: str,
        pager: Pager,
        running: IntegrationStack,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env={"account": account, "region": plan.environment.region},
            description=f"Lockstep {plan.environment.name}: alarms and dashboard",
        )
        self._plan = plan
        self._pager = pager
        self._running = running
        self._promises = {
            **{spec.consumer: spec.service_level.within for spec in plan.workflows},
            **{target.account: target.service_level for target in plan.targets},
            # What is read at a vendor waits there in no queue: its lanes are watched as those of a promise are.
            **{door.intake: _READ_WITHIN for door in plan.doors if door.inbound.reads},
        }
        self._promise_alarms()
        self._plumbing_alarms()
        self._dashboard()

    def _metric(self, name: str, service: str, statistic: str = "Sum", minutes: int = 1) -> cloudwatch.Metric:
        environment = self._plan.environment.name
        return lockstep_metric(name, service=service, environment=environment, statistic=statistic, minutes=minutes)

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        description: str,
        *,
        page: str,
        above: float = 0,
        periods: int = 1,
    ) -> None:
        self._pager.watch(
            cloudwatch.Alarm(
                self,
                construct_id,
                metric=metric,
                threshold=above,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
                evaluation_periods=periods,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
                alarm_description=description + see(page),
            )
        )

    def _promise_alarms(self) -> None:
        owners = {spec.consumer: spec.owner for spec in self._plan.workflows}
        for consumer, within in self._promises.items():
            name = construct_name(consumer)
            owner = f" Business owner: {owners[consumer]}." if consumer in owners else ""
            self._alarm(
                f"Late-{name}",
                self._metric("OldestEntryAgeSeconds", consumer, "Maximum"),
                f"{consumer} is behind its service level: an entry has waited for more than "
                f"{int(within.total_seconds())} s.{owner}",
                page="late",
                above=within.total_seconds(),
                periods=2,
            )
            self._alarm(
                f"Stopped-{name}",
                self._metric("LanesStopped", consumer, "Maximum"),
                f"A lane of {consumer} is stopped and will not go on by itself: see its dead-letter queue and its log.",
                page="lane-stopped",
            )
        for target in self._plan.targets:
            self._alarm(
                f"Breaker-{construct_name(target.account)}",
                self._metric("BreakerOpened", target.account),
                f"{target.manifest.title} ({target.account}) is not delivered to; what is meant for it waits in order. "
                "Where it does not answer, deliveries go on by themselves when it is back. Where our own set-up of it "
                f"is wrong, as `lockstep lanes` tells, repair that, then `lockstep resume {target.account}`.",
                page="target-down",
            )

        for door in self._plan.doors:
            if resources(door.inbound):
                self._alarm(
                    f"Unread-{construct_name(door.intake)}",
                    self._metric("BreakerOpened", door.intake),
                    f"{door.manifest.title} does not let us read: our own set-up is wrong, as the log of {door.intake} "
                    "tells. What is to be read there waits in order, and goes on by itself once that is repaired.",
                    page="target-down",
                )

        for door in self._plan.doors:
            often = max((poll.every for poll in door.inbound.polls), default=timedelta(0))
            hours = max(1, -(-often // timedelta(hours=1)))
            for account in door.accounts if door.polling else ():
                self._alarm(
                    f"NotRead-{construct_name(account)}",
                    self._metric("ReadsFailed", account, minutes=60 * hours),
                    f"{door.manifest.title} ({account}) could not be read, {_TIMES_NOT_READ} times in a row. What its "
                    "webhooks bring is accepted; what they miss is not caught up with.",
                    page="not-read",
                    periods=_TIMES_NOT_READ,
                )

    def _plumbing_alarms(self) -> None:
        names = {service: function.name for service, function in self._running.functions.items()}
        doors = [door.service for door in self._plan.doors]
        polling = [door.polling for door in self._plan.doors if door.polling]
        behind_no_queue = [*doors, *polling, "relay", "sweep"]
        for service in behind_no_queue:
            self._alarm(
                f"Errors-{construct_name(service)}",
                function_metric("Errors", function=names[service], statistic="Sum", minutes=5),
                f"{service} failed: see its log. Senders repeat what was not accepted; the ledger keeps the rest.",
                page="function-errors",
            )
        self._alarm(
            "RelayLate",
            function_metric("IteratorAge", function=names["relay"], statistic="Maximum"),
            "The relay is behind the ledger's change stream: consumers are rung by the sweep only, once a minute.",
            page="relay-late",
            above=_RELAY_LATE.total_seconds() * 1000,
            periods=3,
        )
        self._pager.watch(
            cloudwatch.Alarm(
                self,
                "SweepSilent",
                metric=function_metric("Invocations", function=names["sweep"], statistic="Sum"),
                threshold=1,
                comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
                evaluation_periods=_SWEEP_SILENT_MINUTES,
                treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
                alarm_description="The sweep does not run: a bell that gets lost is not rung again."
                + see("sweep-silent"),
            )
        )
        self._alarm(
            "ApiErrors",
            self._running.api.api.metric_server_error(period=Duration.minutes(5), statistic="Sum"),
            "Webhooks are answered with 5xx: senders repeat them, and some give up after a few hours.",
            page="webhooks-fail",
        )

    def _dashboard(self) -> None:
        plan = self._plan
        senders = [account for door in plan.doors for account in door.accounts]
        workflows = [spec.consumer for spec in plan.workflows]
        targets = [target.account for target in plan.targets]
        promised = list(self._promises)
        dashboard = cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=f"lockstep-{plan.environment.name}",
            default_interval=Duration.hours(3),
        )
        dashboard.add_widgets(
            self._graph("Accepted", [("EventsAccepted", senders)]),
            self._graph("Delivered", [("DocumentsPosted", targets), ("StatesPushed", targets)]),
        )
        dashboard.add_widgets(
            self._graph("Decided", [("EntriesDecided", workflows)]),
            self._graph("Refused and repeated", [("DeliveriesRefused", senders), ("DuplicatesDropped", senders)]),
        )
        dashboard.add_widgets(
            self._graph("Backlog: lanes behind", [("LanesOpen", promised)], "Maximum"),
            self._graph(
                "Age of the oldest entry, s", [("OldestEntryAgeSeconds", promised)], "Maximum", lines=self._lines(1)
            ),
        )
        dashboard.add_widgets(
            self._graph("Cases and parked subjects", [("CasesOpened", promised), ("SubjectsParked", promised)]),
            self._graph(
                "Breakers opened, lanes stopped", [("BreakerOpened", targets), ("LanesStopped", promised)], "Maximum"
            ),
        )
        dashboard.add_widgets(
            self._graph("From accepted to delivered, p50, ms", [("AcceptToEffectMilliseconds", targets)], "p50"),
            self._graph(
                "From accepted to delivered, p99, ms",
                [("AcceptToEffectMilliseconds", targets)],
                "p99",
                lines=self._lines(1000),
            ),
        )
        dashboard.add_widgets(
            cloudwatch.GraphWidget(
                title="Dead letters",
                width=_HALF,
                height=_HEIGHT,
                left=[
                    queue_metric("ApproximateNumberOfMessagesVisible", queue=consumer.dead_letters_name).with_(
                        label=name
                    )
                    for name, consumer in self._running.consumers.items()
                ],
            ),
            cloudwatch.GraphWidget(
                title="Function durations, p99",
                width=_HALF,
                height=_HEIGHT,
                left=[
                    function_metric("Duration", function=function.name, statistic="p99").with_(label=service)
                    for service, function in self._running.functions.items()
                ],
            ),
        )

    def _lines(self, unit_per_second: int) -> list[cloudwatch.HorizontalAnnotation]:
        return [
            cloudwatch.HorizontalAnnotation(
                value=spec.service_level.within.total_seconds() * unit_per_second, label=f"promise of {spec.consumer}"
            )
            for spec in self._plan.workflows
        ]

    def _graph(
        self,
        title: str,
        series: Iterable[tuple[str, list[str]]],
        statistic: str = "Sum",
        lines: list[cloudwatch.HorizontalAnnotation] | None = None,
    ) -> cloudwatch.GraphWidget:
        series = list(series)
        return cloudwatch.GraphWidget(
            title=title,
            width=_HALF,
            height=_HEIGHT,
            left=[
                self._metric(name, service, statistic).with_(label=service if len(series) == 1 else f"{name} {service}")
                for name, services in series
                for service in services
            ],
            left_annotations=lines,
            left_y_axis=cloudwatch.YAxisProps(min=0),
        )
