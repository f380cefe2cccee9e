"""What a vendor delivers by its partner bus is queued before it is taken, and is never lost quietly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from infra import registry
from infra.environments import EnvironmentInvalid
from infra.environments.model import Account
from lockstep.runtime.settings import InboundSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.environments import Environment
    from infra.plan import Plan
    from tests.infra.conftest import Templates

BY_BUS = {
    system: manifest.inbound.partner_bus
    for system, manifest in registry.connectors().items()
    if manifest.inbound and manifest.inbound.partner_bus
}


@pytest.mark.parametrize("system", BY_BUS)
def test_each_event_source_fills_one_queue_that_ends_in_a_dead_letter_queue(
    everything_on: Templates, system: str
) -> None:
    buses = {
        bus.id: bus.properties["EventSourceName"]
        for bus in everything_on.of("AWS::Events::EventBus")
        if str(bus.properties.get("EventSourceName", "")).startswith(BY_BUS[system])
    }
    assert buses
    queues = {queue.id: queue for queue in everything_on.of("AWS::SQS::Queue")}
    for bus, source in buses.items():
        (rule,) = (
            rule
            for rule in everything_on.of("AWS::Events::Rule")
            if rule.properties.get("EventBusName") == {"Ref": bus}
        )
        assert rule.properties["EventPattern"] == {"source": [source]}
        (target,) = rule.properties["Targets"]
        queue = queues[target["Arn"]["Fn::GetAtt"][0]]
        assert queue.properties["QueueName"].endswith(f"-bus-{system}")
        dead = queue.properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        assert queues[dead].properties["QueueName"].endswith(f"-bus-{system}-dead")
        assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": [dead, "Arn"]}


@pytest.mark.parametrize("system", BY_BUS)
def test_its_function_takes_from_that_queue_and_reads_no_secret(everything_on: Templates, system: str) -> None:
    function = everything_on.function(f"bus.{system}")
    assert function.properties["Handler"] == f"lockstep.connectors.{system}.bus.handler"
    settings = InboundSettings.load(function.variables)
    assert all(account.event_source for account in settings.accounts.values())
    actions = {
        action
        for statement in everything_on.policies_of(f"bus.{system}")
        for action in everything_on.listed(statement["Action"])
    }
    assert "sqs:ReceiveMessage" in actions
    assert not [action for action in actions if action.startswith("secretsmanager:")]


@pytest.mark.parametrize("source", ["aws.partner/other/1", "shopify"])
def test_an_event_source_of_another_vendor_is_refused(
    environment: Environment, check_against_all: Callable[[Environment], Plan], source: str
) -> None:
    accounts = {**environment.accounts, "poslog.main": Account(event_source=source)}
    with pytest.raises(EnvironmentInvalid, match=r"its connector takes none for an event_source"):
        check_against_all(replace(environment, accounts=accounts))
