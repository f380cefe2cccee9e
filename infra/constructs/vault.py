"""The customer key of an environment."""

from collections.abc import Mapping

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class Vault(Construct):
    """One customer key for everything an environment keeps, rotated every year.

    One key, because everything it protects has the same owner and the same fate, and each costs a dollar a month. Roles
    get theirs by IAM; the services that act on their own behalf are named here, for this account only.
    """

    def __init__(self, scope: Construct, construct_id: str, *, environment: str, removal: RemovalPolicy) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            alias=f"lockstep/{environment}",
            description=f"Lockstep {environment}: ledger, claims, secrets, bus, alarms and logs",
            enable_key_rotation=True,
            removal_policy=removal,
        )
        stack = Stack.of(self)
        same_account = {"StringEquals": {"aws:SourceAccount": stack.account}}
        use = ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]
        for sid, service in (("AlarmsPublish", "cloudwatch"), ("BusStores", "events")):
            self._allow(sid, f"{service}.amazonaws.com", [*use, "kms:DescribeKey"], same_account)
        # CloudWatch Logs names the log group it works for, not the account ("Encrypt log data").
        groups = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:lockstep-{environment}-*"
        self._allow(
            "LogsStore",
            f"logs.{stack.region}.amazonaws.com",
            [*use, "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:DescribeKey"],
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )

    def _allow(self, sid: str, service: str, actions: list[str], conditions: Mapping[str, object]) -> None:
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                principals=[iam.ServicePrincipal(service)],
                actions=actions,
                resources=["*"],  # in a key policy: this key
                conditions=conditions,
            )
        )
