"""Articles, their prices, and customers. Pure."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from lockstep.canonical.customer import Address, Customer, CustomerStatus
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.money import Money
from lockstep.canonical.product import Price, PriceReport, Product, ProductStatus, Variant
from lockstep.connectors.lightspeed_x import models
from lockstep.connectors.lightspeed_x.values import Conventions, written_at
from lockstep.messaging.lenient import code, identifier, number

_LONGEST_TEXT: Final = 512
_POINTS: Final = Decimal("0.0001")
_BASE: Final = "BASE"


def translate_product(
    product: models.Product, path: str, conventions: Conventions, told_at: datetime
) -> tuple[Product, PriceReport | None]:
    """An article, and its price where one is told.

    Args:
        product: As Lightspeed has it.
        path: Where it stands in the message, for errors.
        conventions: What the message leaves out.
        told_at: When it was told, for a webhook, which may not say when the article changed.

    Raises:
        MessageMalformed: What identity needs is missing.
    """
    identity = identifier(product.id, f"{path}id")
    times = (product.deleted_at, product.updated_at)
    changed_at = written_at(conventions, f"{path}updated_at", *times) if any(times) else told_at
    version = changed_at.isoformat() if any(times) and not product.version else product.version
    data = Product(
        id=identity,
        version=identifier(version, f"{path}version"),
        status=_status(product),
        title=(product.name or product.handle or "")[:_LONGEST_TEXT],
        variants=(
            Variant(
                key=identity,
                sku=code(product.sku),
                barcode=next((code(one.code) for one in product.product_codes or () if one.code), None),
                title=(product.variant_name or "")[:_LONGEST_TEXT],
                is_stocked=product.has_inventory is not False and not product.is_composite,
            ),
        ),
        changed_at=changed_at,
    )
    price = None if product.deleted_at else _price(product, identity, path, conventions)
    if price is None:
        return data, None
    return data, PriceReport(id=identity, version=data.version, prices=(price,), changed_at=changed_at)


def _price(product: models.Product, identity: str, path: str, conventions: Conventions) -> Price | None:
    """What it costs: with tax, where the tax is known."""
    bases = [entry for entry in product.price_book_entries or () if entry.type == _BASE and entry.price]
    told, tax, name = product.price, product.tax, "price"
    if product.price_including_tax:
        told, tax, name = product.price_including_tax, "0", "price_including_tax"
    elif product.price_excluding_tax:
        told, tax, name = product.price_excluding_tax, None, "price_excluding_tax"
    elif not told and bases:
        told, tax, name = bases[0].price, bases[0].tax, "price_book_entries.price"
    if not told:
        return None
    exact = number(told, f"{path}{name}") + (number(tax, f"{path}tax") if tax else 0)
    amount = abs(Money.rounded(exact, conventions.money()))
    return Price(item=ItemReference(value=identity), amount=amount, tax_included=bool(tax))


def _status(product: models.Product) -> ProductStatus:
    if product.deleted_at:
        return ProductStatus.DELETED
    return ProductStatus.ARCHIVED if product.active is False else ProductStatus.ACTIVE


def translate_customer(customer: models.Customer, path: str, conventions: Conventions) -> Customer:
    """A customer.

    Raises:
        MessageMalformed: What identity needs is missing.
    """
    address = _address(customer)
    points = customer.loyalty_balance
    return Customer(
        id=identifier(customer.id, f"{path}id"),
        version=code(customer.version) or written_at(conventions, f"{path}version", customer.updated_at).isoformat(),
        status=CustomerStatus.DELETED if customer.deleted_at else CustomerStatus.ACTIVE,
        number=code(customer.customer_code),
        first_name=_text(customer.first_name),
        last_name=_text(customer.last_name),
        company=_text(customer.company_name),
        email=_text(customer.email),
        phone=_text(customer.mobile or customer.phone),
        addresses=(address,) if address != Address() else (),
        accepts_marketing=None if customer.do_not_email is None else not customer.do_not_email,
        loyalty_points=number(points, f"{path}loyalty_balance").quantize(_POINTS) if points else None,
        changed_at=written_at(conventions, f"{path}updated_at", customer.deleted_at, customer.updated_at),
    )


def _address(customer: models.Customer) -> Address:
    """Where a customer lives; webhooks say it of their contact."""
    contact = customer.contact or models.Contact()
    street = (
        customer.physical_address_1 or contact.physical_address1,
        customer.physical_address_2 or contact.physical_address2,
        customer.physical_suburb or contact.physical_suburb,
    )
    return Address(
        lines=tuple(text[:_LONGEST_TEXT] for text in street if text),
        city=_text(customer.physical_city or contact.physical_city),
        region=_text(customer.physical_state or contact.physical_state),
        postal_code=_text(customer.physical_postcode or contact.physical_postcode),
        country=_text(customer.physical_country_id or contact.physical_country_id),
    )


def _text(text: str | None) -> str:
    return (text or "")[:_LONGEST_TEXT]
