"""The core's ports on AWS. Clients are made by the composition roots, once and when first needed."""

import base64
import json
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from botocore.exceptions import ClientError

from lockstep.messaging.errors import ConfigurationError
from lockstep.messaging.ports import (
    ABSENT,
    MOST_WRITES,
    Check,
    Delete,
    Expectation,
    Item,
    Key,
    Patch,
    Put,
    Write,
    WriteRefused,
)

_LONGEST_DELAY: Final = timedelta(minutes=15)
_BELLS_A_CALL: Final = 10
_READ_ATTEMPTS: Final = 6
"""Calls for what a throttled table left unread, with growing pauses; the last is after a third of a second."""


class DynamoTable:
    """The ledger's table, or that of the master data, on DynamoDB."""

    INDEXES: Final[Mapping[str, str]] = {"open": "open_key", "reference": "reference"}
    """Partition key of each sparse index."""
    ORDERS: Final[Mapping[str, str]] = {"open": "open_since"}
    """Sort key of those that have one."""

    def __init__(self, client: Any, name: str, *, on_capacity: Callable[[str, float], None] | None = None) -> None:
        """Args:
        client: A boto3 DynamoDB client.
        name: Of the table.
        on_capacity: Told (operation, capacity units) of every call, when they are to be counted.
        """
        self._client = client
        self._name = name
        self._on_capacity = on_capacity
        self._more: dict[str, Any] = {"ReturnConsumedCapacity": "TOTAL"} if on_capacity else {}

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        wanted = list(dict.fromkeys(keys))
        if len(wanted) == 1:
            return self._get_one(wanted[0])
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), MOST_WRITES):
            found |= self._get_many(wanted[start : start + MOST_WRITES])
        return found

    def _get_one(self, key: Key) -> dict[Key, Item]:
        answer = self._client.get_item(TableName=self._name, Key=_key(key), ConsistentRead=True, **self._more)
        self._count("GetItem", answer)
        item = answer.get("Item")
        return {key: _from_item(item)[1]} if item else {}

    def _get_many(self, keys: Sequence[Key]) -> dict[Key, Item]:
        request: dict[str, Any] = {self._name: {"Keys": [_key(key) for key in keys], "ConsistentRead": True}}
        found: dict[Key, Item] = {}
        for attempt in range(_READ_ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311  # jitter, not secrets
            answer = self._client.batch_get_item(RequestItems=request, **self._more)
            self._count("BatchGetItem", answer)
            found |= dict(_from_item(item) for item in answer["Responses"].get(self._name, ()))
            request = answer.get("UnprocessedKeys") or {}
            if not request:
                return found
        raise WriteRefused  # the table is throttled: whoever asked tries again with a pause

    def query(self, pk: str, first: str, last: str, *, limit: int | None = None) -> list[tuple[Key, Item]]:
        found: list[tuple[Key, Item]] = []
        arguments: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {":pk": {"S": pk}, ":first": {"S": first}, ":last": {"S": last}},
            "ConsistentRead": True,
            **self._more,
        }
        while True:
            if limit is not None:
                arguments["Limit"] = limit - len(found)
            answer = self._client.query(**arguments)
            self._count("Query", answer)
            found += [_from_item(item) for item in answer["Items"]]
            after = answer.get("LastEvaluatedKey")
            if not after or (limit is not None and len(found) >= limit):
                return found
            arguments["ExclusiveStartKey"] = after

    def index(self, name: str, value: str, *, limit: int, after: str = "") -> list[Key]:
        found: list[Key] = []
        arguments: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": name,
            "KeyConditionExpression": "#hash = :value",
            "ExpressionAttributeNames": {"#hash": self.INDEXES[name]},
            "ExpressionAttributeValues": {":value": {"S": value}},
            **self._more,
        }
        if after:
            arguments["KeyConditionExpression"] += " AND #order > :after"
            arguments["ExpressionAttributeNames"]["#order"] = self.ORDERS[name]
            arguments["ExpressionAttributeValues"][":after"] = {"S": after}
        while len(found) < limit:
            answer = self._client.query(**arguments, Limit=limit - len(found))
            self._count("Query", answer)
            found += [Key(item["pk"]["S"], item["sk"]["S"]) for item in answer["Items"]]
            after = answer.get("LastEvaluatedKey")
            if not after:
                break
            arguments["ExclusiveStartKey"] = after
        return found

    def write(self, writes: Sequence[Write]) -> None:
        if len(writes) == 1:
            self._write_one(writes[0])
        else:
            self._transact(writes)

    def _write_one(self, write: Write) -> None:
        name, arguments = _request(self._name, write)
        operations = {
            "Put": self._client.put_item,
            "Update": self._client.update_item,
            "Delete": self._client.delete_item,
        }
        try:
            answer = operations[name](**arguments, **self._more)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalCheckFailedException":
                raise WriteRefused([write.key]) from error
            if code in _CONTENTION:
                raise WriteRefused from error
            raise
        self._count(f"{name}Item", answer)

    def _transact(self, writes: Sequence[Write]) -> None:
        actions = [dict([_request(self._name, write)]) for write in writes]
        try:
            answer = self._client.transact_write_items(TransactItems=actions, **self._more)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "TransactionCanceledException":
                reasons = [reason.get("Code", "None") for reason in error.response["CancellationReasons"]]
                if any(reason not in _PASSING for reason in reasons):
                    raise
                failed = zip(writes, reasons, strict=True)
                raise WriteRefused(w.key for w, reason in failed if reason == "ConditionalCheckFailed") from error
            if code in _CONTENTION:
                raise WriteRefused from error
            raise
        self._count("TransactWriteItems", answer)

    def _count(self, operation: str, answer: Mapping[str, Any]) -> None:
        if self._on_capacity is None:
            return
        used = answer.get("ConsumedCapacity") or []
        for part in used if isinstance(used, list) else [used]:
            self._on_capacity(operation, float(part["CapacityUnits"]))
        if not used:
            self._on_capacity(operation, 0.0)


