"""Log groups: encrypted with the environment's key, and never kept for ever by omission."""

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.environments import Environment


def encrypted_log_group(
    scope: Construct, construct_id: str, *, key: kms.IKey, environment: Environment
) -> logs.LogGroup:
    """A log group with the environment's retention."""
    group = logs.LogGroup(
        scope,
        construct_id,
        encryption_key=key,
        removal_policy=RemovalPolicy.RETAIN if environment.protected else RemovalPolicy.DESTROY,
    )
    # Days, as the environment states them; the construct knows only an enumeration.
    cast("logs.CfnLogGroup", group.node.default_child).retention_in_days = environment.log_retention_days
    return group
