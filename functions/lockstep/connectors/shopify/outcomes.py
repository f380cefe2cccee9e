"""What the answer to a mutation says of each quantity. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from lockstep.connectors.shopify.answers import UnexpectedAnswer
from lockstep.connectors.shopify.user_errors import Meaning, meaning_of
from lockstep.messaging.errors import CaseKey, DocumentRejected, RateLimited
from lockstep.messaging.outbound import StateChange, StateKey, StateOutcome
from lockstep.messaging.references import ReferenceKind

_ABOUT_ONE: Final = frozenset({Meaning.ITEM_REFUSED, Meaning.LOCATION_REFUSED, Meaning.QUANTITY_REFUSED})


class _UserError(NamedTuple):
    meaning: Meaning
    position: int | None
    """Of the quantity it is about; None where it names none."""
    said: str
    """In the vendor's words."""


def outcomes(changes: Sequence[StateChange], account: str, data: Mapping[str, Any]) -> list[StateOutcome]:
    """One outcome a change, in order, from the answer to `SET_QUANTITIES`.

    Any error means that nothing of the call was set, so the changes without one are to be pushed again.

    Raises:
        RateLimited: The same call is still being worked on.
        UnexpectedAnswer: The shop refuses the request itself.
    """
    payload = data.get("inventorySetQuantities")
    raw = payload.get("userErrors") if isinstance(payload, dict) else None
    if not isinstance(raw, list):
        raise UnexpectedAnswer("the answer does not say what became of the quantities")
    errors = [_read(error, len(changes)) for error in raw]
    if not errors:
        return [StateOutcome()] * len(changes)
    for error in errors:
        if error.meaning is Meaning.DEFECT or (error.meaning in _ABOUT_ONE and error.position is None):
            raise UnexpectedAnswer(f"the shop refuses the call: {error.said}")
        if error.meaning is Meaning.IN_PROGRESS:
            raise RateLimited("the shop is still working on the same call")
        if error.meaning is Meaning.KEY_SPENT:
            return [StateOutcome(stale=True)] * len(changes)
    return [_outcome(at, change, account, errors) for at, change in enumerate(changes)]


def _read(error: Any, count: int) -> _UserError:
    """An error with the quantity it is about, from a path like `input.quantities.3.locationId`."""
    if not isinstance(error, dict):
        raise UnexpectedAnswer("a user error is not an object")
    path = error.get("field") or []
    named = next((int(part) for part in path if isinstance(part, str) and part.isdecimal()), None)
    if named is not None and named >= count:
        raise UnexpectedAnswer(f"a user error is about quantity {named} of {count}")
    # A call with one quantity leaves no doubt which one is meant, unless another part of the input is named.
    position = 0 if named is None and count == 1 and (not path or "quantities" in path) else named
    code = error.get("code")
    meaning = meaning_of(code, names_a_quantity=position is not None)
    return _UserError(meaning, position, f"{error.get('message')} ({code})")


def _outcome(at: int, change: StateChange, account: str, errors: Sequence[_UserError]) -> StateOutcome:
    mine = [error for error in errors if error.position == at]
    if refused := next((error for error in mine if error.meaning in _ABOUT_ONE), None):
        return StateOutcome(error=_rejection(refused, change.key, account))
    # A stale refusal without a position may be about any quantity that was compared.
    doubted = change.expected is not None and any(error.position is None for error in errors)
    return StateOutcome(stale=True) if mine or doubted else StateOutcome(retry=True)


def _rejection(error: _UserError, key: StateKey, account: str) -> DocumentRejected:
    match error.meaning:
        case Meaning.ITEM_REFUSED:
            cause = f"{ReferenceKind.ITEM}/{key.sku}"
        case Meaning.LOCATION_REFUSED:
            cause = f"{ReferenceKind.LOCATION}/{key.location}"
        case _:
            cause = f"quantity/{key}"
    return DocumentRejected(
        f"{account} refuses {key}: {error.said}", CaseKey("document_rejected", f"{cause}/{account}")
    )
