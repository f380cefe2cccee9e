"""One Lambda function, the way all of ours are."""

import re
from collections.abc import Mapping
from datetime import timedelta

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.bundle import PYTHON
from infra.constructs.log_group import encrypted_log_group
from infra.environments import Environment
from infra.nag import acknowledge
from infra.naming import physical_name
from lockstep.runtime.settings import FunctionSettings

METRICS_NAMESPACE = "Lockstep"

_ENVIRONMENT_LIMIT = 4096
_TOKEN = re.compile(r"\$\{Token\[[^\]]*\]\}")
_TOKEN_BYTES = 100
"""About what a name or queue URL takes that only the deployment knows."""


class LockstepFunction(Construct):
    """A function with its own role, its own encrypted log group, and an environment built from its settings model.

    Attributes:
        name: Its name.
        function: The function itself.
        target: What to call: the function, or its newest version where snapshots are on.
        role: Its own role. It may write its own log, and nothing else until something is granted.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: str,
        handler: str,
        description: str,
        settings: FunctionSettings,
        code: lambda_.Code,
        key: kms.IKey,
        environment: Environment,
        timeout: timedelta,
        memory_mib: int = 512,
        calls_itself: bool = False,
        retried: bool = True,
    ) -> None:
        """Define the function.

        Args:
            scope: Where it stands.
            construct_id: Its id there.
            service: Name in logs, and the `service` dimension of its metrics.
            handler: Import path of its handler.
            description: One sentence for the console.
            settings: Its validated settings; they become its environment.
            code: The shared bundle.
            key: Encrypts its log.
            environment: For retention, reserved concurrency and snapshots.
            timeout: When it is stopped.
            memory_mib: Memory, and with it CPU (1,769 MiB is one core).
            calls_itself: It rings its own queue on purpose. Lambda would take that for a runaway loop and break it
                after 16 rounds.
            retried: Whether Lambda repeats an asynchronous invocation that failed.

        Raises:
            ValueError: Its environment would be larger than Lambda takes.
        """
        super().__init__(scope, construct_id)
        variables = {
            **settings.variables(),
            "POWERTOOLS_SERVICE_NAME": service,
            "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }
        _check_size(service, variables)
        self.service = service
        self.name = physical_name(environment.name, service)
        self.timeout = timeout
        log = encrypted_log_group(self, "Log", key=key, environment=environment)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"Lockstep {environment.name}: {service}",
        )
        log.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=self.name,
            runtime=lambda_.Runtime(f"python{PYTHON}", lambda_.RuntimeFamily.PYTHON, supports_snap_start=True),
            architecture=lambda_.Architecture.ARM_64,
            code=code,
            handler=handler,
            description=description,
            role=self.role,
            log_group=log,
            memory_size=memory_mib,
            timeout=Duration.seconds(timeout.total_seconds()),
            reserved_concurrent_executions=environment.reserved_concurrency.get(service),
            recursive_loop=lambda_.RecursiveLoop.ALLOW if calls_itself else lambda_.RecursiveLoop.TERMINATE,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if environment.snap_start else None,
            retry_attempts=None if retried else 0,
            environment=variables,
        )
        runtime_reason = (
            f"Python {PYTHON} is the newest runtime for which every pinned dependency is tested; it is one constant, "
            "moved together with the lock file."
        )
        acknowledge(self.function, "AwsSolutions-L1", runtime_reason)
        acknowledge(self.function, "Serverless-LambdaLatestVersion", runtime_reason)
        acknowledge(
            self.function,
            "Serverless-LambdaDLQ",
            "That queue is for asynchronous invocations only. This function is invoked by the API, by an event source "
            "that has its own dead-letter queue, or by a schedule whose rule has one.",
        )
        acknowledge(
            self.function,
            "Serverless-LambdaTracing",
            "The X-Ray SDK ends in 2027 and costs 200 ms of each cold start; every hop is in the ledger, under the "
            "event's own correlation and causation ids.",
        )
        if not retried:
            acknowledge(
                self.function,
                "Serverless-LambdaAsyncFailureDestination",
                "What a failed run left undone the next one does; failures have an alarm of their own.",
            )
        self.target: lambda_.IFunction = (
            self.function.current_version.add_alias("live") if environment.snap_start else self.function
        )

    def allow(self, actions: list[str], resources: list[str], *, sid: str) -> None:
        """Grant actions, each by its full name, on resources."""
        self.role.add_to_principal_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=resources))


def _check_size(service: str, variables: Mapping[str, str]) -> None:
    """Notice at synthesis what Lambda would refuse in the middle of a deployment."""
    size = sum(len(name) + len(_TOKEN.sub("-" * _TOKEN_BYTES, value)) for name, value in variables.items())
    if size > _ENVIRONMENT_LIMIT:
        raise ValueError(
            f"{service}: its environment would take about {size} bytes, and Lambda takes {_ENVIRONMENT_LIMIT}"
        )
