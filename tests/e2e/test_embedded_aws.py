"""The embedded AWS and the deployer, on an assembly small enough to read: what the rest of the sandbox relies on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.deploy import DeploymentError, deploy
from sandbox.aws.environment import ROOT
from sandbox.aws.server import EmbeddedAws, ServerError, _commands_of_group

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sandbox.aws.deploy import Deployment
    from sandbox.aws.environment import AwsEnvironment

FUNCTION = """
import importlib.util, json, os, urllib.request

def handler(event, context):
    return {
        "variant": VARIANT,
        "environment": sorted(os.environ),
        "importable": [name for name in ("ministack", "boto3", "yaml") if importlib.util.find_spec(name)],
    }

def slow(event, context):
    import time
    time.sleep(60)
"""
BUCKET = "cdk-test-assets-000000000000-us-east-1"


def _role(*statements: dict[str, Any]) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policies = [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}]
    document = {"Version": "2012-10-17", "Statement": [trust]}
    properties = {"AssumeRolePolicyDocument": document, "Policies": policies if statements else []}
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def _function(handler: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": f"small-{handler}",
            "Runtime": "python3.13",
            "Handler": f"code.{handler}",
            "Timeout": 30,
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"S3Bucket": BUCKET, "S3Key": "code.zip"},
        },
    }


STACKS: dict[str, dict[str, Any]] = {
    "upper": {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::ImportValue": "name"}}}},
        "Outputs": {"Queue": {"Value": {"Ref": "Queue"}}},
    },
    "lower": {
        "Resources": {
            "Role": _role(),
            "Function": _function("handler"),
            "Slow": _function("slow"),
            "Archive": {"Type": "AWS::Events::Archive", "Properties": {}},
            "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "small/secret"}},
        },
        "Outputs": {
            "Name": {"Value": "from-the-lower-stack", "Export": {"Name": "name"}},
            "Secret": {"Value": {"Ref": "Secret"}},
        },
    },
}


def _write_assembly(directory: Path, stacks: dict[str, dict[str, Any]], depends_on: dict[str, list[str]]) -> Path:
    code = directory / "code"
    code.mkdir(parents=True)
    (code / "code.py").write_text(f"VARIANT = 'synthesized'\n{FUNCTION}")
    artifacts: dict[str, Any] = {}
    for name, template in stacks.items():
        (directory / f"{name}.template.json").write_text(json.dumps(template))
        destination = {"here": {"bucketName": BUCKET, "objectKey": f"{name}.json"}}
        files = {
            "template": {
                "source": {"path": f"{name}.template.json", "packaging": "file"},
                "destinations": destination,
            },
            "code": {
                "source": {"path": "code", "packaging": "zip"},
                "destinations": {"here": {"bucketName": BUCKET, "objectKey": "code.zip"}},
            },
        }
        (directory / f"{name}.assets.json").write_text(json.dumps({"files": files}))
        artifacts[f"{name}.assets"] = {"type": "cdk:asset-manifest", "properties": {"file": f"{name}.assets.json"}}
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://000000000000/us-east-1",
            "properties": {"templateFile": f"{name}.template.json"},
            "dependencies": [f"{name}.assets", *depends_on.get(name, [])],
        }
    (directory / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return directory


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write_assembly(tmp_path_factory.mktemp("small") / "cdk.out", STACKS, {"upper": ["lower"]})


@pytest.fixture(scope="module")
def deployment(embedded_aws: EmbeddedAws, assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return deploy(assembly, embedded_aws.endpoint, cache=tmp_path_factory.mktemp("cache"))


def _await(condition: Callable[[], bool], within: float = 20.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.05)


def _invoke(server: EmbeddedAws, function: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(
        server.endpoint.client("lambda").invoke(FunctionName=function)["Payload"].read()
    )
    return answer


def test_stacks_are_deployed_after_those_whose_exports_they_import(deployment: Deployment) -> None:
    assert deployment.output("Queue").endswith("/from-the-lower-stack")


def test_a_reference_to_a_secret_is_its_arn(deployment: Deployment) -> None:
    assert deployment.output("Secret").startswith("arn:aws:secretsmanager:us-east-1:000000000000:secret:small/secret-")


def test_what_was_left_out_is_said(deployment: Deployment) -> None:
    assert ("Archive", "left out") in {(item.logical_id, item.kind) for item in deployment.differences}


@pytest.mark.usefixtures("deployment")
def test_a_function_sees_nothing_of_the_host(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = _invoke(embedded_aws, "small-handler")

    assert seen["importable"] == []
    assert not {"VIRTUAL_ENV", "AWS_PROFILE", "USER"} & set(seen["environment"])
    assert "AWS_ENDPOINT_URL" in seen["environment"]


@pytest.mark.usefixtures("deployment")
def test_other_code_in_the_place_of_an_asset_is_deployed(
    embedded_aws: EmbeddedAws, assembly: Path, tmp_path: Path
) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "code.py").write_text(f"VARIANT = 'local'\n{FUNCTION}")

    deploy(assembly, embedded_aws.endpoint, asset_overrides=lambda _asset: tmp_path / "local", cache=tmp_path)
    assert _invoke(embedded_aws, "small-handler")["variant"] == "local"

    deploy(assembly, embedded_aws.endpoint, cache=tmp_path)
    assert _invoke(embedded_aws, "small-handler")["variant"] == "synthesized"


@pytest.mark.usefixtures("deployment")
def test_a_killed_worker_ends_its_invocation_at_once(embedded_aws: EmbeddedAws) -> None:
    embedded_aws.endpoint.client("lambda").invoke(FunctionName="small-slow", InvocationType="Event")
    _await(lambda: bool(embedded_aws.workers("small-slow")))

    victim = embedded_aws.workers("small-slow")[0]
    victim.kill()

    _await(lambda: victim not in embedded_aws.workers())


def test_credentials_nobody_was_given_are_refused(embedded_aws: EmbeddedAws) -> None:
    forged = replace(embedded_aws.endpoint, access_key_id="AKIAIOSFODNN7EXAMPLE")

    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        forged.client("sqs").list_queues()


def test_a_failing_stack_names_the_resource_and_the_reason_and_can_be_mended(
    embedded_aws: EmbeddedAws, tmp_path: Path
) -> None:
    metrics = [{"Id": "m", "Expression": "1 + 1"}]
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"EvaluationPeriods": 1, "Metrics": metrics}}
    broken = _write_assembly(tmp_path / "broken", {"mended": {"Resources": {"Backlog": alarm}}}, {})
    good = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}, "Outputs": {"Mended": {"Value": "yes"}}}
    mended = _write_assembly(tmp_path / "mended", {"mended": good}, {})

    reason = r"mended: ROLLBACK_COMPLETE\n  Backlog \(AWS::CloudWatch::Alarm\): .*metric math"
    with pytest.raises(DeploymentError, match=reason):
        deploy(broken, embedded_aws.endpoint, template_filter=None, cache=tmp_path)
    assert deploy(mended, embedded_aws.endpoint, cache=tmp_path).output("Mended") == "yes"


def test_two_runs_do_not_share_a_directory(embedded_aws: EmbeddedAws, aws_environment: AwsEnvironment) -> None:
    with pytest.raises(ServerError, match="another run of the sandbox uses"):
        EmbeddedAws(aws_environment, embedded_aws.log.parent).start()


def test_stopping_leaves_no_worker_behind_even_a_busy_one(
    aws_environment: AwsEnvironment, assembly: Path, tmp_path: Path
) -> None:
    with EmbeddedAws(aws_environment, tmp_path / "run") as server:
        deploy(assembly, server.endpoint, cache=tmp_path)
        server.endpoint.client("lambda").invoke(FunctionName="small-slow", InvocationType="Event")
        _await(lambda: bool(server.workers("small-slow")))
        group = server.pid

    _await(lambda: not _runs(group))
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["aws.lock", "aws.log"]


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from sandbox.aws.environment import prepare\n"
        "from sandbox.aws.server import EmbeddedAws\n"
        "server = EmbeddedAws(prepare(), Path(sys.argv[1]))\n"
        "server.start()\n"
        "print(server.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    group = int(killed.stdout)

    _await(lambda: not _runs(group))


def _runs(group: int) -> bool:
    # What has ended and waits for its parent to notice has no command line any more.
    return any(command.strip() for _, command in _commands_of_group(group))
