"""What each kind of function may do, action by action: the same lists that its ports use.

The constructs' own `grant...` methods add actions nobody calls, and index wildcards.
"""

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_dynamodb import TableV2

from infra.constructs.function import LockstepFunction
from infra.nag import acknowledge

READ_ITEMS = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"]
# A transaction is authorized as the single-item actions it consists of.
_ACCEPT = [
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
]
CONSUME = sorted({*_ACCEPT, "dynamodb:DeleteItem", "dynamodb:Query"})
_KEY_READ = ["kms:Decrypt", "kms:DescribeKey"]
KEY_WRITE = [*_KEY_READ, "kms:Encrypt", "kms:GenerateDataKey"]


def may_accept(function: LockstepFunction, ledger: TableV2) -> None:
    """Accept deliveries into the ledger: read and write items by key."""
    function.allow(_ACCEPT, [ledger.table_arn], sid="AcceptIntoLedger")


def may_consume(function: LockstepFunction, ledger: TableV2) -> None:
    """Read streams and commit outcomes and cursors."""
    function.allow(CONSUME, [ledger.table_arn], sid="ConsumeLedger")


def may_query(function: LockstepFunction, table: TableV2, index: str) -> None:
    """Query one index."""
    function.allow(["dynamodb:Query"], [f"{table.table_arn}/index/{index}"], sid=f"QueryIndex{index.capitalize()}")


def may_read_master_data(function: LockstepFunction, masterdata: TableV2) -> None:
    """Look up master data."""
    function.allow(READ_ITEMS, [masterdata.table_arn], sid="ReadMasterData")


def may_use_claims(
    function: LockstepFunction, bucket_arn: str, *, environment: str, get: bool = False, put: bool = False
) -> None:
    """Read or store bodies that are too large for the ledger."""
    actions = [*(["s3:GetObject"] if get else []), *(["s3:PutObject"] if put else [])]
    function.allow(actions, [f"{bucket_arn}/*"], sid="UseClaims")
    acknowledge(
        function.role,
        f"AwsSolutions-IAM5[Resource::lockstep-{environment}-claims-arn/*]",
        "Claims are objects whose keys are not known beforehand; the bucket holds nothing else.",
    )


def may_read_secrets(function: LockstepFunction, names: list[str]) -> None:
    """Read the secrets of its own accounts, by their names and the six characters that AWS adds to each."""
    stack = Stack.of(function)
    arns = [
        f"arn:{stack.partition}:secretsmanager:{stack.region}:{stack.account}:secret:{name}-??????" for name in names
    ]
    function.allow(["secretsmanager:GetSecretValue"], arns, sid="ReadOwnSecrets")


def may_ring(function: LockstepFunction, queues: list[sqs.Queue]) -> None:
    """Ring consumers."""
    function.allow(["sqs:SendMessage"], [queue.queue_arn for queue in queues], sid="RingConsumers")


def may_use_key(function: LockstepFunction, key: kms.IKey, *, write: bool) -> None:
    """Use the key that everything above is encrypted with."""
    function.allow(KEY_WRITE if write else _KEY_READ, [key.key_arn], sid="UseKey")
