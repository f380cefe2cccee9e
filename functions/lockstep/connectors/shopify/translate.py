"""Translates quantities to the vendor's input, and what it shows back. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lockstep.connectors.shopify.answers import UnexpectedAnswer
from lockstep.messaging.errors import CaseKey, DocumentRejected
from lockstep.messaging.outbound import StateChange, StateKey
from lockstep.messaging.references import Reference, ReferenceKind

READ_BATCH: Final = 100
"""Items in one read. Each costs at most 3 points, and one query may cost 1,000 (API documentation: rate limits)."""

_REASON: Final = "correction"
"""One of the reasons the vendor lists for setting quantities."""
_ITEM: Final = re.compile(r"gid://shopify/InventoryItem/[0-9]+")
_LOCATION: Final = re.compile(r"gid://shopify/Location/[0-9]+")


def item_reference(key: StateKey, account: str) -> Reference:
    """What the shop calls the article: the global id of its inventory item (not of the product or the variant)."""
    return Reference(ReferenceKind.ITEM, account, key.sku, outward=True)


def location_reference(key: StateKey, account: str) -> Reference:
    """What the shop calls the location: its global id."""
    return Reference(ReferenceKind.LOCATION, account, key.location, outward=True)


def unusable(change: StateChange, account: str) -> DocumentRejected | None:
    """Why a change must not be sent, if so.

    One identifier in a form that the shop cannot read makes it refuse the whole call before it looks at any quantity.
    One may be missing when a call is repeated after the crosswalk has changed.
    """
    for reference, form in (
        (item_reference(change.key, account), _ITEM),
        (location_reference(change.key, account), _LOCATION),
    ):
        if not form.fullmatch(change.identifiers.get(reference, "")):
            return DocumentRejected(
                f"{reference.kind} {reference.value} is not mapped to an id of {account}",
                CaseKey("document_rejected", f"{reference.kind}/{reference.value}/{account}"),
            )
    return None


def set_quantities(changes: Sequence[StateChange], account: str, idempotency_key: str) -> dict[str, Any]:
    """Variables of `SET_QUANTITIES`.

    `changeFromQuantity` stands in every quantity: leaving it out is an error, null means not to compare.
    """
    return {
        "key": idempotency_key,
        "input": {
            "name": "available",
            "reason": _REASON,
            "referenceDocumentUri": f"gid://lockstep/StateDelivery/{idempotency_key}",
            "quantities": [
                {
                    "inventoryItemId": change.identifiers[item_reference(change.key, account)],
                    "locationId": change.identifiers[location_reference(change.key, account)],
                    "quantity": change.desired,
                    "changeFromQuantity": change.expected,
                }
                for change in changes
            ],
        },
    }


def readings(changes: Sequence[StateChange], account: str) -> dict[str, list[tuple[int, str]]]:
    """Which items to read at which location: positions and item ids by location id.

    Changes whose identifiers the shop could not read are left out: it shows nothing under such an id.
    """
    by_location: dict[str, list[tuple[int, str]]] = {}
    for at, change in enumerate(changes):
        if unusable(change, account) is None:
            location = change.identifiers[location_reference(change.key, account)]
            item = change.identifiers[item_reference(change.key, account)]
            by_location.setdefault(location, []).append((at, item))
    return by_location


def available(data: Mapping[str, Any]) -> dict[str, int]:
    """Quantities by item id from the answer to `AVAILABLE_AT`; items the shop shows nothing for are left out.

    Raises:
        UnexpectedAnswer: The answer has another form than was asked for.
    """
    try:
        return {
            node["id"]: int(node["inventoryLevel"]["quantities"][0]["quantity"])
            for node in data["nodes"]
            if node and node.get("inventoryLevel") is not None
        }
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise UnexpectedAnswer("the answer does not say what is available") from error
