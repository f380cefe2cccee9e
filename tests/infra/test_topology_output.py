"""The one output from which operators' tools find everything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from infra.plan import Plan
    from tests.infra.conftest import Templates


@pytest.fixture
def topology(templates: Templates) -> dict[str, Any]:
    outputs = templates.stacks[f"lockstep-{templates.environment}-integration"]["Outputs"]
    found: dict[str, Any] = json.loads(templates.render(outputs["LockstepTopology"]["Value"]))
    return found


def test_it_names_everything(topology: dict[str, Any], plan: Plan) -> None:
    assert set(topology["queues"]) == set(plan.consumer_ids)
    others = {name for name in topology["dlqs"] if name not in plan.consumer_ids}
    assert set(topology["dlqs"]) == {*plan.consumer_ids, "bus", "relay", *topology["redrives"]}
    assert others - {"bus", "relay"} == set(topology["redrives"])
    assert ("tickets" in topology["redrives"]) is plan.environment.ticket_queue
    assert set(topology["redrives"].values()).isdisjoint(topology["dlqs"].values())
    assert set(topology["secrets"]) == set(plan.environment.accounts)
    assert topology["roles"] == {role.value: list(names) for role, names in plan.environment.roles.items()}
    for name in ("api_url", "ledger_table", "masterdata_table", "claims_bucket", "bus", "alarm_topic"):
        assert topology[name]


def test_it_names_functions_as_they_are_called(topology: dict[str, Any], templates: Templates) -> None:
    for service, name in topology["functions"].items():
        function = templates.function(service)
        assert name in {function.properties["FunctionName"], f"<{function.id}>"}


def test_secrets_are_those_the_stack_makes(topology: dict[str, Any], templates: Templates) -> None:
    made = {secret.properties["Name"] for secret in templates.of("AWS::SecretsManager::Secret")}
    assert set(topology["secrets"].values()) == made
