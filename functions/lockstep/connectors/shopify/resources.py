"""What an answer holds of a resource: one or a list, from the GraphQL Admin API or in the REST resources' shape."""

from typing import Any, Final

from pydantic_core import from_json

from lockstep.messaging.errors import MessageMalformed

_ASKED: Final = "fulfillment_order"
_PLURALS: Final[dict[str, str]] = {"inventory_level": "inventory_levels"}


def resources_in(resource: str, body: bytes) -> list[dict[str, Any]]:
    """Each of them in the shape in which webhooks have it.

    Raises:
        MessageMalformed: It is no JSON, or holds no such thing.
    """
    try:
        answer = from_json(body)
    except ValueError as error:
        raise MessageMalformed("the answer is no JSON") from error
    if isinstance(answer, dict) and "data" in answer:
        return _of_graph(resource, answer["data"])
    if isinstance(answer, dict):
        for name in (resource, _PLURALS.get(resource, f"{resource}s")):
            if name in answer:
                answer = answer[name]
                break
    if resource == _ASKED and isinstance(answer, dict) and "id" not in answer:
        # A hold, a move or a split answers with what became of it: several, under names of their own.
        answer = [one for name, one in answer.items() if name.endswith(_ASKED) and one is not None] or answer
    found = answer if isinstance(answer, list) else [answer]
    if not all(isinstance(one, dict) for one in found):
        raise MessageMalformed(f"{resource} is no object")
    return found


def _of_graph(resource: str, data: Any) -> list[dict[str, Any]]:
    """A return, as the GraphQL API has it, in the shape of its webhooks."""
    found = data.get(resource) if isinstance(data, dict) else None
    if resource != "return" or not isinstance(found, dict):
        raise MessageMalformed(f"data.{resource} is missing")
    rows = found.get("returnLineItems")
    nodes = rows.get("nodes") if isinstance(rows, dict) else None
    if not isinstance(nodes, list):
        raise MessageMalformed(f"data.{resource}.returnLineItems.nodes is missing")
    return [
        {
            "id": found.get("id"),
            "name": found.get("name"),
            "status": found.get("status"),
            "order": found.get("order"),
            "updated_at": found.get("closedAt"),
            "return_line_items": [_returned(node) for node in nodes],
        }
    ]


def _returned(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    sold = node.get("fulfillmentLineItem")
    line = sold.get("lineItem") if isinstance(sold, dict) else None
    variant = line.get("variant") if isinstance(line, dict) else None
    reason = node.get("returnReasonDefinition")
    return {
        "id": node.get("id"),
        "quantity": node.get("quantity"),
        "return_reason": reason.get("handle") if isinstance(reason, dict) else None,
        "fulfillment_line_item": {
            "line_item": {
                "id": line.get("id"),
                "sku": line.get("sku"),
                "variant_id": variant.get("id") if isinstance(variant, dict) else None,
            }
        }
        if isinstance(line, dict)
        else None,
    }
