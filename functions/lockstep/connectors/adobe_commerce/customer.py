"""Customers."""

from datetime import datetime
from typing import Final

from lockstep.canonical.customer import Address, Customer, CustomerStatus
from lockstep.canonical.events import Event
from lockstep.connectors.adobe_commerce.fields import Fields
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.loosely_typed import stamp
from lockstep.messaging.versions import state_of

DELETED: Final = "deleted"
"""Version of a customer that is no more: ids are not given again."""
_TEXT: Final = 512


def is_whole(customer: Fields) -> bool:
    """Whether an event holds what a customer's identity needs."""
    return bool(customer.id("entity_id", "id")) and customer.has("updated_at")


def reported(customer: Fields, delivery: Delivery, _currency: str | None) -> Translation:
    """A customer's event.

    Raises:
        MessageMalformed: Identity is missing; names the field.
    """
    return Translation((_event(customer, delivery),))


def _event(customer: Fields, delivery: Delivery) -> Event:
    changed_at = customer.time("updated_at", "created_at")
    addresses = tuple(_address(address) for address in customer.list("addresses"))
    data = Customer(
        id=customer.key("entity_id", "id"),
        version=stamp(changed_at),
        status=CustomerStatus.ACTIVE if customer.text("is_active") != "0" else CustomerStatus.INACTIVE,
        first_name=customer.text("firstname")[:_TEXT],
        last_name=customer.text("lastname")[:_TEXT],
        email=customer.text("email")[:_TEXT],
        addresses=addresses,
        tax_number=customer.text("taxvat")[:_TEXT],
        changed_at=changed_at,
    )
    version = f"{stamp(changed_at)}/{state_of(data)}"
    return event_of(data.model_copy(update={"version": version}), delivery)


def deleted(customer: Fields, delivery: Delivery, happened_at: datetime) -> Event:
    """That a customer is no more.

    Raises:
        MessageMalformed: Its id is missing.
    """
    data = Customer(
        id=customer.key("entity_id", "id"), version=DELETED, status=CustomerStatus.DELETED, changed_at=happened_at
    )
    return event_of(data, delivery)


def _address(address: Fields) -> Address:
    region = address.inner("region")
    return Address(
        name=f"{address.text('firstname')} {address.text('lastname')}".strip()[:_TEXT],
        company=address.text("company")[:_TEXT],
        lines=tuple(line[:_TEXT] for line in address.texts("street") if line),
        city=address.text("city")[:_TEXT],
        region=(region.text("region") or address.text("region"))[:_TEXT],
        postal_code=address.text("postcode")[:_TEXT],
        country=address.text("country_id")[:_TEXT],
        phone=address.text("telephone")[:_TEXT],
    )
