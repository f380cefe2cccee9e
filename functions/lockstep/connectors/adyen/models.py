"""Adyen's notifications, as far as they are read: names and nesting of its API description, everything optional.

Unknown fields are ignored, unknown enum values are kept as text. What money or identity needs is asked for where it is
used, so that the error can name it. Amounts are whole numbers: a decimal one would be in another unit than the API's.
"""

from typing import Annotated, Any

from pydantic import AliasChoices, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from lockstep.messaging.loosely_typed import MinorUnits


def _flag(value: Any) -> Any:
    """Truth as Adyen writes it: the texts `true` and `false`."""
    return value.strip().lower() if isinstance(value, str) else value


def _object(value: Any) -> Any:
    """An object; nothing where there is something else."""
    return value if isinstance(value, dict) else None


class Vendor(BaseModel):
    """An object of Adyen's."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, defer_build=True, populate_by_name=True)


class Amount(Vendor):
    """Minor units of a currency, by Adyen's own table of decimals."""

    value: MinorUnits | None = None
    currency: str | None = None


class Item(Vendor):
    """One thing that happened: the signature covers references, amount, code and success, and nothing else."""

    psp_reference: Annotated[str | None, Field(validation_alias="pspReference")] = None
    original_reference: Annotated[str | None, Field(validation_alias="originalReference")] = None
    merchant_account: Annotated[str | None, Field(validation_alias="merchantAccountCode")] = None
    merchant_reference: Annotated[str | None, Field(validation_alias="merchantReference")] = None
    amount: Amount | None = None
    event_code: Annotated[str | None, Field(validation_alias="eventCode")] = None
    event_date: Annotated[AwareDatetime | None, Field(validation_alias="eventDate")] = None
    success: Annotated[bool | None, BeforeValidator(_flag)] = None
    payment_method: Annotated[str | None, Field(validation_alias="paymentMethod")] = None
    operations: tuple[str, ...] | None = None
    reason: str | None = None
    additional: Annotated[dict[str, Any] | None, BeforeValidator(_object), Field(validation_alias="additionalData")] = (
        None
    )


class ItemHolder(Vendor):
    """How an item is wrapped."""

    item: Annotated[Item | None, Field(validation_alias="NotificationRequestItem")] = None


class Notification(Vendor):
    """A message: items in the standard form, or one happening with a `type`; classic platforms say `eventType`."""

    items: Annotated[tuple[ItemHolder, ...] | None, Field(validation_alias="notificationItems")] = None
    type: Annotated[str | None, Field(validation_alias=AliasChoices("type", "eventType"))] = None
