"""Least privilege, encryption and retention hold for everything, whoever added it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_s3 as s3

from infra import application
from lockstep.messaging.topics import resources

if TYPE_CHECKING:
    from pathlib import Path

    from infra.plan import Plan
    from tests.infra.conftest import Templates

if TYPE_CHECKING:
    from collections.abc import Callable


def statements(templates: Templates) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for resource in templates:
        if resource.type == "AWS::IAM::Policy":
            document = resource.properties["PolicyDocument"]
            found += [(repr(resource), statement) for statement in document["Statement"]]
        assert resource.type not in {"AWS::IAM::ManagedPolicy", "AWS::IAM::User"}, resource
        if resource.type == "AWS::IAM::Role":
            assert "ManagedPolicyArns" not in resource.properties, f"{resource}: a managed policy says * somewhere"
            assert "Policies" not in resource.properties, resource
    return found


def test_no_role_may_do_everything_of_anything(templates: Templates) -> None:
    for where, statement in statements(templates):
        assert statement["Effect"] == "Allow"
        for action in templates.listed(statement["Action"]):
            assert "*" not in action, f"{where}: {action}"


def test_no_role_may_touch_everything(templates: Templates) -> None:
    for where, statement in statements(templates):
        for resource in map(templates.render, templates.listed(statement["Resource"])):
            if "*" in resource:
                claims = re.fullmatch(r"<lockstep-\w+-claims-arn>/\*", resource)
                stack = re.fullmatch(r"arn:[^*]*:stack/lockstep-\w+-integration/\*", resource)  # which ends in an id
                assert claims or stack, f"{where}: {resource}"


def test_only_accounts_own_functions_read_their_secrets(templates: Templates, plan: Plan) -> None:
    allowed = {f"inbound.{door.manifest.system}": set(door.accounts) for door in plan.doors}
    allowed |= {door.intake: set(door.accounts) for door in plan.doors if resources(door.inbound)}
    allowed |= {door.polling: set(door.accounts) for door in plan.doors if door.polling}
    allowed |= {target.account: {target.account} for target in plan.targets}
    for function in templates.of("AWS::Lambda::Function"):
        service = function.properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        read = {
            templates.render(resource).partition(":secret:")[2].removeprefix(f"lockstep/{plan.environment.name}/")[:-7]
            for statement in templates.policies_of(service)
            if "secretsmanager:GetSecretValue" in templates.listed(statement["Action"])
            for resource in templates.listed(statement["Resource"])
        }
        assert read == allowed.get(service, set()), service


def test_functions_may_do_what_their_ports_do_and_no_more(templates: Templates, plan: Plan) -> None:
    """What a function can call outside its own log, queue and key, by kind."""
    consume = {"BatchGetItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"}
    accept = consume - {"Query", "DeleteItem"}
    kinds: dict[str, set[str]] = {"relay": {"events:PutEvents", "sqs:SendMessage"}, "sweep": set()}
    kinds["relay"] |= {
        f"dynamodb:{action}" for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    }
    kinds["sweep"] = {f"dynamodb:{action}" for action in consume} | {"sqs:SendMessage"}
    for door in plan.doors:
        kinds[f"inbound.{door.manifest.system}"] = {
            *(f"dynamodb:{action}" for action in accept),
            "s3:PutObject",
            "secretsmanager:GetSecretValue",
        }
        kinds[door.intake] = {
            *(f"dynamodb:{action}" for action in consume),
            "s3:GetObject",
            "s3:PutObject",
            "sqs:SendMessage",
            *(["secretsmanager:GetSecretValue"] if resources(door.inbound) else []),
        }
        if door.polling:
            kinds[door.polling] = kinds[f"inbound.{door.manifest.system}"]
    for spec in plan.workflows:
        kinds[spec.consumer] = {*(f"dynamodb:{action}" for action in consume), "sqs:SendMessage"}
    for target in plan.targets:
        kinds[target.account] = {
            *(f"dynamodb:{action}" for action in consume),
            "sqs:SendMessage",
            "secretsmanager:GetSecretValue",
        }
    plumbing = re.compile(
        r"kms:|logs:|sqs:(ReceiveMessage|DeleteMessage|ChangeMessageVisibility|GetQueueAttributes|GetQueueUrl)"
    )
    for service, actions in kinds.items():
        granted = {
            action for statement in templates.policies_of(service) for action in templates.listed(statement["Action"])
        }
        assert {action for action in granted if not plumbing.match(action)} == actions, service


def test_everything_kept_is_encrypted(templates: Templates) -> None:
    encrypted: dict[str, Callable[[dict[str, Any]], Any]] = {
        "AWS::DynamoDB::GlobalTable": lambda p: (
            p["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
            and all("KMSMasterKeyId" in replica["SSESpecification"] for replica in p["Replicas"])
        ),
        "AWS::SQS::Queue": lambda p: p["SqsManagedSseEnabled"],
        "AWS::SNS::Topic": lambda p: p["KmsMasterKeyId"],
        "AWS::S3::Bucket": lambda p: p["BucketEncryption"]["ServerSideEncryptionConfiguration"],
        "AWS::SecretsManager::Secret": lambda p: p["KmsKeyId"],
        "AWS::Logs::LogGroup": lambda p: p["KmsKeyId"],
        "AWS::Events::EventBus": lambda p: p["KmsKeyIdentifier"],
        "AWS::Events::Archive": lambda p: p["KmsKeyIdentifier"],
    }
    for kind, is_encrypted in encrypted.items():
        for resource in templates.of(kind):
            assert is_encrypted(resource.properties), resource


def test_claims_use_the_customer_key(templates: Templates) -> None:
    claims = next(bucket for bucket in templates.of("AWS::S3::Bucket") if "LoggingConfiguration" in bucket.properties)
    (rule,) = claims.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"


def test_buckets_topics_and_queues_refuse_plain_text(templates: Templates) -> None:
    for kind, policy_kind, names in (
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues"),
        ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics"),
        ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "Bucket"),
    ):
        policies = templates.of(policy_kind)
        for resource in templates.of(kind):
            denied = [
                statement
                for policy in policies
                if {"Ref": resource.id} in templates.listed(policy.properties[names])
                for statement in policy.properties["PolicyDocument"]["Statement"]
                if statement["Effect"] == "Deny" and "aws:SecureTransport" in str(statement.get("Condition"))
            ]
            assert denied, resource


def test_no_bucket_is_public(templates: Templates) -> None:
    for bucket in templates.of("AWS::S3::Bucket"):
        assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}


def test_logs_do_not_stay_for_ever(templates: Templates, plan: Plan) -> None:
    for group in templates.of("AWS::Logs::LogGroup"):
        assert group.properties["RetentionInDays"] == plan.environment.log_retention_days, group
        assert "LogGroupName" not in group.properties, "the key's policy allows for generated names"


def test_services_use_the_key_for_this_account_only(templates: Templates) -> None:
    (key,) = templates.of("AWS::KMS::Key")
    for statement in key.properties["KeyPolicy"]["Statement"]:
        if "Service" in statement["Principal"]:
            assert statement["Condition"], statement
            assert all("*" not in action for action in templates.listed(statement["Action"]))


def test_state_survives_where_it_matters(templates: Templates, plan: Plan) -> None:
    keeps = "Retain" if plan.environment.protected else "Delete"
    kinds = ("AWS::DynamoDB::GlobalTable", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::SecretsManager::Secret")
    for kind in kinds:
        for resource in templates.of(kind):
            assert resource.body["DeletionPolicy"] == keeps, resource
            assert resource.stack.endswith("-stateful")
    for table in templates.of("AWS::DynamoDB::GlobalTable"):
        (replica,) = table.properties["Replicas"]
        assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert replica.get("DeletionProtectionEnabled", False) is plan.environment.protected


def test_removing_a_connector_or_workflow_is_not_forbidden_by_an_export(templates: Templates, plan: Plan) -> None:
    """CloudFormation refuses to remove an export that another stack still imports, so only what stays is exported."""
    names = [*plan.consumer_ids, *plan.environment.accounts, *(f"inbound.{d.manifest.system}" for d in plan.doors)]
    for stack, template in templates.stacks.items():
        for output in template.get("Outputs", {}).values():
            exported = re.sub(r"[^a-z]", "", str(output.get("Export", {}).get("Name", "")).lower())
            for name in names:
                assert re.sub(r"[^a-z]", "", name) not in exported, f"{stack}: {output['Export']}"


def test_synthesis_asks_no_aws(templates: Templates) -> None:
    manifest = json.loads((templates.directory / "manifest.json").read_text())
    assert not manifest.get("missing")


def test_a_finding_nobody_acknowledged_fails_the_synthesis(
    plans: dict[str, Plan], empty_bundle: Path, tmp_path: Path
) -> None:
    plan = replace(plans["local"], doors=(), workflows=(), targets=())
    app = application.build(plan, empty_bundle, outdir=tmp_path)
    stateful = next(child for child in app.node.children if Stack.is_stack(child))
    s3.Bucket(stateful, "Careless")
    with pytest.raises(RuntimeError, match="Validation failed"):
        app.synth()
