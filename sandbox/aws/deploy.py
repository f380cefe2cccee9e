"""Deploys a synthesized CDK application to any AWS endpoint, without the CDK command line.

It does what ``cdk deploy`` does with a bootstrapped account, in plain API calls: publish the file assets, upload each
template (inline templates end at 51,200 bytes), create or update each stack after those it depends on.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sandbox.aws.archive import zip_directory
from sandbox.aws.assembly import AssemblyError, FileAsset, Stack, read_assembly
from sandbox.aws.template_filter import Difference, filter_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.aws.endpoint import AwsEndpoint
    from sandbox.aws.template_filter import Template

    AssetOverride = Callable[[FileAsset], Path | None]
    TemplateFilter = Callable[[Mapping[str, Any]], tuple[Template, list[Difference]]]
    Progress = Callable[[str], None]

ARCHIVE_CACHE = Path(__file__).resolve().parents[2] / ".sandbox" / "cache" / "assets"
STACK_TIMEOUT = 300.0
_POLL = 0.1
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_NOT_FOUND = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NotFound", "ParameterNotFound"})
_UNUSABLE = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})
_DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "DELETE_COMPLETE"})


class DeploymentError(RuntimeError):
    """A stack could not be deployed. The message lists the resources that failed, each with the service's reason."""


@dataclass(frozen=True)
class Deployment:
    """The outcome of a deployment.

    Attributes:
        outputs: outputs by stack name, then by output key.
        differences: what the template filter left out or adjusted, over all stacks.
    """

    outputs: Mapping[str, Mapping[str, str]]
    differences: tuple[Difference, ...]

    def output(self, key: str) -> str:
        """The value of the only output called ``key`` in any stack.

        Raises:
            KeyError: no stack has it, or more than one.
        """
        values = [outputs[key] for outputs in self.outputs.values() if key in outputs]
        if len(values) != 1:
            raise KeyError(f"{len(values)} stacks have an output {key}")
        return values[0]


def deploy(
    assembly: Path,
    endpoint: AwsEndpoint,
    *,
    asset_overrides: AssetOverride | None = None,
    template_filter: TemplateFilter | None = filter_template,
    progress: Progress = lambda _message: None,
    cache: Path = ARCHIVE_CACHE,
    stack_timeout: float = STACK_TIMEOUT,
) -> Deployment:
    """Deploy every stack of the cloud assembly and return their outputs.

    Args:
        assembly: the ``cdk.out`` directory.
        endpoint: where to deploy to; its account and Region have to be those of the stacks.
        asset_overrides: called with each file asset; the file or directory it returns is uploaded in the asset's
            place (the bundle built for this machine instead of the one built for arm64), directories zipped;
            None leaves the asset as it is.
        template_filter: makes of a template what the endpoint can take; None for an endpoint that takes everything.
        progress: called with a short sentence at each step.
        cache: directory for the archives of asset directories.
        stack_timeout: seconds one stack may take.

    Raises:
        AssemblyError: ``assembly`` cannot be read, or was synthesized for another account or Region.
        DeploymentError: a stack failed, or took too long.
    """
    stacks = read_assembly(assembly)
    for stack in stacks:
        if (stack.account, stack.region) != (endpoint.account, endpoint.region):
            raise AssemblyError(
                f"{stack.name} was synthesized for {stack.account}/{stack.region}, "
                f"the endpoint is {endpoint.account}/{endpoint.region}"
            )
    deployer = _Deployer(
        endpoint,
        asset_overrides=asset_overrides,
        template_filter=template_filter,
        progress=progress,
        cache=cache,
        stack_timeout=stack_timeout,
    )
    outputs = {stack.name: deployer.deploy(stack) for stack in stacks}
    return Deployment(outputs, tuple(deployer.differences))


