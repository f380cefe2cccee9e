"""cdk-nag: which rule packs every synthesis must pass, and how a finding is acknowledged."""

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks
from constructs import IConstruct


def add_rule_packs(app: App) -> None:
    """Let a finding of either pack, if nobody acknowledged it, fail the synthesis."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept one finding on one construct, for a reason that a reviewer can weigh.

    Args:
        construct: The construct that causes the finding, never a stack.
        rule: The finding's id as cdk-nag prints it, as in `AwsSolutions-IAM5[Resource::*]`.
        reason: Why it is right here.
    """
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
