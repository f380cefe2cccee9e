"""Turns Business Central's notifications into notices, and what is read into canonical events. Pure."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel

from lockstep.canonical.customer import Address, Customer, CustomerStatus
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.money import Money
from lockstep.canonical.product import Price, PriceReport, Product, ProductStatus, Variant
from lockstep.connectors.business_central import models
from lockstep.connectors.business_central.sales_order import translate_order
from lockstep.connectors.business_central.values import Conventions, changed_at
from lockstep.connectors.business_central.verify import without_mark
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import FETCHED, Delivery, Notice, Said, Translation, translation_of
from lockstep.messaging.lenient import code, fitted, identifier, moment, number, read, read_object

M = TypeVar("M", bound=BaseModel)
_Object = dict[str, Any]

SINGLE: Final = {"items": "item", "customers": "customer", "salesOrders": "salesOrder"}
"""Resources by the entity set that a notification names."""
_SALES_TAX: Final = frozenset({"USD", "CAD", "MXN"})
"""Currencies of companies to which `taxLiable` means something: where there is VAT, it is false for every customer."""
_RESOURCE: Final = re.compile(
    r"(?:https://[^?#]{1,400}?/|/)?api/(?:v[0-9.]+|beta)/companies\((?P<company>[0-9A-Fa-f-]{36})\)/(?P<set>[A-Za-z]{1,60})"
    r"(?:\((?P<id>[0-9A-Fa-f-]{36})\)|\?(?P<query>.*))?"
)
_SINCE: Final = re.compile(
    r"(?:lastDateTimeModified|lastModifiedDateTime|SystemModifiedAt)\s+g[te]\s+(?P<time>[0-9T:.Z+-]{10,40})",
    re.IGNORECASE,
)
_OURS: Final = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9-]*/")
"""Begins the key under which we post documents: connector account, then what it is."""
_LONGEST_TEXT: Final = 512


def translate_message(delivery: Delivery, conventions: Conventions) -> Translation:
    """What is to be read of a notification, or what was read.

    Raises:
        MessageMalformed: It cannot be read, or lacks what identity or money needs; names the field.
    """
    if delivery.topic.startswith(FETCHED):
        return _read(delivery, conventions)
    sent = read(models.Notifications, without_mark(delivery.body))
    said = (_notice(notification, f"value.{place}") for place, notification in enumerate(sent.value or ()))
    return translation_of(said, delivery)


def _notice(notification: models.Notification, path: str) -> Said:
    """What is to be read; or why nothing is."""
    resource = notification.resource or ""
    if not resource:
        raise MessageMalformed(f"{path}.resource is missing")
    found = _RESOURCE.fullmatch(resource)
    if found is None or found["set"] not in SINGLE:
        return f"a change of {found['set']}" if found else "a change of a resource that is not read"
    at = moment(notification.lastModifiedDateTime, f"{path}.lastModifiedDateTime")
    kind = (notification.changeType or "").lower()
    if kind == "deleted":
        return f"a deleted record of {found['set']}: it can be read no more"
    name = found["set"] if found["id"] is None else SINGLE[found["set"]]
    if found["id"] is not None:
        key = f"{found['company']}/{found['id']}"
    else:
        since = _SINCE.search(unquote(found["query"] or ""))
        key = f"{found['company']}/{since['time'] if since else at.isoformat()}"
    return Notice(name, key, notification.lastModifiedDateTime, at)


def _read(delivery: Delivery, conventions: Conventions) -> Translation:
    entity = delivery.topic.removeprefix(FETCHED)
    make = _RECORDS[next((single for many, single in SINGLE.items() if entity == many), entity)]
    answer = read_object(without_mark(delivery.body), "the answer")
    listed = fitted(models.Listed, answer).value
    records = (
        [(record, f"value.{place}.") for place, record in enumerate(listed)] if listed is not None else [(answer, "")]
    )
    said = (part for record, path in records for part in make(record, path, conventions))
    return translation_of(said, delivery)


def _items(found: _Object, path: str, conventions: Conventions) -> Iterator[Said]:
    item = fitted(models.Item, found, path.rstrip("."))
    identity, article = identifier(item.id, f"{path}id"), identifier(item.number, f"{path}number")
    at = changed_at(item.lastModifiedDateTime, f"{path}lastModifiedDateTime")
    product = Product(
        id=identity,
        version=at.isoformat(),
        status=ProductStatus.ARCHIVED if item.blocked else ProductStatus.ACTIVE,
        title=_text(item.displayName),
        category=_text(item.itemCategoryCode),
        variants=(
            Variant(
                key=identity,
                sku=article,
                barcode=code(item.gtin),
                is_stocked=(item.type or "Inventory") == "Inventory",
            ),
        ),
        changed_at=at,
    )
    yield product
    if item.unitPrice:
        exact = number(item.unitPrice, f"{path}unitPrice")
        amount = Money.rounded(exact, conventions.money(None, "currency"))
        if exact == amount.amount and exact >= 0:
            price = Price(item=ItemReference(value=article), amount=amount, tax_included=item.priceIncludesTax)
            report = PriceReport(id=identity, version=at.isoformat(), prices=(price,), changed_at=at)
            yield report
        else:
            yield "a price that is finer than the currency, or below zero"


def _customers(found: _Object, path: str, conventions: Conventions) -> Iterator[Said]:
    customer = fitted(models.Customer, found, path.rstrip("."))
    at = changed_at(customer.lastModifiedDateTime, f"{path}lastModifiedDateTime")
    is_company = (customer.type or "") == "Company"
    address = Address(
        lines=tuple(_text(line) for line in (customer.addressLine1, customer.addressLine2) if line),
        city=_text(customer.city),
        region=_text(customer.state),
        postal_code=_text(customer.postalCode),
        country=_text(customer.country),
    )
    blocked = (customer.blocked or "").strip().replace("_x0020_", "")
    data = Customer(
        id=identifier(customer.id, f"{path}id"),
        version=at.isoformat(),
        status=CustomerStatus.INACTIVE if blocked == "All" else CustomerStatus.ACTIVE,
        number=code(customer.number),
        last_name="" if is_company else _text(customer.displayName),
        company=_text(customer.displayName) if is_company else "",
        email=_text(customer.email),
        phone=_text(customer.phoneNumber),
        addresses=(address,) if address != Address() else (),
        is_tax_exempt=customer.taxLiable is False and conventions.currency in _SALES_TAX,
        tax_number=_text(customer.taxRegistrationNumber),
        changed_at=at,
    )
    yield data


def _orders(found: _Object, path: str, conventions: Conventions) -> Iterator[Said]:
    order = fitted(models.SalesOrder, found, path.rstrip("."))
    if _OURS.match(order.externalDocumentNumber or ""):
        yield "our own document, coming back"
        return
    yield translate_order(order, path, conventions)


def _text(text: str | None) -> str:
    return (text or "")[:_LONGEST_TEXT]


_RECORDS: Final[dict[str, Callable[[_Object, str, Conventions], Iterator[Said]]]] = {
    "item": _items,
    "customer": _customers,
    "salesOrder": _orders,
}