class _Deployer:
    def __init__(
        self,
        endpoint: AwsEndpoint,
        *,
        asset_overrides: AssetOverride | None,
        template_filter: TemplateFilter | None,
        progress: Progress,
        cache: Path,
        stack_timeout: float,
    ) -> None:
        self._s3 = endpoint.client("s3")
        self._ssm = endpoint.client("ssm")
        self._cloudformation = endpoint.client("cloudformation")
        self._region = endpoint.region
        self._asset_overrides = asset_overrides
        self._template_filter = template_filter
        self._progress = progress
        self._cache = cache
        self._stack_timeout = stack_timeout
        self._published: dict[str, str] = {}
        self.differences: list[Difference] = []

    def deploy(self, stack: Stack) -> dict[str, str]:
        self._bootstrap(stack)
        keys = {asset.key: self._publish(asset) for asset in stack.assets}
        template = stack.template()
        if self._template_filter:
            template, differences = self._template_filter(template)
            self.differences += differences
        body = json.dumps(template)
        for key, published in keys.items():
            body = body.replace(key, published)
        self._progress(f"deploying {stack.name}")
        return self._apply(stack, self._upload_template(stack, body.encode()))

    def _bootstrap(self, stack: Stack) -> None:
        """Make what ``cdk bootstrap`` makes and the stack needs, where it is missing."""
        for bucket in {asset.bucket for asset in (*stack.assets, stack.template_asset)}:
            if not self._exists(self._s3.head_bucket, Bucket=bucket):
                # us-east-1 is the one Region that must not be named as a location constraint.
                elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
                self._s3.create_bucket(Bucket=bucket, **({} if self._region == "us-east-1" else elsewhere))
        name = stack.bootstrap_parameter
        if name and not self._exists(self._ssm.get_parameter, Name=name):
            self._ssm.put_parameter(Name=name, Value=str(max(stack.bootstrap_version, 1)), Type="String")

    def _publish(self, asset: FileAsset) -> str:
        """Upload an asset unless it is there, and return its key: the override's own when it is overridden."""
        override = self._asset_overrides(asset) if self._asset_overrides else None
        address = f"{asset.bucket}/{asset.key}/{override or ''}"
        if address in self._published:
            return self._published[address]
        source = override or asset.source
        path = zip_directory(source, self._cache) if source.is_dir() else source
        # CloudFormation updates a function only when its key changes, so other content needs another key.
        key = asset.key if override is None else f"{_digest(path.read_bytes())}{Path(asset.key).suffix}"
        if not self._exists(self._s3.head_object, Bucket=asset.bucket, Key=key):
            self._progress(f"uploading {asset.name} ({path.stat().st_size / 1e6:.1f} MB)")
            self._s3.upload_file(str(path), asset.bucket, key)
        self._published[address] = key
        return key

    def _upload_template(self, stack: Stack, body: bytes) -> str:
        bucket, key = stack.template_asset.bucket, f"{_digest(body)}.json"
        self._s3.put_object(Bucket=bucket, Key=key, Body=body)
        return f"{self._s3.meta.endpoint_url.rstrip('/')}/{bucket}/{key}"

    def _apply(self, stack: Stack, template_url: str) -> dict[str, str]:
        status = self._status(stack.name)
        if status in _UNUSABLE:
            self._progress(f"removing what is left of {stack.name} ({status})")
            self._cloudformation.delete_stack(StackName=stack.name)
            self._wait(stack.name, set())
            status = None
        seen = {event["EventId"] for event in self._events(stack.name)} if status else set()
        operation = self._cloudformation.update_stack if status else self._cloudformation.create_stack
        try:
            operation(
                StackName=stack.name,
                TemplateURL=template_url,
                Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in stack.parameters.items()],
                Tags=[{"Key": key, "Value": value} for key, value in stack.tags.items()],
                Capabilities=_CAPABILITIES,
            )
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise DeploymentError(f"{stack.name} was refused: {error}") from error
        else:
            self._wait(stack.name, seen)
        description = self._cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}

    def _wait(self, stack_name: str, seen: set[str]) -> None:
        deadline = time.monotonic() + self._stack_timeout
        while True:
            status = self._status(stack_name)
            if status is None or status in _DONE:
                return
            if not status.endswith("_IN_PROGRESS"):
                raise DeploymentError(f"{stack_name}: {status}{self._failures(stack_name, seen)}")
            if time.monotonic() > deadline:
                raise DeploymentError(f"{stack_name} is still {status} after {self._stack_timeout:g} s")
            time.sleep(_POLL)

    def _status(self, stack_name: str) -> str | None:
        try:
            return str(self._cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]["StackStatus"])
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise

    def _events(self, stack_name: str) -> list[dict[str, Any]]:
        pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_name)
        return [event for page in pages for event in page["StackEvents"]]

    def _failures(self, stack_name: str, seen: set[str]) -> str:
        lines = [
            f"\n  {event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', '')}"
            for event in reversed(self._events(stack_name))
            if event["EventId"] not in seen and event["ResourceStatus"].endswith("_FAILED")
        ]
        # Resources that were cancelled because another one failed only hide the cause.
        return "".join(line for line in lines if "cancelled" not in line) or "".join(lines)

    @staticmethod
    def _exists(lookup: Callable[..., Any], **name: str) -> bool:
        try:
            lookup(**name)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_FOUND:
                return False
            raise
        return True


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