_CONTENTION: Final = frozenset(
    {
        "TransactionConflictException",
        "TransactionInProgressException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
    }
)
_PASSING: Final = frozenset(
    {"None", "ConditionalCheckFailed", "TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"}
)
"""Reasons for a cancelled transaction that a later one need not meet. Any other is a defect of ours."""


def _request(table: str, write: Write) -> tuple[str, dict[str, Any]]:
    """An action of a transaction: its name, and arguments that the single-item call takes too."""
    arguments: dict[str, Any] = {"TableName": table}
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    if isinstance(write, Put):
        arguments["Item"] = {**_key(write.key), **{name: _to_value(value) for name, value in write.item.items()}}
        operation = "Put"
    else:
        arguments["Key"] = _key(write.key)
        operation = "Delete" if isinstance(write, Delete) else "ConditionCheck"
    if isinstance(write, Patch):
        operation = "Update"
        arguments["UpdateExpression"] = _update(write, names, values)
    condition = _condition(write.expect, names, values)
    if condition:
        arguments["ConditionExpression"] = condition
    elif isinstance(write, Check):
        raise ValueError("a check without an expectation checks nothing")
    if names:
        arguments["ExpressionAttributeNames"] = names
    if values:
        arguments["ExpressionAttributeValues"] = values
    return operation, arguments


def _update(patch: Patch, names: dict[str, str], values: dict[str, Any]) -> str:
    sets = [f"{_name(names, name)} = {_value(values, value)}" for name, value in patch.set.items()]
    for name, value in patch.default.items():
        placeholder = _name(names, name)
        sets.append(f"{placeholder} = if_not_exists({placeholder}, {_value(values, value)})")
    adds = [f"{_name(names, name)} {_value(values, value)}" for name, value in patch.add.items()]
    removes = [_name(names, name) for name in patch.remove]
    clauses = {"SET": sets, "ADD": adds, "REMOVE": removes}
    return " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts)


