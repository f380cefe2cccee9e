# ruff: noqa: N803 -- the fake takes the parameter names of the services
from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.assembly import AssemblyError
from sandbox.aws.deploy import Deployment, DeploymentError, deploy

if TYPE_CHECKING:
    from collections.abc import Iterator


class FakeAws:
    """The few S3, SSM and CloudFormation calls a deployment makes, in memory."""

    def __init__(self, account: str = "111122223333") -> None:
        self.account, self.region = account, "eu-west-1"
        self.buckets: dict[str, dict[str, bytes]] = {}
        self.parameters: dict[str, str] = {}
        self.stacks: dict[str, dict[str, Any]] = {}
        self.failures: dict[str, list[tuple[str, str]]] = {}
        self.calls: list[str] = []
        self.meta = type("Meta", (), {"endpoint_url": "http://fake"})

    def client(self, _service: str) -> FakeAws:
        return self

    @staticmethod
    def _error(code: str, message: str = "") -> ClientError:
        return ClientError({"Error": {"Code": code, "Message": message}}, "call")

    def head_bucket(self, Bucket: str) -> None:
        if Bucket not in self.buckets:
            raise self._error("404")

    def create_bucket(self, Bucket: str, **_options: Any) -> None:
        self.buckets[Bucket] = {}

    def head_object(self, Bucket: str, Key: str) -> None:
        if Key not in self.buckets[Bucket]:
            raise self._error("404")

    def upload_file(self, path: str, bucket: str, key: str) -> None:
        self.buckets[bucket][key] = Path(path).read_bytes()
        self.calls.append(f"upload {key}")

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:
        self.buckets[Bucket][Key] = Body

    def get_parameter(self, Name: str) -> None:
        if Name not in self.parameters:
            raise self._error("ParameterNotFound")

    def put_parameter(self, Name: str, Value: str, Type: str) -> None:
        self.parameters[Name] = Value

    def create_stack(self, StackName: str, TemplateURL: str, **_options: Any) -> None:
        self._apply("CREATE", StackName, TemplateURL)

    def update_stack(self, StackName: str, TemplateURL: str, **_options: Any) -> None:
        if self.stacks[StackName]["url"] == TemplateURL:
            raise self._error("ValidationError", "No updates are to be performed.")
        self._apply("UPDATE", StackName, TemplateURL)

    def _apply(self, verb: str, name: str, url: str) -> None:
        self.calls.append(f"{verb} {name}")
        bucket, key = url.removeprefix("http://fake/").split("/")
        failures = self.failures.pop(name, [])
        self.stacks[name] = {
            "url": url,
            "template": json.loads(self.buckets[bucket][key]),
            "StackStatus": "ROLLBACK_COMPLETE" if failures else f"{verb}_COMPLETE",
            "Outputs": [{"OutputKey": "Name", "OutputValue": name}],
            "events": [
                {
                    "EventId": f"{verb}-{number}",
                    "LogicalResourceId": resource,
                    "ResourceType": "AWS::Some::Type",
                    "ResourceStatus": "CREATE_FAILED",
                    "ResourceStatusReason": reason,
                }
                for number, (resource, reason) in enumerate(failures)
            ],
        }

    def delete_stack(self, StackName: str) -> None:
        self.calls.append(f"DELETE {StackName}")
        del self.stacks[StackName]

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        if StackName not in self.stacks:
            raise self._error("ValidationError", f"Stack with id {StackName} does not exist")
        return {"Stacks": [self.stacks[StackName]]}

    def get_paginator(self, _operation: str) -> FakeAws:
        return self

    def paginate(self, StackName: str) -> Iterator[dict[str, Any]]:
        yield {"StackEvents": list(reversed(self.stacks[StackName]["events"]))}  # newest first, as the service does


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    directory = tmp_path / "cdk.out"
    (directory / "asset.code").mkdir(parents=True)
    (directory / "asset.code" / "handler.py").write_text("synthesized")
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Bucket": "b", "S3Key": "c0de.zip"}}}
    archive = {"Type": "AWS::Events::Archive", "Properties": {}}
    (directory / "s.template.json").write_text(json.dumps({"Resources": {"F": function, "A": archive}}))
    files = {
        "t": {
            "source": {"path": "s.template.json", "packaging": "file"},
            "destinations": {"d": {"bucketName": "b", "objectKey": "t.json"}},
        },
        "c": {
            "displayName": "F/Code",
            "source": {"path": "asset.code", "packaging": "zip"},
            "destinations": {"d": {"bucketName": "b", "objectKey": "c0de.zip"}},
        },
    }
    (directory / "s.assets.json").write_text(json.dumps({"files": files}))
    properties = {
        "templateFile": "s.template.json",
        "bootstrapStackVersionSsmParameter": "/cdk-bootstrap/q/version",
        "requiresBootstrapStackVersion": 6,
    }
    artifacts = {
        "s.assets": {"type": "cdk:asset-manifest", "properties": {"file": "s.assets.json"}},
        "s": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://111122223333/eu-west-1",
            "properties": properties,
            "dependencies": ["s.assets"],
        },
    }
    (directory / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return directory


def _deploy(assembly: Path, aws: FakeAws, **options: Any) -> Deployment:
    return deploy(assembly, aws, cache=assembly.parent / "cache", **options)  # type: ignore[arg-type]


def test_a_first_deployment_bootstraps_publishes_and_creates(assembly: Path) -> None:
    aws = FakeAws()

    deployment = _deploy(assembly, aws)

    assert aws.calls == ["upload c0de.zip", "CREATE s"]
    assert aws.parameters == {"/cdk-bootstrap/q/version": "6"}
    assert deployment.outputs == {"s": {"Name": "s"}}
    assert deployment.output("Name") == "s"
    assert list(aws.stacks["s"]["template"]["Resources"]) == ["F"]
    assert [item.logical_id for item in deployment.differences] == ["A"]


def test_a_second_deployment_of_the_same_does_nothing(assembly: Path) -> None:
    aws = FakeAws()
    _deploy(assembly, aws)
    aws.calls.clear()

    deployment = _deploy(assembly, aws)

    assert aws.calls == []
    assert deployment.outputs == {"s": {"Name": "s"}}


def test_a_bootstrapped_account_is_left_as_it_is(assembly: Path) -> None:
    aws = FakeAws()
    aws.buckets["b"] = {"c0de.zip": b"published"}
    aws.parameters["/cdk-bootstrap/q/version"] = "21"

    _deploy(assembly, aws)

    assert aws.parameters == {"/cdk-bootstrap/q/version": "21"}
    assert aws.buckets["b"]["c0de.zip"] == b"published"


def test_without_a_filter_the_template_goes_out_as_synthesized(assembly: Path) -> None:
    aws = FakeAws()

    deployment = _deploy(assembly, aws, template_filter=None)

    assert list(aws.stacks["s"]["template"]["Resources"]) == ["F", "A"]
    assert deployment.differences == ()


def test_an_override_is_published_under_its_own_key_and_changes_reach_the_function(assembly: Path) -> None:
    aws, local, asked = FakeAws(), assembly.parent / "local", []
    local.mkdir()

    def override(asset: Any) -> Path:
        asked.append(asset.name)
        return local

    keys = []
    for content in ("one", "two"):
        (local / "handler.py").write_text(content)
        _deploy(assembly, aws, asset_overrides=override)
        keys.append(aws.stacks["s"]["template"]["Resources"]["F"]["Properties"]["Code"]["S3Key"])

    assert asked == ["F/Code", "F/Code"]
    assert "c0de.zip" not in keys
    assert keys[0] != keys[1]
    assert all(key in aws.buckets["b"] for key in keys)


def test_an_override_that_is_a_zip_already_is_published_as_it_is(assembly: Path) -> None:
    aws, bundle = FakeAws(), assembly.parent / "bundle.zip"
    bundle.write_bytes(b"zipped already")

    _deploy(assembly, aws, asset_overrides=lambda _asset: bundle)

    assert b"zipped already" in aws.buckets["b"].values()


def test_an_override_may_leave_an_asset_alone(assembly: Path) -> None:
    aws = FakeAws()

    _deploy(assembly, aws, asset_overrides=lambda _asset: None)

    assert "c0de.zip" in aws.buckets["b"]


def test_a_failure_tells_what_failed_first_and_leaves_out_what_was_only_cancelled(assembly: Path) -> None:
    aws = FakeAws()
    aws.failures["s"] = [("Table", "no key schema"), ("Queue", "Resource creation cancelled")]

    with pytest.raises(DeploymentError) as caught:
        _deploy(assembly, aws)

    assert str(caught.value) == "s: ROLLBACK_COMPLETE\n  Table (AWS::Some::Type): no key schema"


def test_what_a_failure_left_behind_is_removed_before_the_next_attempt(assembly: Path) -> None:
    aws = FakeAws()
    aws.failures["s"] = [("Table", "no key schema")]
    with pytest.raises(DeploymentError):
        _deploy(assembly, aws)
    aws.calls.clear()

    _deploy(assembly, aws)

    assert aws.calls == ["DELETE s", "CREATE s"]


def test_another_account_than_the_stacks_were_synthesized_for_is_refused(assembly: Path) -> None:
    aws = FakeAws(account="000000000000")

    with pytest.raises(AssemblyError, match="synthesized for 111122223333/eu-west-1"):
        _deploy(assembly, aws)
    assert aws.buckets == {}


def test_steps_are_told(assembly: Path) -> None:
    told: list[str] = []

    _deploy(assembly, FakeAws(), progress=told.append)

    assert [step.split(" (")[0] for step in told] == ["uploading F/Code", "deploying s"]


def test_an_output_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match="0 stacks have an output Url"):
        Deployment({"s": {"Name": "s"}}, ()).output("Url")
