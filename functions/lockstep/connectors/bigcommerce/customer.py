"""Customers."""

from collections.abc import Mapping
from typing import Any, Final

from lockstep.canonical.customer import Address, Customer, CustomerStatus
from lockstep.connectors.bigcommerce import models
from lockstep.connectors.bigcommerce.values import moment
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.loosely_typed import stamp
from lockstep.messaging.versions import state_of

_TEXT: Final = 512


def translate_customer(read: Mapping[str, Any], delivery: Delivery) -> Translation:
    """A customer's event.

    Raises:
        MessageMalformed: Identity is missing; names the field.
    """
    customer = models.Customer.model_validate(read)
    changed_at = moment(customer.date_modified or customer.date_created, "date_modified")
    data = Customer(
        id=customer.id,
        version=f"{stamp(changed_at)}/{state_of(customer)}",
        status=CustomerStatus.ACTIVE,
        first_name=customer.first_name[:_TEXT],
        last_name=customer.last_name[:_TEXT],
        company=customer.company[:_TEXT],
        email=customer.email[:_TEXT],
        phone=customer.phone[:_TEXT],
        addresses=tuple(_address(address) for address in customer.addresses),
        is_tax_exempt=bool(customer.tax_exempt_category),
        changed_at=changed_at,
    )
    event = event_of(data, delivery)
    return Translation((event,))


def _address(address: models.Address) -> Address:
    return Address(
        name=f"{address.first_name} {address.last_name}".strip()[:_TEXT],
        company=address.company[:_TEXT],
        lines=tuple(line[:_TEXT] for line in (address.address1, address.address2) if line),
        city=address.city[:_TEXT],
        region=address.state_or_province[:_TEXT],
        postal_code=address.postal_code[:_TEXT],
        country=address.country_code[:_TEXT],
        phone=address.phone[:_TEXT],
    )
