"""What must survive: the ledger, master data, claims, secrets, the key, and who is told of alarms."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct

from infra.constructs.pager import Pager
from infra.constructs.vault import Vault
from infra.nag import acknowledge
from infra.naming import construct_name, secret_name
from infra.plan import Plan

OPEN_INDEX = "open"
"""Streams that a consumer is behind on, oldest first."""
REFERENCE_INDEX = "reference"
"""Ledger items by a business reference: order number, till transaction, document number."""

_ACCESS_LOG_DAYS = 90
_COLD_AFTER_DAYS = 30


class StatefulStack(Stack):
    """The stack of one environment that holds its data. Nothing in it is replaced by a release."""

    def __init__(self, scope: Construct, construct_id: str, *, plan: Plan, account: str) -> None:
        environment = plan.environment
        super().__init__(
            scope,
            construct_id,
            env={"account": account, "region": environment.region},
            termination_protection=environment.protected,
            description=f"Lockstep {environment.name}: ledger, master data, claims, secrets",
        )
        self._protected = environment.protected
        self._removal = RemovalPolicy.RETAIN if environment.protected else RemovalPolicy.DESTROY
        self.key = Vault(self, "Vault", environment=environment.name, removal=self._removal).key
        self.pager = Pager(self, "Pager", key=self.key, email=environment.alarm_email)

        warm = environment.warm_ledger
        self.ledger = self._table(
            "Ledger",
            dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,  # a case's old state tells whether it changed
            time_to_live_attribute="expires_at",
            warm_throughput=warm
            and dynamodb.WarmThroughput(read_units_per_second=warm.reads, write_units_per_second=warm.writes),
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=OPEN_INDEX,
                    partition_key=_text("open_key"),
                    sort_key=_text("open_since"),
                    projection_type=dynamodb.ProjectionType.KEYS_ONLY,
                ),
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=REFERENCE_INDEX,
                    partition_key=_text("reference"),
                    projection_type=dynamodb.ProjectionType.KEYS_ONLY,
                ),
            ],
        )
        self.masterdata = self._table("MasterData")
        self.claims = self._claims_bucket(environment.claims_days)
        self.claims_arn = str(self.export_value(self.claims.bucket_arn, name=f"lockstep-{environment.name}-claims-arn"))
        """Exported by a name of our own, so that the one wildcard that names it can be acknowledged exactly."""
        for connector_account in sorted(environment.accounts):
            self._secret(environment.name, connector_account)

    def _table(self, construct_id: str, **options: object) -> dynamodb.TableV2:
        return dynamodb.TableV2(
            self,
            construct_id,
            partition_key=_text("pk"),
            sort_key=_text("sk"),
            billing=dynamodb.Billing.on_demand(),
            encryption=dynamodb.TableEncryptionV2.customer_managed_key(self.key),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=self._protected,
            removal_policy=self._removal,
            **options,
        )

    def _claims_bucket(self, keep_days: int) -> s3.Bucket:
        access_log = s3.Bucket(
            self,
            "ClaimsAccessLog",
            encryption=s3.BucketEncryption.S3_MANAGED,  # S3 cannot deliver access logs to a bucket with a customer key
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(_ACCESS_LOG_DAYS))],
            removal_policy=self._removal,
        )
        acknowledge(
            access_log, "AwsSolutions-S1", "It holds the access log; logging its own accesses would feed itself."
        )
        return s3.Bucket(
            self,
            "Claims",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            server_access_logs_bucket=access_log,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                    expiration=Duration.days(keep_days),
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.INFREQUENT_ACCESS,
                            transition_after=Duration.days(_COLD_AFTER_DAYS),
                        )
                    ]
                    if keep_days > _COLD_AFTER_DAYS
                    else None,
                )
            ],
            removal_policy=self._removal,
        )

    def _secret(self, environment: str, account: str) -> None:
        secret = secrets.Secret(
            self,
            f"Secret-{construct_name(account)}",
            secret_name=secret_name(environment, account),
            description=f"Connection of {account}. Random at first: put the real one in after the first deploy.",
            encryption_key=self.key,
            removal_policy=self._removal,
        )
        acknowledge(
            secret,
            "AwsSolutions-SMG4",
            "The other system issues it, so no function can rotate it; people do, and two values are valid meanwhile.",
        )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
