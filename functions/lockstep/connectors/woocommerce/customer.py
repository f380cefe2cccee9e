"""Customers."""

from typing import Final

from lockstep.canonical.customer import Address, Customer, CustomerStatus
from lockstep.connectors.woocommerce import models
from lockstep.connectors.woocommerce.shop import Shop
from lockstep.connectors.woocommerce.values import moment
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.loosely_typed import stamp
from lockstep.messaging.versions import state_of

DELETED: Final = "deleted"
"""Version of a customer that is no more. Its id is never given again."""
_TEXT: Final = 512


def translate_customer(customer: models.Customer, delivery: Delivery, shop: Shop) -> Translation:
    """A customer's event.

    Raises:
        MessageMalformed: Identity is missing; names the field.
    """
    changed_at = moment(
        customer.date_modified_gmt or customer.date_created_gmt,
        customer.date_modified or customer.date_created,
        shop.zone,
        "date_modified",
    )
    addresses = (_address(customer.billing), _address(customer.shipping))
    data = Customer(
        id=customer.id,
        version=f"{stamp(changed_at)}/{state_of(customer)}",
        status=CustomerStatus.ACTIVE,
        first_name=(customer.first_name or customer.billing.first_name)[:_TEXT],
        last_name=(customer.last_name or customer.billing.last_name)[:_TEXT],
        company=customer.billing.company[:_TEXT],
        email=customer.email[:_TEXT],
        phone=customer.billing.phone[:_TEXT],
        addresses=tuple(address for address in dict.fromkeys(addresses) if address != Address()),
        changed_at=changed_at,
    )
    return _reported(data, delivery)


def translate_deleted_customer(customer: models.Deleted, delivery: Delivery) -> Translation:
    """That a customer is no more: of it nothing is left but the id."""
    data = Customer(id=customer.id, version=DELETED, status=CustomerStatus.DELETED, changed_at=delivery.received_at)
    return _reported(data, delivery)


def _reported(data: Customer, delivery: Delivery) -> Translation:
    event = event_of(data, delivery)
    return Translation((event,))


def _address(address: models.Address) -> Address:
    return Address(
        name=f"{address.first_name} {address.last_name}".strip()[:_TEXT],
        company=address.company[:_TEXT],
        lines=tuple(line[:_TEXT] for line in (address.address_1, address.address_2) if line),
        city=address.city[:_TEXT],
        region=address.state[:_TEXT],
        postal_code=address.postcode[:_TEXT],
        country=address.country[:_TEXT],
        phone=address.phone[:_TEXT],
    )
