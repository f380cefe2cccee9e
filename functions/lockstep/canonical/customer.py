"""Customers, as channels and ledgers know them. Personal data: never in a log line, an id or an error text."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from lockstep.canonical.identifiers import Code
from lockstep.canonical.model import Canonical
from lockstep.canonical.quantities import Quantity

_Text = Annotated[str, Field(max_length=512)]


class CustomerStatus(StrEnum):
    """Whether the customer can buy."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DELETED = "deleted"


class Address(Canonical):
    """A postal address, in the source's own spelling."""

    name: _Text = ""
    company: _Text = ""
    lines: tuple[_Text, ...] = ()
    city: _Text = ""
    region: _Text = ""
    postal_code: _Text = ""
    country: _Text = ""
    """ISO 3166-1 alpha-2 where the source gives it, else as written."""
    phone: _Text = ""


class Customer(Canonical):
    """A snapshot of a customer."""

    id: Code
    version: Code
    status: CustomerStatus
    number: Code | None = None
    """What staff call the customer by."""
    first_name: _Text = ""
    last_name: _Text = ""
    company: _Text = ""
    email: _Text = ""
    phone: _Text = ""
    addresses: tuple[Address, ...] = ()
    accepts_marketing: bool | None = None
    """None where the source does not say."""
    is_tax_exempt: bool = False
    loyalty_points: Quantity | None = None
    tax_number: _Text = ""
    changed_at: AwareDatetime

    @property
    def occurred_at(self) -> datetime:
        """When it became what it is here."""
        return self.changed_at
