"""Reads at one store: REST V2 and V3, `X-Auth-Token` (BigCommerce's API descriptions and rate limit page).

An order and a refund are several calls; what they answer is composed into one body, described at `fetch`.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.bigcommerce.manifest import INBOUND
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable
from lockstep.messaging.inbound import Page
from lockstep.runtime.reading import Reply, Statuses, VendorApi
from lockstep.runtime.settings import AccountSettings

STATUSES: Final[Statuses] = {
    409: EndpointUnavailable,  # the resource is being changed
    423: EndpointUnavailable,  # the store is locked for a moment
}
_PER_PAGE: Final = 50
_MOST_PAGES: Final = 40
"""Of products in one order: beyond this something is wrong."""
_API_PATH: Final = re.compile(r"(?P<base_url>https?://[^/]+)(?P<root>/stores/[A-Za-z0-9]+)(/v[23])?/?")
_SECOND: Final = timedelta(seconds=1)
_LONGEST_WAIT: Final = timedelta(minutes=15)
_LISTS: Final = {
    "product": ("/v3/catalog/products", {"include": "variants", "sort": "date_modified", "direction": "asc"}),
    "customer": ("/v3/customers", {"include": "addresses", "sort": "date_modified:asc"}),
}


def patience(reply: Reply) -> timedelta | None:
    """How long a 429 asks to wait: `X-Rate-Limit-Time-Reset-Ms`; without it the platform is busy and does not say."""
    said = reply.headers.get("x-rate-limit-time-reset-ms", "")
    return min(timedelta(milliseconds=int(said)), _LONGEST_WAIT) if said.isdecimal() and len(said) < 12 else None  # noqa: PLR2004


def reader(account_name: str, connection: Mapping[str, str], settings: AccountSettings) -> "BigcommerceReader":
    """The reading side of an account.

    Args:
        account_name: For messages.
        connection: What the store shows for an API account that may read orders, products, customers and inventory:
            `api_path`, as in `https://api.bigcommerce.com/stores/ab12cd34/v3/`, and `token`.
        settings: Of the account: the hosts that it may name beyond the vendor's.

    Raises:
        ConfigurationError: Something is missing, or the token would go to a host that nobody allowed.
    """
    path = _API_PATH.fullmatch(connection.get("api_path", ""))
    token = connection.get("token", "")
    if path is None or not token:
        raise ConfigurationError(f"the secret of {account_name} has no usable api_path or token")
    api = VendorApi(
        path["base_url"],
        allowed=(*INBOUND.allowed_hosts, *settings.allowed_hosts),
        headers={"x-auth-token": token},
        statuses=STATUSES,
        patience=patience,
        timeout=timedelta(seconds=20),
    )
    return BigcommerceReader(api, path["root"])


class BigcommerceReader:
    """Implements `Reader` for one store."""

    def __init__(self, api: VendorApi, root: str) -> None:
        """Args:
        api: The vendor's.
        root: Path of the store.
        """
        self._api = api
        self._root = root

    def fetch(self, notice: ResourceNotice) -> bytes:
        """See `Reader.fetch`. What is composed:

        - `order`: `{"order": V2 with fees, "products": [...], "taxes": [... with details], "coupons": [...]}`
        - `order_refund` (`<order>/<refund>`): `{"refund": V3, "order": V2, "products": [...]}`
        - `inventory` (`<product>` or `<product>/<variant>`): V3's answer with `read_at` and `notice`

        Others are the vendor's own answers.
        """
        owner, _, own = notice.key.partition("/")
        for part in (owner, own):
            if part and not (part.isascii() and part.isdecimal()):
                raise ConfigurationError(f"{notice.resource} has no number to read it by")
        match notice.resource:
            case "order":
                return self._order(owner)
            case "order_refund":
                return self._refund(owner, own)
            case "inventory":
                return self._inventory(owner, own, notice)
            case "customer":
                return self._found("/v3/customers", {"id:in": owner, "include": "addresses"})
            case "order_transactions":
                return self._found(f"/v3/orders/{owner}/transactions")
        path = {"product": "/v3/catalog/products/{}?include=variants", "shipment": "/v2/orders/{}/shipments/{}"}
        if notice.resource not in path:
            raise ConfigurationError(f"BigCommerce has no {notice.resource} to read")
        return self._get(path[notice.resource].format(owner, own))

    def page(self, resource: str, since: datetime, until: datetime, after: str = "") -> Page:
        """See `Reader.page`. Orders are listed without their products, so that each becomes a notice."""
        begins, number = _place(after) if after else (since, 1)
        if resource == "order":
            query = {
                "min_date_modified": _written(begins),
                "max_date_modified": _written(until - _SECOND),
                "sort": "date_modified:asc",
            }
            path = "/v2/orders"
        elif resource in _LISTS:
            path, fixed = _LISTS[resource]
            query = {
                **fixed,
                "date_modified:min": _written(begins),
                "date_modified:max": _written(until - _SECOND),
            }
        else:
            raise ConfigurationError(f"BigCommerce has no list of {resource}")
        body = self._api.get(f"{self._root}{path}", {**query, "limit": _PER_PAGE, "page": number}).listed
        found = _entries(body)
        if len(found) < _PER_PAGE:
            return Page(body or b"[]")
        return Page(body, _next(found[-1], begins, number))

    def _get(self, path: str, query: Mapping[str, Any] | None = None) -> bytes:
        """The vendor's answer; empty where the resource is gone. V2 answers an empty list with 204."""
        return self._api.get(f"{self._root}{path}", query).body

    def _found(self, path: str, query: Mapping[str, Any] | None = None) -> bytes:
        """A list of V3; empty where nothing is in it."""
        found = self._get(path, query)
        return found if _entries(found) else b""

    def _order(self, key: str) -> bytes:
        order = self._get(f"/v2/orders/{key}", {"include": "fees"})
        if not order:
            return b""
        return _composed(
            order=order,
            products=self._all(f"/v2/orders/{key}/products"),
            taxes=self._all(f"/v2/orders/{key}/taxes", {"details": "true"}),
            coupons=self._all(f"/v2/orders/{key}/coupons"),
        )

    def _refund(self, order: str, key: str) -> bytes:
        refund = self._get(f"/v3/orders/payment_actions/refunds/{key}")
        if not refund:
            return b""
        return _composed(
            refund=json.dumps(_data(refund)).encode(),
            order=self._get(f"/v2/orders/{order}") or b"null",
            products=self._all(f"/v2/orders/{order}/products"),
        )

    def _inventory(self, product: str, variant: str, notice: ResourceNotice) -> bytes:
        query = {"variant_id:in": variant} if variant else {"product_id:in": product}
        reply = self._api.get(f"{self._root}/v3/inventory/items", query)
        if reply.gone:
            return b""
        try:
            read_at = parsedate_to_datetime(reply.headers["date"])
        except (KeyError, TypeError, ValueError):
            read_at = notice.notified_at
        return _composed(
            data=json.dumps(_entries(reply.body)).encode(),
            read_at=json.dumps(read_at.astimezone(UTC).isoformat()).encode(),
            notice=json.dumps(f"{notice.key}/{notice.version or notice.delivery_id}").encode(),
        )

    def _all(self, path: str, query: Mapping[str, Any] | None = None) -> bytes:
        """A list of V2 with all its pages."""
        found: list[Any] = []
        for number in range(1, _MOST_PAGES + 1):
            page = _entries(self._get(path, {**(query or {}), "limit": _PER_PAGE, "page": number}))
            found += page
            if len(page) < _PER_PAGE:
                return json.dumps(found).encode()
        raise ConfigurationError(f"{path} does not end")


