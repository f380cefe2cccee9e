"""What each code in `userErrors` of `inventorySetQuantities` means for us: the one table.

Codes and meanings: `InventorySetQuantitiesUserErrorCode`, Admin GraphQL schema 2026-10; a contract test holds that the
table has every one of them and no other. That an item must first be stocked at a location is no longer among them:
from 2026-10 on a quantity can be set anywhere (developer changelog, removal of ITEM_NOT_STOCKED_AT_LOCATION).
"""

from enum import StrEnum
from typing import Final


class Meaning(StrEnum):
    """What follows for the quantity, or for the call, that an error is about."""

    STALE = "the shop shows something else than we believed"
    ITEM_REFUSED = "the article cannot be set, anywhere"
    LOCATION_REFUSED = "nothing can be set at the location"
    QUANTITY_REFUSED = "this quantity cannot be set"
    IN_PROGRESS = "an earlier call with this key is still being worked on"
    KEY_SPENT = "an earlier call with this key failed, nothing was set"
    DEFECT = "our request is wrong"


MEANINGS: Final[dict[str, Meaning]] = {
    "CHANGE_FROM_QUANTITY_STALE": Meaning.STALE,
    "COMPARE_QUANTITY_REQUIRED": Meaning.DEFECT,
    "COMPARE_QUANTITY_STALE": Meaning.STALE,
    "IDEMPOTENCY_CONCURRENT_REQUEST": Meaning.IN_PROGRESS,
    "IDEMPOTENCY_KEY_PARAMETER_MISMATCH": Meaning.DEFECT,
    "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED": Meaning.KEY_SPENT,
    "INVALID_INVENTORY_ITEM": Meaning.ITEM_REFUSED,
    "INVALID_LOCATION": Meaning.LOCATION_REFUSED,
    "INVALID_NAME": Meaning.DEFECT,
    "INVALID_QUANTITY_NEGATIVE": Meaning.QUANTITY_REFUSED,
    "INVALID_QUANTITY_TOO_HIGH": Meaning.QUANTITY_REFUSED,
    "INVALID_QUANTITY_TOO_LOW": Meaning.QUANTITY_REFUSED,
    "INVALID_REASON": Meaning.DEFECT,
    "INVALID_REFERENCE_DOCUMENT": Meaning.DEFECT,
    "NON_MUTABLE_INVENTORY_ITEM": Meaning.ITEM_REFUSED,
    # Two of our keys lead to the same article and location: the crosswalk is wrong about both.
    "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR": Meaning.QUANTITY_REFUSED,
}


def meaning_of(code: str | None, *, names_a_quantity: bool) -> Meaning:
    """What an error means.

    A code we do not know yet concerns one quantity if the error names one: then a person is told about that one and
    the shop's other quantities go on. Otherwise nobody can say what it concerns, and it is a defect.
    """
    unknown = Meaning.QUANTITY_REFUSED if names_a_quantity else Meaning.DEFECT
    return MEANINGS.get(code or "", unknown)
