"""Every promise has an alarm, and the dashboard shows everything that runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from infra.constructs.function import METRICS_NAMESPACE
from lockstep.messaging.topics import resources
from lockstep.runtime.observability import NAMESPACE

if TYPE_CHECKING:
    from infra.plan import Plan
    from tests.infra.conftest import Templates


def alarms(templates: Templates, metric: str) -> dict[str, float]:
    """Threshold of our alarms on a metric, by service."""
    return {
        dimension["Value"]: alarm.properties["Threshold"]
        for alarm in templates.of("AWS::CloudWatch::Alarm")
        if alarm.properties.get("Namespace") == "Lockstep" and alarm.properties["MetricName"] == metric
        for dimension in alarm.properties["Dimensions"]
        if dimension["Name"] == "service"
    }


def test_each_service_level_has_an_alarm(templates: Templates, plan: Plan) -> None:
    promised = {spec.consumer: spec.service_level.within.total_seconds() for spec in plan.workflows}
    promised |= {target.account: target.service_level.total_seconds() for target in plan.targets}
    promised |= {door.intake: 900 for door in plan.doors if door.inbound.reads}
    assert alarms(templates, "OldestEntryAgeSeconds") == promised


def test_stopped_lanes_and_open_breakers_have_alarms(templates: Templates, plan: Plan) -> None:
    targets = {target.account for target in plan.targets}
    readers = {door.intake for door in plan.doors if resources(door.inbound)}
    by_notice = {door.intake for door in plan.doors if door.inbound.reads}
    assert set(alarms(templates, "LanesStopped")) == targets | by_notice | {spec.consumer for spec in plan.workflows}
    assert set(alarms(templates, "BreakerOpened")) == targets | readers


def test_a_vendor_that_cannot_be_read_for_hours_is_heard_of(templates: Templates, plan: Plan) -> None:
    polled = {account for door in plan.doors if door.polling for account in door.accounts}
    assert set(alarms(templates, "ReadsFailed")) == polled


def test_our_metrics_have_two_dimensions_and_no_more(templates: Templates) -> None:
    for alarm in templates.of("AWS::CloudWatch::Alarm"):
        if alarm.properties.get("Namespace") == "Lockstep":
            names = {dimension["Name"] for dimension in alarm.properties["Dimensions"]}
            assert names == {"service", "environment"}, alarm


def test_what_stands_behind_no_queue_has_an_alarm_on_errors(templates: Templates, plan: Plan) -> None:
    names = {
        dimension["Value"]
        for alarm in templates.of("AWS::CloudWatch::Alarm")
        if alarm.properties.get("MetricName") == "Errors"
        for dimension in alarm.properties["Dimensions"]
    }
    polling = [door.polling for door in plan.doors if door.polling]
    services = [*(f"inbound.{door.manifest.system}" for door in plan.doors), *polling, "relay", "sweep"]
    assert names == {templates.function(service).properties["FunctionName"] for service in services}


def test_a_silent_sweep_is_noticed(templates: Templates) -> None:
    (alarm,) = (
        alarm for alarm in templates.of("AWS::CloudWatch::Alarm") if alarm.properties.get("MetricName") == "Invocations"
    )
    assert alarm.properties["TreatMissingData"] == "breaching"


def test_the_dashboard_shows_everything_that_runs(templates: Templates, plan: Plan) -> None:
    (dashboard,) = templates.of("AWS::CloudWatch::Dashboard")
    body = templates.render(dashboard.properties["DashboardBody"])
    metrics = (
        "EventsAccepted DuplicatesDropped DeliveriesRefused EntriesDecided DocumentsPosted StatesPushed CasesOpened "
        "SubjectsParked BreakerOpened LanesOpen OldestEntryAgeSeconds LanesStopped AcceptToEffectMilliseconds"
    )
    for metric in metrics.split():
        assert f'"{metric}"' in body, metric
    for consumer in plan.consumer_ids:
        assert f'"{consumer}"' in body, consumer
    series = [metric for widget in json.loads(body)["widgets"] for metric in widget["properties"]["metrics"]]
    for door in plan.doors:  # what comes in is counted by the account it comes from
        for account in door.accounts:
            assert any("EventsAccepted" in metric and account in metric for metric in series), account


def test_metrics_are_looked_for_where_functions_write_them() -> None:
    assert METRICS_NAMESPACE == NAMESPACE
