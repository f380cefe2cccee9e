"""Customers of the seller's directory."""

from datetime import datetime

from lockstep.canonical.customer import Address, Customer, CustomerStatus
from lockstep.connectors.square import models
from lockstep.connectors.square.values import first_moment
from lockstep.messaging.lenient import code, required

_LONGEST = 512


def translate_customer(customer: models.Customer, path: str, *, told_at: datetime | None, is_deleted: bool) -> Customer:
    """The snapshot of a customer; the last one says that it is deleted.

    Raises:
        MessageMalformed: It has no id, or nothing says when.
    """
    changed_at = first_moment(
        (told_at if is_deleted else customer.updated_at, customer.updated_at, customer.created_at, told_at),
        f"{path}.updated_at",
    )
    version = changed_at.isoformat() if customer.version is None else str(customer.version)
    unsubscribed = customer.preferences.email_unsubscribed if customer.preferences else None
    return Customer(
        id=required(customer.id, f"{path}.id"),
        version=f"{version}/deleted" if is_deleted else version,
        status=CustomerStatus.DELETED if is_deleted else CustomerStatus.ACTIVE,
        number=code(customer.reference_id),
        first_name=_text(customer.given_name),
        last_name=_text(customer.family_name),
        company=_text(customer.company_name),
        email=_text(customer.email_address),
        phone=_text(customer.phone_number),
        addresses=() if customer.address is None else (_address(customer.address),),
        accepts_marketing=None if unsubscribed is None else not unsubscribed,
        tax_number=_text(customer.tax_ids.eu_vat) if customer.tax_ids else "",
        changed_at=changed_at,
    )


def _address(address: models.Address) -> Address:
    lines = (address.address_line_1, address.address_line_2, address.address_line_3)
    return Address(
        lines=tuple(_text(line) for line in lines if line),
        city=_text(address.locality),
        region=_text(address.administrative_district_level_1),
        postal_code=_text(address.postal_code),
        country=_text(address.country),
    )


def _text(value: str | None) -> str:
    return (value or "").strip()[:_LONGEST]
