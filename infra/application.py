"""The CDK application of one environment."""

import json
import os
from pathlib import Path

from aws_cdk import App, Tags
from aws_cdk import aws_lambda as lambda_

from infra import bundle, environments, registry
from infra.environments import Environment
from infra.nag import add_rule_packs
from infra.plan import Plan, make_plan
from infra.stacks.integration import IntegrationStack
from infra.stacks.observability import ObservabilityStack
from infra.stacks.stateful import StatefulStack

PLACEHOLDER_ACCOUNT = "111111111111"
"""Stands for the account where none is known: synthesis works, and deploying by it is refused by AWS."""

LOCAL = "local"
"""The environment of the laptop: its functions run on this machine's platform and interpreter."""

_FLAGS = {
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
    "@aws-cdk/aws-s3:createDefaultLoggingPolicy": True,
    "@aws-cdk/core:checkSecretUsage": True,
    "@aws-cdk/core:target-partitions": ["aws"],
    "@aws-cdk/core:enablePartitionLiterals": True,
    "@aws-cdk/aws-lambda:recognizeVersionProps": True,
    "@aws-cdk/aws-lambda:recognizeLayerVersion": True,
    "@aws-cdk/aws-kms:aliasNameRef": True,
    "@aws-cdk/aws-kms:reduceCrossAccountRegionPolicyScope": True,
    "@aws-cdk/aws-events:eventsTargetQueueSameAccount": True,
    "@aws-cdk/aws-apigateway:disableCloudWatchRole": True,
    "aws:cdk:enable-asset-metadata": False,
    "aws:cdk:enable-path-metadata": False,
}
"""CDK's feature flags stand here, not in cdk.json, so that tests and the laptop synthesize the same template."""


def plan_for(environment: Environment) -> Plan:
    """What an environment runs, with every connector and workflow there is.

    Raises:
        EnvironmentInvalid: It cannot run as configured.
        RegistryError: A connector's or workflow's folder is incomplete.
    """
    return make_plan(environment, registry.connectors(), registry.workflows())


def build(plan: Plan, code: Path, *, outdir: Path | None = None, account: str | None = None) -> App:
    """Define an environment's three stacks. Calls no AWS.

    Args:
        plan: What the environment runs.
        code: The functions' bundle, a zip.
        outdir: Where `synth()` writes; CDK's own choice when left out.
        account: AWS account to use where the environment names none.
    """
    app = App(context=_FLAGS, outdir=str(outdir) if outdir else None, analytics_reporting=False, tree_metadata=False)
    name = plan.environment.name
    account = plan.environment.aws_account or account or os.environ.get("CDK_DEFAULT_ACCOUNT") or PLACEHOLDER_ACCOUNT
    state = StatefulStack(app, f"lockstep-{name}-stateful", plan=plan, account=account)
    running = IntegrationStack(
        app,
        f"lockstep-{name}-integration",
        plan=plan,
        account=account,
        state=state,
        code=lambda_.Code.from_asset(str(code)),
    )
    ObservabilityStack(
        app, f"lockstep-{name}-observability", plan=plan, account=account, pager=state.pager, running=running
    )
    Tags.of(app).add("application", "lockstep")
    Tags.of(app).add("environment", name)
    add_rule_packs(app)
    return app


def synthesize(name: str | None, *, account: str | None = None, outdir: Path | None = None) -> Path:
    """Bundle the functions and write one environment's cloud assembly.

    Args:
        name: The environment. None: the `env` that the CDK command line was given with `-c`.
        account: AWS account to use where the environment names none. None: `-c account=`.
        outdir: Where to write. None: where the CDK command line expects it, or `cdk.out`.

    Returns:
        The directory written to.

    Raises:
        EnvironmentInvalid: There is none of that name, or it cannot run as configured.
        RegistryError: A connector's or workflow's folder is incomplete.
        BundleError: The bundle could not be built.
        RuntimeError: A rule pack found something that nobody acknowledged; the findings are on standard error.
    """
    context = json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}"))
    plan = plan_for(environments.load(name or context.get("env") or ""))
    target = bundle.Target.LOCAL if plan.environment.name == LOCAL else bundle.Target.LAMBDA
    outdir = outdir or Path(os.environ.get("CDK_OUTDIR", "cdk.out"))
    build(plan, bundle.build(target), outdir=outdir, account=account or context.get("account")).synth()
    return outdir
