"""What operators may do: a role to assume, with the actions that the command line's ports use, on named resources.

Who may assume it is for the account's own IAM to say. It reads the ledger and writes what `lockstep` writes there; it
deploys nothing, changes no set-up, and reads no secret but those that its commands need.
"""

from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.grants import CONSUME, KEY_WRITE, READ_ITEMS
from infra.nag import acknowledge
from infra.naming import physical_name, secret_name

_SEND: Final = ["sqs:SendMessage"]
_REDRIVE: Final = [
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
]
_IMPORT: Final = sorted({*READ_ITEMS, "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem"})


class Operators(Construct):
    """The role of whoever runs `lockstep --env NAME`.

    Attributes:
        role: The role.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: str,
        ledger: dynamodb.TableV2,
        indexes: tuple[str, ...],
        masterdata: dynamodb.TableV2,
        claims_arn: str,
        key: kms.IKey,
        queues: list[sqs.Queue],
        dead_letters: list[sqs.Queue],
        accounts: tuple[str, ...],
    ) -> None:
        """Define the role.

        Args:
            scope: The stack whose output names everything.
            construct_id: Its id there.
            environment: Its name.
            ledger: Read, and written to by controls, cases and records of who did what.
            indexes: Of the ledger.
            masterdata: Read and imported into.
            claims_arn: Of the bucket of large bodies.
            key: That everything is encrypted with.
            queues: Rung, and sent back to.
            dead_letters: Looked into and redriven.
            accounts: Whose secrets its commands need.
        """
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self._environment = environment
        self.role = iam.Role(
            self,
            "Role",
            role_name=physical_name(environment, "operator"),
            assumed_by=iam.AccountRootPrincipal(),
            description=f"Lockstep {environment}: people who run lockstep --env {environment}",
        )
        tables = [f"{ledger.table_arn}/index/{index}" for index in indexes]
        described = f"arn:{stack.partition}:cloudformation:{stack.region}:{stack.account}:stack/{stack.stack_name}/*"
        secrets = [
            f"arn:{stack.partition}:secretsmanager:{stack.region}:{stack.account}:secret:"
            f"{secret_name(environment, account)}-??????"
            for account in accounts
        ]
        self._allow("FindStack", ["cloudformation:DescribeStacks"], [described])
        self._allow("UseLedger", CONSUME, [ledger.table_arn])
        self._allow("QueryIndexes", ["dynamodb:Query"], tables)
        self._allow("ImportMasterData", _IMPORT, [masterdata.table_arn])
        self._allow("KeepLargeImports", ["s3:GetObject", "s3:PutObject"], [f"{claims_arn}/*"])
        self._allow("RingAndRedrive", _SEND, [queue.queue_arn for queue in queues])
        self._allow("LookIntoDeadLetters", _REDRIVE, [queue.queue_arn for queue in dead_letters])
        self._allow("ReadSecretsOfCommands", ["secretsmanager:GetSecretValue"], secrets)
        self._allow("UseKey", KEY_WRITE, [key.key_arn])
        acknowledge(
            self.role,
            f"AwsSolutions-IAM5[Resource::lockstep-{environment}-claims-arn/*]",
            "Claims are objects whose keys are not known beforehand; the bucket holds nothing else.",
        )
        acknowledge(
            self.role,
            f"AwsSolutions-IAM5[Resource::{described}]",
            "A stack's ARN ends in an id that is known only once it is deployed; its name is said in full.",
        )

    def _allow(self, sid: str, actions: list[str], resources: list[str]) -> None:
        if resources:
            self.role.add_to_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=resources))
