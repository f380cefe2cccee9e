"""Operators may do what the command line does, on named resources, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from infra.plan import Plan
    from tests.infra.conftest import Resource, Templates


@pytest.fixture
def role(templates: Templates) -> Resource:
    (found,) = (
        one
        for one in templates.of("AWS::IAM::Role")
        if one.properties.get("RoleName") == f"lockstep-{templates.environment}-operator"
    )
    return found


@pytest.fixture
def granted(templates: Templates, role: Resource) -> dict[str, dict[str, Any]]:
    """Statements by their ids."""
    return {
        statement["Sid"]: statement
        for policy in templates.of("AWS::IAM::Policy")
        if {"Ref": role.id} in policy.properties["Roles"]
        for statement in policy.properties["PolicyDocument"]["Statement"]
    }


def actions(templates: Templates, granted: dict[str, dict[str, Any]]) -> set[str]:
    return {action for statement in granted.values() for action in templates.listed(statement["Action"])}


def test_people_of_the_account_assume_it_and_no_service_does(role: Resource) -> None:
    (statement,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
    assert set(statement["Principal"]) == {"AWS"}
    assert "root" in str(statement["Principal"])


def test_it_deploys_nothing_and_changes_no_set_up(templates: Templates, granted: dict[str, dict[str, Any]]) -> None:
    allowed = {action.partition(":")[0] for action in actions(templates, granted)}
    assert allowed == {"cloudformation", "dynamodb", "kms", "s3", "secretsmanager", "sqs"}
    reads = {"cloudformation:DescribeStacks", "secretsmanager:GetSecretValue"}
    assert {one for one in actions(templates, granted) if one.startswith(("cloudformation", "secrets"))} == reads
    assert not {one for one in actions(templates, granted) if "Table" in one or "Purge" in one or "*" in one}


def test_every_queue_is_rung_and_every_dead_letter_looked_into(
    templates: Templates, granted: dict[str, dict[str, Any]]
) -> None:
    queues = {f"<{one.id}.Arn>" for one in templates.of("AWS::SQS::Queue")}
    sends = set(map(templates.render, templates.listed(granted["RingAndRedrive"]["Resource"])))
    looks = set(map(templates.render, templates.listed(granted["LookIntoDeadLetters"]["Resource"])))
    assert sends | looks == queues
    assert not sends & looks


def test_it_reads_the_secrets_that_its_commands_need(
    templates: Templates, granted: dict[str, dict[str, Any]], plan: Plan
) -> None:
    named = map(templates.render, templates.listed(granted["ReadSecretsOfCommands"]["Resource"]))
    read = {name.partition(":secret:")[2].removeprefix(f"lockstep/{plan.environment.name}/")[:-7] for name in named}
    doors = {account for door in plan.doors for account in door.accounts}
    listed = {account for door in plan.doors if door.inbound.pages for account in door.accounts}
    assert read & doors == (listed if plan.environment.protected else doors), "a sample is signed where nobody is hurt"
    assert {target.account for target in plan.targets if target.outbound.delivery == "documents"} <= read


def test_it_fits_into_one_policy(templates: Templates, granted: dict[str, dict[str, Any]]) -> None:
    """IAM takes 10,240 characters of inline policies a role, blanks not counted (IAM quotas)."""
    size = sum(len(templates.render(part)) for one in granted.values() for part in templates.listed(one["Resource"]))
    assert size < 7_000
