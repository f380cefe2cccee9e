"""Each rule rings exactly the consumers whose declaration says they read such events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lockstep.canonical.events import EVENTS

if TYPE_CHECKING:
    from infra.plan import Plan
    from tests.infra.conftest import Resource, Templates

TYPES = [event.type_name() for event in EVENTS]


def matches(pattern: dict[str, Any], event: dict[str, str]) -> bool:
    """EventBridge's matching, as far as our patterns use it; anything else is an error, not a match."""

    def one(condition: Any, value: str) -> bool:
        match condition:
            case str():
                return condition == value
            case {"prefix": prefix, **rest} if not rest:
                return value.startswith(prefix)
        raise AssertionError(f"the matcher does not know {condition}")

    return all(any(one(condition, event[field]) for condition in conditions) for field, conditions in pattern.items())


def ringing_rules(templates: Templates) -> list[Resource]:
    """Those that ring consumers: not the one for the ticket system."""
    rules = [rule for rule in templates.of("AWS::Events::Rule") if "EventPattern" in rule.properties]
    return [rule for rule in rules if rule.properties["EventPattern"].get("source") != ["lockstep"]]


def rung(templates: Templates, event: dict[str, str]) -> list[str]:
    queues = {queue.id: queue.properties["QueueName"] for queue in templates.of("AWS::SQS::Queue")}
    return sorted(
        queues[target["Arn"]["Fn::GetAtt"][0]].removeprefix(f"lockstep-{templates.environment}-")
        for rule in ringing_rules(templates)
        if matches(rule.properties["EventPattern"], event)
        for target in rule.properties["Targets"]
    )


@pytest.mark.parametrize("event_type", TYPES)
def test_an_event_rings_exactly_those_who_consume_it(templates: Templates, plan: Plan, event_type: str) -> None:
    for account in plan.environment.accounts:
        expected = [spec.consumer for spec in plan.workflows if event_type in spec.consumes]
        if event_type in {"DeliveryReceived", "ResourceChanged"}:
            expected += [
                door.intake.replace(".", "-") for door in plan.doors if account.startswith(f"{door.manifest.system}.")
            ]
        assert rung(templates, {"source": account, "detail-type": event_type}) == sorted(expected)


def test_an_unknown_event_rings_nobody(templates: Templates) -> None:
    assert rung(templates, {"source": "poslog.main", "detail-type": "SomethingHappened"}) == []


def test_every_event_that_a_workflow_consumes_is_in_the_catalogue(plan: Plan) -> None:
    for spec in plan.workflows:
        assert set(spec.consumes) <= set(TYPES)


def test_every_event_that_a_door_may_let_in_is_in_the_catalogue(plan: Plan) -> None:
    """Not all is consumed here: what nobody decides on yet stands in the ledger, for those who will."""
    for door in plan.doors:
        assert set(door.inbound.events) <= set(TYPES)


def test_what_arrives_is_a_doorbell(templates: Templates) -> None:
    event = {"id": "e-1", "detail": {"stream": "till#poslog.main#s1/w1", "sequence": 7, "event": {"data": "private"}}}
    for rule in ringing_rules(templates):
        for target in rule.properties["Targets"]:
            transformer = target["InputTransformer"]
            body = transformer["InputTemplate"]
            for name, path in transformer["InputPathsMap"].items():
                value: Any = event
                for part in path.removeprefix("$.").split("."):
                    value = value[part]
                body = body.replace(f"<{name}>", json.dumps(value))
            assert json.loads(body) == {"stream": "till#poslog.main#s1/w1", "bell": "e-1"}


def test_rules_listen_to_our_bus(templates: Templates) -> None:
    (bus,) = templates.of("AWS::Events::EventBus")
    for rule in ringing_rules(templates):
        assert rule.properties["EventBusName"] == {"Ref": bus.id}


def test_each_door_is_one_throttled_route(templates: Templates, plan: Plan) -> None:
    (stage,) = templates.of("AWS::ApiGatewayV2::Stage")
    routes = {route.properties["RouteKey"]: route for route in templates.of("AWS::ApiGatewayV2::Route")}
    expected = {
        f"{method} /webhooks/{door.manifest.system}/{{account}}": door
        for door in plan.doors
        for method in door.inbound.methods
    }
    assert set(routes) == set(expected)
    for key, door in expected.items():
        limits = stage.properties["RouteSettings"][key]
        assert limits["ThrottlingRateLimit"] == door.inbound.rate_per_second
        assert limits["ThrottlingBurstLimit"] == door.inbound.burst
        assert routes[key].id in stage.body["DependsOn"], "settings of a route that does not exist yet are refused"
    assert stage.properties["DefaultRouteSettings"]["ThrottlingRateLimit"]


def test_what_webhooks_miss_is_read_again_as_often_as_declared(templates: Templates, plan: Plan) -> None:
    found = {
        (rule.properties["Targets"][0]["Arn"]["Fn::GetAtt"][0], rule.properties["Targets"][0]["Input"])
        for rule in templates.of("AWS::Events::Rule")
        if "Input" in rule.properties.get("Targets", [{}])[0]
    }
    expected = {
        (templates.function(door.polling).id, json.dumps({"resource": poll.resource}, separators=(",", ":")))
        for door in plan.doors
        if door.polling
        for poll in door.inbound.polls
    }
    assert found == expected


def test_the_sweep_runs_every_minute(templates: Templates) -> None:
    (rule,) = (
        rule
        for rule in templates.of("AWS::Events::Rule")
        if "ScheduleExpression" in rule.properties and "Input" not in rule.properties["Targets"][0]
    )
    assert rule.properties["ScheduleExpression"] == "rate(1 minute)"
    (target,) = rule.properties["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": [templates.function("sweep").id, "Arn"]}
    assert templates.function("sweep").properties["Timeout"] < 60
