"""Reads at one shop: REST V1 with an integration's access token (REST description of 2.4.9)."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.adobe_commerce.manifest import INBOUND
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable
from lockstep.messaging.inbound import Page
from lockstep.runtime.reading import Statuses, VendorApi
from lockstep.runtime.settings import AccountSettings

STATUSES: Final[Statuses] = {
    503: EndpointUnavailable,  # maintenance
}
_PER_PAGE: Final = 50
_STORE: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
_PATHS: Final = {
    "order": "orders/{}",
    "invoice": "invoices/{}",
    "credit_memo": "creditmemo/{}",
    "shipment": "shipment/{}",
    "product": "products/{}",
    "customer": "customers/{}",
}
_LISTS: Final = {
    "order": "orders",
    "credit_memo": "creditmemos",
    "shipment": "shipments",
    "product": "products",
    "customer": "customers/search",
}


def reader(account_name: str, connection: Mapping[str, str], settings: AccountSettings) -> "AdobeCommerceReader":
    """The reading side of an account.

    Args:
        account_name: For messages.
        connection: `base_url` and `token`; `store`, a store's code, where it is not `all`.
        settings: Of the account: the hosts that it may name.

    Raises:
        ConfigurationError: Something is missing, or the token would go to a host that nobody allowed.
    """
    store = connection.get("store") or "all"
    missing = [name for name in ("base_url", "token") if not connection.get(name)]
    if missing or not _STORE.fullmatch(store):
        raise ConfigurationError(f"the secret of {account_name} has no usable {', '.join(missing) or 'store'}")
    api = VendorApi(
        connection["base_url"],
        allowed=(*INBOUND.allowed_hosts, *settings.allowed_hosts),
        headers={"authorization": f"Bearer {connection['token']}"},
        statuses=STATUSES,
        timeout=timedelta(seconds=20),
        any_port=True,
    )
    return AdobeCommerceReader(api, f"/rest/{store}/V1")


class AdobeCommerceReader:
    """Implements `Reader` for one shop."""

    def __init__(self, api: VendorApi, root: str) -> None:
        """Args:
        api: The shop's.
        root: Path of its REST API.
        """
        self._api = api
        self._root = root

    def fetch(self, notice: ResourceNotice) -> bytes:
        """See `Reader.fetch`. A product's key is its SKU, others are numbers."""
        path = _PATHS.get(notice.resource)
        if path is None:
            raise ConfigurationError(f"Commerce has no {notice.resource} to read")
        is_number = notice.key.isascii() and notice.key.isdecimal()
        if not is_number and notice.resource != "product":
            raise ConfigurationError(f"{notice.resource} has no number to read it by")
        return self._api.get(f"{self._root}/{path.format(quote(notice.key, safe=''))}").body

    def page(self, resource: str, since: datetime, until: datetime, after: str = "") -> Page:
        """See `Reader.page`. Each page begins where the last one ended, in time, so that what changes meanwhile moves
        nothing past us; `after` is a time and a page number among what changed since then.
        """
        path = _LISTS.get(resource)
        if path is None:
            raise ConfigurationError(f"Commerce has no list of {resource}")
        begins, number = _place(after) if after else (since, 1)
        body = self._api.get(f"{self._root}/{path}", _criteria(begins, until, number)).listed
        found = _items(body)
        if len(found) < _PER_PAGE:
            return Page(body or b'{"items":[],"total_count":0}')
        return Page(body, _next(found[-1], begins, number))


def _criteria(since: datetime, until: datetime, number: int) -> dict[str, Any]:
    """Search criteria: changed in the window, oldest first."""
    query: dict[str, Any] = {}
    for group, (kind, when) in enumerate((("gteq", since), ("lt", until))):
        name = f"searchCriteria[filter_groups][{group}][filters][0]"
        query |= {f"{name}[field]": "updated_at", f"{name}[value]": _written(when), f"{name}[condition_type]": kind}
    order = "searchCriteria[sortOrders][0]"
    return query | {
        f"{order}[field]": "updated_at",
        f"{order}[direction]": "ASC",
        "searchCriteria[pageSize]": _PER_PAGE,
        "searchCriteria[currentPage]": number,
    }


def _items(body: bytes) -> list[Any]:
    try:
        said = json.loads(body) if body else {}
    except ValueError as error:
        raise EndpointUnavailable("the shop answered with no JSON") from error
    found = said.get("items") if isinstance(said, dict) else None
    return found if isinstance(found, list) else []


def _next(last: Any, begins: datetime, number: int) -> str:
    try:
        changed = datetime.fromisoformat(last["updated_at"]).replace(tzinfo=UTC)
    except (KeyError, TypeError, ValueError):
        return f"{_written(begins)}|{number + 1}"
    return f"{_written(changed)}|1" if changed > begins else f"{_written(begins)}|{number + 1}"


def _place(after: str) -> tuple[datetime, int]:
    begins, _, number = after.partition("|")
    return datetime.fromisoformat(begins).replace(tzinfo=UTC), int(number)


def _written(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