def _condition(expect: Expectation, names: dict[str, str], values: dict[str, Any]) -> str:
    return " AND ".join(
        f"attribute_not_exists({_name(names, name)})"
        if value is ABSENT
        else f"{_name(names, name)} = {_value(values, value)}"
        for name, value in expect.items()
    )


def _name(names: dict[str, str], name: str) -> str:
    placeholder = next((known for known, meant in names.items() if meant == name), f"#n{len(names)}")
    names[placeholder] = name
    return placeholder


def _value(values: dict[str, Any], value: Any) -> str:
    placeholder = f":v{len(values)}"
    values[placeholder] = _to_value(value)
    return placeholder


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def _to_value(value: Any) -> dict[str, Any]:  # noqa: PLR0911
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | Decimal():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": {name: _to_value(part) for name, part in value.items()}}
        case list() | tuple():
            return {"L": [_to_value(part) for part in value]}
        case _:
            raise TypeError(f"an item cannot hold a {type(value).__name__}")


def from_value(value: Mapping[str, Any]) -> Any:
    """A plain value from DynamoDB's form, as in `{"S": "text"}`; binary may come in base64, as change streams have it.

    Raises:
        TypeError: A type that items of the ledger never hold.
    """
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "N":
            return int(content)
        case "NULL":
            return None
        case "B":
            return base64.b64decode(content) if isinstance(content, str) else bytes(content)
        case "M":
            return {name: from_value(part) for name, part in content.items()}
        case "L":
            return [from_value(part) for part in content]
        case _:
            raise TypeError(f"items of the ledger hold no {kind}")


def _from_item(item: Mapping[str, Any]) -> tuple[Key, Item]:
    values = {name: from_value(value) for name, value in item.items() if name not in ("pk", "sk")}
    return Key(item["pk"]["S"], item["sk"]["S"]), values


class SqsDoorbells:
    """Bells as SQS messages `{"stream": ..., "bell": ...}`, as the bus makes them too."""

    def __init__(self, client: Any, queues: Mapping[str, str], token: Callable[[], str]) -> None:
        """Args:
        client: A boto3 SQS client.
        queues: Queue URL by consumer.
        token: Makes bell ids.
        """
        self._client = client
        self._queues = queues
        self._token = token

    def ring(self, consumer: str, streams: Iterable[str], *, delay: timedelta = timedelta(0), probe: str = "") -> None:
        try:
            queue = self._queues[consumer]
        except KeyError:
            raise ConfigurationError(f"no queue is known for consumer {consumer}") from None
        seconds = int(min(delay, _LONGEST_DELAY).total_seconds())
        bodies = [self._body(stream, probe) for stream in dict.fromkeys(streams)]
        for start in range(0, len(bodies), _BELLS_A_CALL):
            entries = [
                {"Id": str(number), "MessageBody": body, "DelaySeconds": seconds}
                for number, body in enumerate(bodies[start : start + _BELLS_A_CALL])
            ]
            # A bell that could not be sent is one that was lost: the sweep rings it.
            self._client.send_message_batch(QueueUrl=queue, Entries=entries)

    def _body(self, stream: str, probe: str) -> str:
        body = {"stream": stream, "bell": self._token()}
        if probe:
            body["probe"] = probe
        return json.dumps(body, separators=(",", ":"))


class S3Claims:
    """Claims as objects of one bucket."""

    def __init__(self, client: Callable[[], Any], bucket: str) -> None:
        """Args:
        client: Gives a boto3 S3 client: few processes ever need it, and it is slow to make.
        bucket: Its name.
        """
        self._client = client
        self._bucket = bucket

    def put(self, name: str, content: bytes) -> None:
        self._client().put_object(Bucket=self._bucket, Key=name, Body=content)

    def get(self, name: str) -> bytes:
        try:
            answer = self._client().get_object(Bucket=self._bucket, Key=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                raise KeyError(name) from error
            raise
        return bytes(answer["Body"].read())
