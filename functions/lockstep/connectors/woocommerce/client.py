"""Reads at one shop: REST API v3 over TLS, HTTP Basic with a consumer key and secret (documentation, Authentication).

Lists are read oldest change first. A resource that changes while its list is being read moves to the end, and what
stood behind it moves up: pages by number would pass over it. So each page begins where the last one ended, in time.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import urllib3

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.woocommerce.manifest import INBOUND
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable
from lockstep.messaging.inbound import Page
from lockstep.runtime.reading import Statuses, VendorApi
from lockstep.runtime.settings import AccountSettings

STATUSES: Final[Statuses] = {
    400: ConfigurationError,
    # A shop behind a host's own firewall or in maintenance: it comes back by itself.
    502: EndpointUnavailable,
    503: EndpointUnavailable,
}
_PER_PAGE: Final = 100
"""The most that the API gives."""
_SECOND: Final = timedelta(seconds=1)
_ROOT: Final = "/wp-json/wc/v3"
_PATHS: Final = {
    "order": "orders/{key}",
    "product": "products/{key}",
    "coupon": "coupons/{key}",
}
_LISTS: Final = {"order": "orders", "product": "products", "coupon": "coupons"}


def reader(account_name: str, connection: Mapping[str, str], settings: AccountSettings) -> "WoocommerceReader":
    """The reading side of an account.

    Args:
        account_name: For messages.
        connection: `base_url`, `consumer_key`, `consumer_secret`; `root` where the shop does not stand at the root of
            its host, as in `/shop/wp-json/wc/v3`.
        settings: Of the account: the hosts that it may name.

    Raises:
        ConfigurationError: Something is missing, or the key would go to a host that nobody allowed.
    """
    missing = [name for name in ("base_url", "consumer_key", "consumer_secret") if not connection.get(name)]
    if missing:
        raise ConfigurationError(f"the secret of {account_name} has no {', '.join(missing)}")
    basic = urllib3.make_headers(basic_auth=f"{connection['consumer_key']}:{connection['consumer_secret']}")
    api = VendorApi(
        connection["base_url"],
        allowed=(*INBOUND.allowed_hosts, *settings.allowed_hosts),
        headers=dict(basic),
        statuses=STATUSES,
        timeout=timedelta(seconds=20),
        any_port=True,
    )
    return WoocommerceReader(api, connection.get("root") or _ROOT)


class WoocommerceReader:
    """Implements `Reader` for one shop."""

    def __init__(self, api: VendorApi, root: str = _ROOT) -> None:
        """Args:
        api: The shop's.
        root: Path of its REST API.
        """
        self._api = api
        self._root = root.rstrip("/")

    def fetch(self, notice: ResourceNotice) -> bytes:
        """See `Reader.fetch`. A refund, `<order>/<refund>`, comes with its order: `{"order": ..., "refund": ...}`."""
        if notice.resource == "order_refund":
            return self._refund(*_both(notice))
        if notice.resource == "product_variation":
            return self._get("products/{}/variations/{}".format(*_both(notice)))
        if notice.resource == "shipment_tracking":
            return self._api.get(f"{_tracking_root(self._root)}/orders/{_whole(notice)}/shipment-trackings").body
        path = _PATHS.get(notice.resource)
        if path is None:
            raise ConfigurationError(f"WooCommerce has no {notice.resource} to read")
        return self._get(path.format(key=_whole(notice)))

    def page(self, resource: str, since: datetime, until: datetime, after: str = "") -> Page:
        """See `Reader.page`. `after` is a time and a page number among what changed since then."""
        path = _LISTS.get(resource)
        if path is None:
            raise ConfigurationError(f"WooCommerce has no list of {resource} by change")
        begins, number = _place(after) if after else (since - _SECOND, 1)
        reply = self._api.get(
            f"{self._root}/{path}",
            {
                "modified_after": _written(begins),
                "modified_before": _written(until),
                "dates_are_gmt": "true",
                "orderby": "modified",
                "order": "asc",
                "status": "any",
                "per_page": _PER_PAGE,
                "page": number,
            },
        )
        found = _list(reply.listed)
        pages = reply.headers.get("x-wp-totalpages", "")
        is_last = int(pages) <= number if pages.isdecimal() else len(found) < _PER_PAGE
        return Page(reply.body or b"[]", "" if is_last or not found else _next(found[-1], begins, number))

    def _get(self, path: str) -> bytes:
        return self._api.get(f"{self._root}/{path}").body

    def _refund(self, order: str, refund: str) -> bytes:
        found = self._get(f"orders/{order}/refunds/{refund}")
        if not found:
            return b""
        whole = self._api.get(f"{self._root}/orders/{order}", {"_fields": "id,currency,payment_method"}).body
        return b'{"order":' + (whole or b"null") + b',"refund":' + found + b"}"


def _both(notice: ResourceNotice) -> tuple[str, str]:
    owner, _, own = notice.key.partition("/")
    return _digits(owner, notice), _digits(own, notice)


def _whole(notice: ResourceNotice) -> str:
    return _digits(notice.key, notice)


def _digits(key: str, notice: ResourceNotice) -> str:
    if not (key.isascii() and key.isdecimal()):
        raise ConfigurationError(f"{notice.resource} has no number to read it by")
    return key


def _tracking_root(root: str) -> str:
    """The Shipment Tracking extension answers under its own name (its REST documentation)."""
    return root.replace("/wc/", "/wc-shipment-tracking/")


def _list(body: bytes) -> list[Any]:
    try:
        found = json.loads(body) if body else []
    except ValueError as error:
        raise EndpointUnavailable("the shop answered with no JSON") from error
    if not isinstance(found, list):
        raise EndpointUnavailable("the shop answered with no list")
    return found


def _next(last: Any, begins: datetime, number: int) -> str:
    """Where to go on: just before the last change seen; by page where all of a page changed in one second."""
    try:
        changed = datetime.fromisoformat(last["date_modified_gmt"]).replace(tzinfo=UTC)
    except (KeyError, TypeError, ValueError):
        return f"{_written(begins)}|{number + 1}"
    if changed - _SECOND > begins:
        return f"{_written(changed - _SECOND)}|1"
    return f"{_written(begins)}|{number + 1}"


def _place(after: str) -> tuple[datetime, int]:
    begins, _, number = after.partition("|")
    return datetime.fromisoformat(begins).replace(tzinfo=UTC), int(number)


def _written(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
