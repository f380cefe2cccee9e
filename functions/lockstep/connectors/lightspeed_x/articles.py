"""Articles, their prices, and customers. Pure."""

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


def translate_product(
    product: models.Product, path: str, conventions: Conventions
) -> tuple[Product, PriceReport | None]:
    """An article, and its price where one is told.

    Raises:
        MessageMalformed: What identity needs is missing.
    """
    identity = identifier(product.id, f"{path}id")
    version = identifier(product.version, f"{path}version")
    changed_at = written_at(conventions, f"{path}updated_at", product.deleted_at, product.updated_at)
    data = Product(
        id=identity,
        version=version,
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
    told = product.price_including_tax or product.price_excluding_tax
    if not told or product.deleted_at:
        return data, None
    amount = Money.rounded(number(told, f"{path}price_including_tax"), conventions.money())
    price = Price(
        item=ItemReference(value=identity), amount=abs(amount), tax_included=bool(product.price_including_tax)
    )
    return data, PriceReport(id=identity, version=version, prices=(price,), changed_at=changed_at)


def _status(product: models.Product) -> ProductStatus:
    if product.deleted_at:
        return ProductStatus.DELETED
    return ProductStatus.ARCHIVED if product.active is False else ProductStatus.ACTIVE


def translate_customer(customer: models.Customer, path: str, conventions: Conventions) -> Customer:
    """A customer.

    Raises:
        MessageMalformed: What identity needs is missing.
    """
    street = (customer.physical_address_1, customer.physical_address_2, customer.physical_suburb)
    address = Address(
        lines=tuple(text[:_LONGEST_TEXT] for text in street if text),
        city=_text(customer.physical_city),
        region=_text(customer.physical_state),
        postal_code=_text(customer.physical_postcode),
        country=_text(customer.physical_country_id),
    )
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


def _text(text: str | None) -> str:
    return (text or "")[:_LONGEST_TEXT]
