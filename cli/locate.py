"""Finds a stack: the local one by the file it leaves, one in an AWS account by its outputs."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from cli.errors import CommandFailed, Exit, StackUnreachable
from cli.topology import LocalStack, Topology
from infra import environments

LOCAL: Final = "local"
OUTPUT: Final = "LockstepTopology"
_FILE: Final = "LOCKSTEP_STACK"
"""Environment variable that names another file than the checkout's."""
_RUN_IT: Final = "Start it with `make run` (or `lockstep up`) in another terminal, and leave it open."
_CONFIG: Final = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})

Clients = Callable[[str], Any]
"""Gives a boto3 client by its service's name."""


def stack_file() -> Path:
    """Where the local stack describes itself."""
    given = os.environ.get(_FILE)
    return Path(given) if given else Path(__file__).resolve().parents[1] / ".sandbox" / "run" / "stack.json"


def locate(environment: str) -> tuple[Topology, Clients]:
    """A stack's topology, and clients that reach it.

    Raises:
        StackUnreachable: It is not there, or who asks may not see it; says what to do.
        CommandFailed: There is no environment of that name.
    """
    return _local() if environment == LOCAL else _deployed(environment)


def _local() -> tuple[Topology, Clients]:
    file = stack_file()
    try:
        stack = LocalStack.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise StackUnreachable("The local stack is not up.", then=_RUN_IT) from None
    except ValidationError as error:
        raise StackUnreachable(f"{file} is of another version, or half written.", then=_RUN_IT) from error
    session = boto3.Session(
        aws_access_key_id=stack.access_key_id,
        aws_secret_access_key=stack.secret_access_key,
        region_name=stack.region,
    )
    return stack.topology, lambda service: _client(session, service, stack.endpoint_url)


def _deployed(environment: str) -> tuple[Topology, Clients]:
    try:
        region = environments.load(environment).region
    except environments.EnvironmentInvalid:
        known = ", ".join(environments.names())
        raise CommandFailed(
            f"There is no environment {environment!r}.", then=f"There are: {known}.", code=Exit.USAGE
        ) from None
    session = boto3.Session(region_name=region)
    stack = f"lockstep-{environment}-integration"
    deploy = f"Deploy it with `make deploy ENV={environment}`, or check which AWS account your credentials belong to."
    try:
        (found,) = _client(session, "cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        said = error.response["Error"]["Message"]
        missing = "does not exist" in said
        raise StackUnreachable(
            f"There is no stack {stack} in {region}." if missing else f"AWS refuses to show {stack}: {said}",
            then=deploy,
        ) from error
    except BotoCoreError as error:
        raise StackUnreachable(
            f"AWS cannot be asked for {stack}: {error}",
            then="Check your credentials (`aws sts get-caller-identity`) and the network.",
        ) from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", ())}
    if OUTPUT not in outputs:
        raise StackUnreachable(
            f"Stack {stack} has no output {OUTPUT}.", then=f"Finish `make deploy ENV={environment}`."
        )
    return _checked(json.loads(outputs[OUTPUT])), lambda service: _client(session, service)


def _client(session: boto3.Session, service: str, url: str | None = None) -> Any:
    # boto3 overloads client() on the literal name; the name is a variable here.
    return session.client(service, endpoint_url=url, config=_CONFIG)  # type: ignore[call-overload]


def _checked(topology: object) -> Topology:
    try:
        return Topology.model_validate(topology)
    except ValidationError as error:
        fields = ", ".join(str(problem["loc"][0]) for problem in error.errors())
        raise StackUnreachable(
            f"The stack's topology lacks or misstates: {fields}.", then="Deploy the stack of this version."
        ) from error
