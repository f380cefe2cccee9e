"""Products, prices and customers."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from lockstep.canonical.customer import Address, Customer, CustomerStatus
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.product import Price, PriceReport, Product, ProductStatus, Variant
from lockstep.connectors.stripe import models
from lockstep.connectors.stripe.happening import Happening
from lockstep.connectors.stripe.values import moment, money_of
from lockstep.messaging.inbound import Said
from lockstep.messaging.lenient import fitted, required
from lockstep.messaging.versions import state_of

_INCLUDED: Final = {"inclusive": True, "exclusive": False}
_NAME: Final = 1024
_TEXT: Final = 512


def translate_product(product: models.Product, path: str, *, at: datetime | None, deleted: bool) -> Product:
    """The snapshot of a product: one variant, under the product's own id, as prices name it.

    Raises:
        MessageMalformed: It has no id, or nothing says when.
    """
    identity = required(product.id, f"{path}.id")
    changed = product.updated or product.created
    changed_at = moment(changed, f"{path}.updated") if changed is not None else required(at, f"{path}.updated")
    is_deleted = deleted or bool(product.deleted)
    version = str(int(changed_at.timestamp()))
    name = (product.name or "")[:_NAME]
    if is_deleted:
        status = ProductStatus.DELETED
    else:
        status = ProductStatus.ARCHIVED if product.active is False else ProductStatus.ACTIVE
    said = Product(
        id=identity,
        version=f"{version}/deleted",
        status=status,
        title=name,
        variants=(Variant(key=identity, title=name, is_stocked=product.type != "service" or bool(product.shippable)),),
        changed_at=changed_at,
    )
    return said if is_deleted else said.model_copy(update={"version": f"{version}/{state_of(said)}"})


def translate_price(price: models.Price, path: str, *, version: str, at: datetime | None) -> PriceReport | str:
    """What a price says, or why it says nothing that a till or a shop could charge.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    identity = required(price.id, f"{path}.id")
    if price.active is False:
        return "a price that is no longer charged"
    if price.billing_scheme == "tiered":
        return "a price in tiers"
    if price.transform_quantity:
        return "a price of several at once"
    if price.unit_amount is None:
        return "a price finer than the currency, or one that the customer names"
    amount = money_of(price.unit_amount, price.currency, path, "unit_amount")
    return PriceReport(
        id=identity,
        version=version,
        prices=(
            Price(
                item=ItemReference(value=required(price.product, f"{path}.product")),
                amount=amount,
                tax_included=_INCLUDED.get(price.tax_behavior or ""),
            ),
        ),
        changed_at=at or moment(price.created, f"{path}.created"),
    )


def translate_customer(
    customer: models.Customer, path: str, *, version: str, at: datetime | None, deleted: bool
) -> Customer:
    """The snapshot of a customer. Stripe has one name, which stands as the last.

    Raises:
        MessageMalformed: It has no id, or nothing says when.
    """
    is_deleted = deleted or bool(customer.deleted)
    shipping = customer.shipping
    addresses = []
    if customer.address is not None and customer.address != models.Address():
        addresses.append(_address(customer.address, customer.name, None))
    if shipping is not None and shipping.address is not None and shipping.address != models.Address():
        addresses.append(_address(shipping.address, shipping.name, shipping.phone))
    return Customer(
        id=required(customer.id, f"{path}.id"),
        version=version,
        status=CustomerStatus.DELETED if is_deleted else CustomerStatus.ACTIVE,
        last_name=_text(customer.name),
        email=_text(customer.email),
        phone=_text(customer.phone),
        addresses=tuple(addresses),
        is_tax_exempt=customer.tax_exempt == "exempt",
        changed_at=at or moment(customer.created, f"{path}.created"),
    )


def _address(address: models.Address, name: str | None, phone: str | None) -> Address:
    return Address(
        name=_text(name),
        lines=tuple(_text(line) for line in (address.line1, address.line2) if line),
        city=_text(address.city),
        region=_text(address.state),
        postal_code=_text(address.postal_code),
        country=_text(address.country),
        phone=_text(phone),
    )


def _text(value: str | None) -> str:
    return (value or "").strip()[:_TEXT]


# ---- as events and answers say it ----


def hear_product(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    """What an event says of a product."""
    deleted = event.topic == "product.deleted"
    yield translate_product(fitted(models.Product, carried, path), path, at=event.at, deleted=deleted)


def hear_price(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    """What an event says of a price."""
    if event.topic == "price.deleted":
        yield "a price that is deleted"
    else:
        yield translate_price(fitted(models.Price, carried, path), path, version=event.id, at=event.at)


def hear_customer(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    """What an event says of a customer."""
    customer = fitted(models.Customer, carried, path)
    deleted = event.topic == "customer.deleted"
    yield translate_customer(customer, path, version=event.id, at=event.at, deleted=deleted)


def read_product(message: dict[str, Any], path: str) -> Iterator[Said]:
    """A product."""
    product = fitted(models.Product, message, path)
    if product.deleted:
        yield "a product that is deleted"
    else:
        yield translate_product(product, path, at=None, deleted=False)


def read_price(message: dict[str, Any], path: str) -> Iterator[Said]:
    """A price."""
    price = fitted(models.Price, message, path)
    yield translate_price(price, path, version=_digest(price), at=None)


def read_customer(message: dict[str, Any], path: str) -> Iterator[Said]:
    """A customer."""
    customer = fitted(models.Customer, message, path)
    if customer.deleted:
        yield "a customer that is deleted"
    else:
        yield translate_customer(customer, path, version=_digest(customer), at=None, deleted=False)


def _digest(said: models.Vendor) -> str:
    """What makes a snapshot itself that has neither version nor time of change: what it says, as far as it is read.

    What it does not say is left out, so that a field that begins to be read makes no other snapshots of all.
    """
    return sha256(said.model_dump_json(exclude_none=True).encode()).hexdigest()[:32]
