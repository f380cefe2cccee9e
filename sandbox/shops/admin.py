"""The Admin API of the simulated shop: one GraphQL endpoint, behaving as the vendor's of version 2026-10.

Sources: the vendor's published schema, its developer changelog (mandatory `@idempotent`, mandatory
`changeFromQuantity`, no more stocking before setting) and its pages on rate limits and idempotency. Texts of messages
follow the schema's descriptions; no client should read them.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    get_directive_values,
    get_operation_ast,
    parse,
    validate,
)

from sandbox.shops.budget import Bucket, cost_of
from sandbox.shops.keys import CONCURRENT, FAILED, MISMATCH, KeyMemory
from sandbox.shops.messages import Answer
from sandbox.shops.stock import Setting, Stale, Stock

API_VERSION: Final = "2026-10"
MOST_IN_A_LIST: Final = 250

_SCHEMA: Final = build_schema(Path(__file__).with_name("schema.graphql").read_text(encoding="utf-8"))
_IDEMPOTENT: Final = next(directive for directive in _SCHEMA.directives if directive.name == "idempotent")
_GID: Final = re.compile(r"gid://shopify/(?P<type>[A-Za-z]+)/[0-9]+")
_HIGHEST: Final = 1_000_000_000
_REASONS: Final = frozenset(
    {
        "correction",
        "cycle_count_available",
        "damaged",
        "movement_canceled",
        "movement_created",
        "movement_received",
        "movement_updated",
        "other",
        "promotion",
        "quality_control",
        "received",
        "reservation_created",
        "reservation_deleted",
        "reservation_updated",
        "restock",
        "safety_stock",
        "shrinkage",
    }
)
_KEY_TROUBLE: Final = {
    CONCURRENT: "This request is currently in progress, please try again.",
    MISMATCH: "The same idempotency key cannot be used with different operation parameters.",
    FAILED: "A previous request with this idempotency key failed. Retry with a new idempotency key.",
}

UserError = dict[str, Any]
_Info = GraphQLResolveInfo[Any]


class AdminApi:
    """Carries GraphQL operations out against the stock."""

    def __init__(self, stock: Stock, bucket: Bucket, keys: KeyMemory) -> None:
        """Args:
        stock: What the shop shows.
        bucket: What operations are paid from.
        keys: What was already done.
        """
        self._stock = stock
        self._bucket = bucket
        self._keys = keys

    def answer(self, body: bytes, pause: Callable[[], None]) -> Answer:
        """Carry out one request.

        Args:
            body: The request's JSON: `query`, `variables`, `operationName`.
            pause: Called in the middle of every root field, before anything is read or changed.
        """
        try:
            request = json.loads(body)
            query, variables = request["query"], request.get("variables") or {}
            document = parse(query)
        except GraphQLSyntaxError as error:
            return Answer.json({"errors": [error.formatted]})
        except (ValueError, KeyError, TypeError, AttributeError):
            return Answer.json({"errors": {"query": "Required parameter missing or invalid"}}, status=400)
        if errors := validate(_SCHEMA, document):
            return Answer.json({"errors": [error.formatted for error in errors]})
        operation = get_operation_ast(document, request.get("operationName"))
        if operation is None:
            return Answer.json({"errors": [{"message": "No operation with that name."}]})
        return self._execute(document, operation, variables, pause)

    def throttled(self, cost: int = 10) -> Answer:
        """The answer to a call that cannot be paid for."""
        self._bucket.empty()
        _, status = self._bucket.take(cost)
        return _throttled(cost, status)

    def _execute(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        pause: Callable[[], None],
    ) -> Answer:
        cost = cost_of(_SCHEMA, operation, variables)
        paid, status = self._bucket.take(cost)
        if not paid:
            return _throttled(cost, status)

        def nodes(_: _Info, ids: list[str]) -> list[dict[str, Any] | None]:
            pause()
            return self._nodes(ids)

        def set_quantities(info: _Info, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
            return self._set_once(info, input, pause)

        result: ExecutionResult = execute_sync(
            _SCHEMA,
            document,
            root_value={"nodes": nodes, "inventorySetQuantities": set_quantities},
            variable_values=dict(variables),
            operation_name=operation.name.value if operation.name else None,
        )
        answer: dict[str, Any] = {"data": result.data} if result.data is not None or not result.errors else {}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        answer["extensions"] = {"cost": {"requestedQueryCost": cost, "actualQueryCost": cost, "throttleStatus": status}}
        return Answer.json(answer)

    def _nodes(self, ids: list[str]) -> list[dict[str, Any] | None]:
        _hold_list("ids", ids)
        found: list[dict[str, Any] | None] = []
        for gid in ids:
            kind = _kind("ids", gid)
            if kind == "InventoryItem":
                found.append(self._item(gid))
            else:
                found.append(self._place(gid) if kind == "Location" else None)
        return found

    def _item(self, gid: str) -> dict[str, Any] | None:
        item = self._stock.items.get(gid)
        if item is None:
            return None

        def level(_: _Info, **arguments: Any) -> dict[str, Any] | None:
            location = arguments["locationId"]
            _kind("locationId", location)
            return self._level(gid, location)

        return {
            "__typename": "InventoryItem",
            "id": item.id,
            "sku": item.sku,
            "tracked": True,
            "inventoryLevel": level,
        }

    def _place(self, gid: str) -> dict[str, Any] | None:
        place = self._stock.places.get(gid)
        return {"__typename": "Location", "id": place.id, "name": place.name} if place else None

    def _level(self, item: str, location: str) -> dict[str, Any] | None:
        available = self._stock.level(item, location)
        if available is None:
            return None
        level_id = f"gid://shopify/InventoryLevel/{_number(location)}?inventory_item_id={_number(item)}"

        def quantities(_: _Info, names: list[str]) -> list[dict[str, Any]]:
            # The simulated shop commits nothing to open orders: what is on hand is available.
            shown = {"available": available, "on_hand": available}
            return [
                {"id": f"{level_id}&name={name}", "name": name, "quantity": shown[name]}
                for name in names
                if name in shown
            ]

        return {
            "id": level_id,
            "item": self._item(item),
            "location": self._place(location),
            "quantities": quantities,
        }

    def _set_once(self, info: _Info, arguments: dict[str, Any], pause: Callable[[], None]) -> dict[str, Any]:
        quantities = arguments["quantities"]
        _hold_list("quantities", quantities)
        for entry in quantities:
            if "changeFromQuantity" not in entry:
                raise _refusal(
                    "InventoryQuantityInput must include the following argument: changeFromQuantity.",
                    "INVALID_FIELD_ARGUMENTS",
                )
            _kind("inventoryItemId", entry["inventoryItemId"])
            _kind("locationId", entry["locationId"])
        key = _key(info)

        parameters = hashlib.sha256(json.dumps(arguments, sort_keys=True).encode()).hexdigest()
        known = self._keys.begin(key, parameters)
        if isinstance(known, str):
            return _payload([{"code": known, "field": None, "message": _KEY_TROUBLE[known]}])
        if known is not None:
            return known
        pause()
        answer = self._set(arguments)
        if answer["userErrors"]:
            self._keys.fail(key)
        else:
            self._keys.succeed(key, answer)
        return answer

    def _errors(self, arguments: dict[str, Any]) -> list[UserError]:
        """What is wrong before any quantity is compared; only the first kind of trouble is reported, for all."""
        whole = [
            _error("INVALID_NAME", "The quantity name must be either 'available' or 'on_hand'.", "name")
            for name in (arguments["name"],)
            if name not in ("available", "on_hand")
        ] + [
            _error("INVALID_REASON", "The specified reason is invalid.", "reason")
            for reason in (arguments["reason"],)
            if reason not in _REASONS
        ]
        return whole or list(_wrong_numbers(arguments["quantities"])) or list(self._unknown(arguments["quantities"]))

    def _unknown(self, quantities: Sequence[dict[str, Any]]) -> Iterator[UserError]:
        for at, entry in enumerate(quantities):
            item = self._stock.items.get(entry["inventoryItemId"])
            if item is None:
                message = "The specified inventory item could not be found."
                yield _error("INVALID_INVENTORY_ITEM", message, "quantities", at, "inventoryItemId")
            elif item.fixed:
                message = "The specified inventory item is not allowed to be adjusted via API."
                yield _error("NON_MUTABLE_INVENTORY_ITEM", message, "quantities", at, "inventoryItemId")
            if entry["locationId"] not in self._stock.places:
                message = "The specified location could not be found."
                yield _error("INVALID_LOCATION", message, "quantities", at, "locationId")

    def _set(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if errors := self._errors(arguments):
            return _payload(errors)
        settings = (
            Setting(entry["inventoryItemId"], entry["locationId"], entry["quantity"], entry["changeFromQuantity"])
            for entry in arguments["quantities"]
        )
        reference = arguments.get("referenceDocumentUri")
        try:
            movement = self._stock.set_all(settings, reference)
        except Stale as stale:
            message = "The changeFromQuantity value does not match persisted value."
            return _payload(
                [
                    _error("CHANGE_FROM_QUANTITY_STALE", message, "quantities", at, "changeFromQuantity")
                    for at in stale.positions
                ]
            )
        group = {
            "__typename": "InventoryAdjustmentGroup",
            "id": f"gid://shopify/InventoryAdjustmentGroup/{movement.number}",
            "reason": arguments["reason"],
            "referenceDocumentUri": reference,
        }
        return {"inventoryAdjustmentGroup": group, "userErrors": []}


def _wrong_numbers(quantities: Sequence[dict[str, Any]]) -> Iterator[UserError]:
    pairs = [(entry["inventoryItemId"], entry["locationId"]) for entry in quantities]
    for at, entry in enumerate(quantities):
        if entry["quantity"] > _HIGHEST:
            message = "The total quantity can't be higher than 1,000,000,000."
            yield _error("INVALID_QUANTITY_TOO_HIGH", message, "quantities", at, "quantity")
        if entry["quantity"] < -_HIGHEST:
            message = "The total quantity can't be lower than -1,000,000,000."
            yield _error("INVALID_QUANTITY_TOO_LOW", message, "quantities", at, "quantity")
        if pairs.count(pairs[at]) > 1:
            message = "The combination of inventoryItemId and locationId must be unique."
            yield _error("NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", message, "quantities", at, "locationId")


def _key(info: _Info) -> str:
    values = get_directive_values(_IDEMPOTENT, info.field_nodes[0], info.variable_values)
    key = str(values["key"]).strip() if values else ""
    if not key:
        raise _refusal("The @idempotent directive is required for this mutation but was not provided.", "BAD_REQUEST")
    return key


def _kind(argument: str, gid: str) -> str:
    match = _GID.fullmatch(gid)
    if match is None:
        raise _refusal(f"Invalid global id '{gid}' for {argument}", "INVALID_VARIABLE")
    return match["type"]


def _number(gid: str) -> str:
    return gid.rpartition("/")[2]


def _hold_list(name: str, values: Sequence[Any]) -> None:
    if len(values) > MOST_IN_A_LIST:
        raise _refusal(
            f"The input array {name} size of {len(values)} is greater than the maximum allowed of {MOST_IN_A_LIST}.",
            "MAX_INPUT_SIZE_EXCEEDED",
        )


def _refusal(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


def _error(code: str, message: str, *path: str | int) -> UserError:
    return {"code": code, "message": message, "field": ["input", *map(str, path)]}


def _payload(errors: list[UserError]) -> dict[str, Any]:
    return {"inventoryAdjustmentGroup": None, "userErrors": errors}


def _throttled(cost: int, status: dict[str, float]) -> Answer:
    return Answer.json(
        {
            "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
            "extensions": {
                "cost": {"requestedQueryCost": cost, "actualQueryCost": None, "throttleStatus": status},
            },
        }
    )
