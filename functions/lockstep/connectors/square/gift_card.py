"""Gift cards: what happens to stored value. A card is named by its id; its number, which buys goods, is not read."""

from datetime import datetime
from typing import Final, NamedTuple

from lockstep.canonical.money import Money
from lockstep.canonical.payment import GiftCardMovement, GiftCardMovementKind
from lockstep.connectors.square import models
from lockstep.connectors.square.values import first_moment, money_in, money_of
from lockstep.messaging.lenient import code, required


class _Activity(NamedTuple):
    """What a type of activity means."""

    kind: GiftCardMovementKind
    sign: int
    """Of the amount; zero where the activity states none."""
    details: str = ""


_KIND: Final = GiftCardMovementKind
_ACTIVITIES: Final = {
    "ACTIVATE": _Activity(_KIND.ISSUED, 1, "activate_activity_details"),
    "LOAD": _Activity(_KIND.LOADED, 1, "load_activity_details"),
    "REDEEM": _Activity(_KIND.REDEEMED, -1, "redeem_activity_details"),
    "ADJUST_INCREMENT": _Activity(_KIND.ADJUSTED, 1, "adjust_increment_activity_details"),
    "ADJUST_DECREMENT": _Activity(_KIND.ADJUSTED, -1, "adjust_decrement_activity_details"),
    "REFUND": _Activity(_KIND.REFUNDED, 1, "refund_activity_details"),
    "UNLINKED_ACTIVITY_REFUND": _Activity(_KIND.REFUNDED, 1, "unlinked_activity_refund_activity_details"),
    "IMPORT": _Activity(_KIND.IMPORTED, 1, "import_activity_details"),
    "IMPORT_REVERSAL": _Activity(_KIND.ADJUSTED, -1, "import_reversal_activity_details"),
    "TRANSFER_BALANCE_TO": _Activity(_KIND.ADJUSTED, 1, "transfer_balance_to_activity_details"),
    "TRANSFER_BALANCE_FROM": _Activity(_KIND.ADJUSTED, -1, "transfer_balance_from_activity_details"),
    "DEACTIVATE": _Activity(_KIND.DEACTIVATED, 0),
    # It says what is left and not what was taken off.
    "CLEAR_BALANCE": _Activity(_KIND.REPORTED, 0),
}
_NO_VALUE: Final = frozenset({"BLOCK", "UNBLOCK"})
_CANCELLED: Final = "CANCELED"


def translate_activity(activity: models.GiftCardActivity, path: str) -> GiftCardMovement | str:
    """The movement that an activity is, or why it is none.

    A redemption that is cancelled later is a movement of its own, which puts the value back.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    kind = required(activity.type, f"{path}.type")
    if kind in _NO_VALUE:
        return f"a gift card's {kind} moves no value"
    meaning = _ACTIVITIES.get(kind)
    if meaning is None:
        return "a kind of gift card activity that is new to us: its balance is reported with the card"
    identity = required(activity.id, f"{path}.id")
    details: models.ActivityDetails | None = getattr(activity, meaning.details) if meaning.details else None
    balance = activity.gift_card_balance_money
    after = money_of(balance, f"{path}.gift_card_balance_money") if balance else None
    movement = meaning.kind
    if meaning.sign:
        stated = money_of(details.amount_money if details else None, f"{path}.{meaning.details}.amount_money")
        amount = stated if meaning.sign > 0 else -stated
    else:
        amount = Money.zero(required(after, f"{path}.gift_card_balance_money").currency)
    if kind == "REDEEM" and details and details.status == _CANCELLED:
        identity, movement, amount = f"{identity}/canceled", GiftCardMovementKind.REFUNDED, -amount
    return GiftCardMovement(
        id=identity,
        card=required(activity.gift_card_id, f"{path}.gift_card_id"),
        kind=movement,
        amount=amount,
        balance=after,
        order=code(details.order_id) if details else None,
        payment=code(details.payment_id) if details else None,
        location=code(activity.location_id),
        moved_at=first_moment((activity.created_at,), f"{path}.created_at"),
    )


def translate_card(card: models.GiftCard, reported_at: datetime, path: str) -> GiftCardMovement:
    """What a card is worth at a moment. Square gives cards no version, so the moment makes it itself.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    identity = required(card.id, f"{path}.id")
    balance = money_of(card.balance_money, f"{path}.balance_money")
    return GiftCardMovement(
        id=f"{identity}@{reported_at.isoformat()}",
        card=identity,
        kind=GiftCardMovementKind.REPORTED,
        amount=money_in(0, balance.currency, path),
        balance=balance,
        moved_at=reported_at,
    )