def _composed(**parts: bytes) -> bytes:
    return b"{" + b",".join(b'"%s":%s' % (name.encode(), part) for name, part in parts.items()) + b"}"


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else []
    except ValueError as error:
        raise EndpointUnavailable("the store answered with no JSON") from error


def _data(body: bytes) -> Any:
    """What V3 wraps in `data`."""
    found = _parsed(body)
    return found["data"] if isinstance(found, dict) and "data" in found else found


def _entries(body: bytes) -> list[Any]:
    found = _data(body)
    return found if isinstance(found, list) else []


def _next(last: Any, begins: datetime, number: int) -> str:
    """Where to go on: from the last change seen, so that what changes meanwhile moves nothing past us; by page where
    all of a page changed in one second.
    """
    written = str(last.get("date_modified")) if isinstance(last, dict) else ""
    try:
        changed = parsedate_to_datetime(written) if "," in written else datetime.fromisoformat(written)
        changed = changed.astimezone(UTC).replace(microsecond=0)
    except (TypeError, ValueError):
        return f"{_written(begins)}|{number + 1}"
    return f"{_written(changed)}|1" if changed > begins else f"{_written(begins)}|{number + 1}"


def _place(after: str) -> tuple[datetime, int]:
    begins, _, number = after.partition("|")
    return datetime.fromisoformat(begins), int(number)


def _written(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
