"""The call budget: what an operation costs, and the leaky bucket it is paid from.

The vendor's rules, simplified: an object costs 1 point, a scalar nothing, a list as often as it was asked for, a
mutation 10 whatever it answers (API documentation: rate limits). The real price of a query may differ a little.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
    is_interface_type,
    is_object_type,
    value_from_ast_untyped,
)

MUTATION_COST: Final = 10


class Bucket:
    """Holds points; they come back continuously."""

    def __init__(self, clock: Callable[[], datetime], *, size: float, restore_rate: float) -> None:
        """Args:
        clock: UTC now.
        size: Points when full.
        restore_rate: Points that come back each second.
        """
        self._clock = clock
        self._size = size
        self._rate = restore_rate
        self._level = size
        self._at = clock()
        self._lock = threading.Lock()

    def take(self, points: float) -> tuple[bool, dict[str, float]]:
        """Pay, if there is enough; answers whether it was, and the vendor's `throttleStatus` afterwards."""
        with self._lock:
            now = self._clock()
            self._level = min(self._size, self._level + (now - self._at).total_seconds() * self._rate)
            self._at = now
            paid = points <= self._level
            if paid:
                self._level -= points
            return paid, {
                "maximumAvailable": self._size,
                "currentlyAvailable": self._level,
                "restoreRate": self._rate,
            }

    def empty(self) -> None:
        """Spend everything, as another integration of the same app would."""
        with self._lock:
            self._level, self._at = 0.0, self._clock()


def cost_of(schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
    """Points that a valid operation costs."""
    if operation.operation is OperationType.MUTATION:
        return MUTATION_COST
    return _selection(schema, schema.get_root_type(operation.operation), operation.selection_set, variables)


def _selection(
    schema: GraphQLSchema,
    parent: GraphQLNamedType | None,
    selections: SelectionSetNode | None,
    variables: Mapping[str, Any],
) -> int:
    total = 0
    for node in selections.selections if selections else ():
        if isinstance(node, InlineFragmentNode):
            narrowed = schema.type_map[node.type_condition.name.value] if node.type_condition else parent
            total += _selection(schema, narrowed, node.selection_set, variables)
        elif isinstance(node, FieldNode) and (is_object_type(parent) or is_interface_type(parent)):
            definition = parent.fields.get(node.name.value)
            kind = get_named_type(definition.type) if definition else None
            if is_composite_type(kind):
                inside = 1 + _selection(schema, kind, node.selection_set, variables)
                total += inside * _times(node, variables)
    return total


def _times(node: FieldNode, variables: Mapping[str, Any]) -> int:
    """How many objects a field was asked for: one for each id."""
    for argument in node.arguments or ():
        if argument.name.value == "ids":
            return len(value_from_ast_untyped(argument.value, dict(variables)))
    return 1
