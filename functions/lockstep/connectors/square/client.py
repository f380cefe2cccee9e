"""Reads at Square: orders and catalogue that webhooks only name, and lists for catching up and for history.

API reference, 2025-08-20: `GET /v2/orders/{id}`, `POST /v2/orders/search`, `POST /v2/catalog/search`,
`GET /v2/catalog/object/{id}`, `POST /v2/inventory/counts/batch-retrieve`, `GET /v2/payments`, `/v2/refunds` and
`/v2/payouts`, `GET /v2/locations`. Lists go on with a cursor; orders are searched in at most ten locations at once, and
payments, refunds and payouts are listed for one.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from pydantic_core import to_json

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.square.manifest import API_VERSION, MANIFEST
from lockstep.messaging.errors import ConfigurationError
from lockstep.messaging.inbound import Page
from lockstep.messaging.specs import Inbound
from lockstep.runtime.reading import VendorApi, answer_of, token_of
from lockstep.runtime.settings import AccountSettings

_LOCATIONS_AT_ONCE: Final = 10
_ORDERS_A_PAGE: Final = 200
_PAYMENTS_A_PAGE: Final = 100
_OBJECTS_A_PAGE: Final = 200
_COUNTS_A_PAGE: Final = 500
_BEFORE: Final = timedelta(minutes=10)
"""How far before the moment that a webhook names the catalogue is read: it does not say since when it speaks."""
_CATALOG_TYPES: Final = ("ITEM", "ITEM_VARIATION", "DISCOUNT")
_PLACE: Final = "|"
"""Parts the location from Square's own cursor in ours."""


class SquareReader:
    """One seller account, read."""

    def __init__(self, api: VendorApi, locations: Sequence[str] = ()) -> None:
        """Args:
        api: Speaks to Square.
        locations: Ids of those to be listed; all of them when none is named.
        """
        self._api = api
        self._named = tuple(locations)
        self._locations: tuple[str, ...] = ()

    def fetch(self, notice: ResourceNotice) -> bytes:
        """See `Reader.fetch`."""
        key = quote(notice.key, safe="")
        if notice.resource == "order":
            return self._api.get(f"/v2/orders/{key}").body
        if notice.resource == "catalog_object":
            return self._api.get(f"/v2/catalog/object/{key}").body
        if notice.resource == "catalog":
            return self._catalog(notice.notified_at - _BEFORE)
        raise ConfigurationError(f"{notice.resource} is not read at Square")

    def page(self, resource: str, since: datetime, until: datetime, after: str = "") -> Page:
        """See `Reader.page`. Catalogue and counts are listed since a moment, whatever came later with them."""
        if resource == "order":
            return self._orders(since, until, after)
        if resource in ("payment", "refund"):
            window = {"updated_at_begin_time": _time(since), "updated_at_end_time": _time(until)}
            return self._by_location(f"/v2/{resource}s", {**window, "sort_field": "UPDATED_AT"}, after)
        if resource == "payout":
            return self._by_location("/v2/payouts", {"begin_time": _time(since), "end_time": _time(until)}, after)
        if resource == "catalog":
            return self._search("/v2/catalog/search", _catalog_query(since), after)
        if resource == "inventory":
            query = {"updated_after": _time(since), "states": ["IN_STOCK"], "limit": _COUNTS_A_PAGE}
            named = {"location_ids": list(self._named)} if self._named else {}
            return self._search("/v2/inventory/counts/batch-retrieve", {**query, **named}, after)
        raise ConfigurationError(f"{resource} is not listed at Square")

    def _orders(self, since: datetime, until: datetime, after: str) -> Page:
        first, _, cursor = after.partition(_PLACE)
        locations = self._known_locations(again=not after)
        start = locations.index(first) if first in locations else 0
        chunk = locations[start : start + _LOCATIONS_AT_ONCE]
        query = {
            "location_ids": list(chunk),
            "limit": _ORDERS_A_PAGE,
            "query": {
                "filter": {"date_time_filter": {"updated_at": {"start_at": _time(since), "end_at": _time(until)}}},
                "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
            },
        }
        page = self._search("/v2/orders/search", query, cursor)
        following = locations[start + _LOCATIONS_AT_ONCE : start + _LOCATIONS_AT_ONCE + 1]
        return _placed(page, chunk[0], following)

    def _by_location(self, path: str, window: Mapping[str, str], after: str) -> Page:
        location, _, cursor = after.partition(_PLACE)
        locations = self._known_locations(again=not after)
        at = locations.index(location) if location in locations else 0
        query = {"location_id": locations[at], "sort_order": "ASC", "limit": _PAYMENTS_A_PAGE, **window}
        body = self._api.get(path, {**query, **({"cursor": cursor} if cursor else {})}).listed or b"{}"
        return _placed(Page(body, _cursor(body)), locations[at], locations[at + 1 : at + 2])

    def _search(self, path: str, query: Mapping[str, Any], after: str) -> Page:
        asked = to_json({**query, **({"cursor": after} if after else {})})
        body = self._api.call("POST", path, asked, {"content-type": "application/json"}).listed or b"{}"
        return Page(body, _cursor(body))

    def _catalog(self, since: datetime) -> bytes:
        """All that changed since, as one answer."""
        found: dict[str, list[Any]] = {"objects": [], "related_objects": []}
        page = self._search("/v2/catalog/search", _catalog_query(since), "")
        while True:
            answer = answer_of(page.body)
            for name in found:
                found[name] += answer.get(name) or []
            if not page.after:
                return to_json(found)
            page = self._search("/v2/catalog/search", _catalog_query(since), page.after)

    def _known_locations(self, *, again: bool) -> tuple[str, ...]:
        """Ids of the account's locations, always in one order.

        Raises:
            ConfigurationError: It has none.
        """
        if again or not self._locations:
            self._locations = tuple(sorted(self._named or self._all_locations()))
        if not self._locations:
            raise ConfigurationError("the seller account has no location")
        return self._locations

    def _all_locations(self) -> list[str]:
        answer = answer_of(self._api.get("/v2/locations").listed or b"{}")
        listed = answer.get("locations") or []
        return [each["id"] for each in listed if isinstance(each, dict) and isinstance(each.get("id"), str)]


def reader(_account: str, connection: Mapping[str, str], settings: AccountSettings) -> SquareReader:
    """The reading side of an account.

    Args:
        connection: The account's secret: `token`, an access token that may read orders, items, inventory, payments
            and payouts; `base_url`, Square's production where it is not given; `location_ids`, separated by commas,
            where not all locations are ours.
        settings: Names hosts that the account may have beyond the manifest's.

    Raises:
        ConfigurationError: There is no token, or it would go to a host that nobody allowed.
    """
    token = token_of(connection)
    api = VendorApi(
        connection.get("base_url") or "https://connect.squareup.com",
        allowed=(*_inbound().allowed_hosts, *settings.allowed_hosts),
        headers={"authorization": f"Bearer {token}", "square-version": API_VERSION},
    )
    named = (part.strip() for part in connection.get("location_ids", "").split(","))
    return SquareReader(api, [part for part in named if part])


def _inbound() -> Inbound:
    if MANIFEST.inbound is None:
        raise ValueError("the manifest declares nothing inbound")
    return MANIFEST.inbound


def _catalog_query(since: datetime) -> dict[str, Any]:
    return {
        "object_types": list(_CATALOG_TYPES),
        "include_deleted_objects": True,
        "include_related_objects": True,
        "begin_time": _time(since),
        "limit": _OBJECTS_A_PAGE,
    }


def _placed(page: Page, location: str, following: Sequence[str]) -> Page:
    """The page with a cursor that says at which location it goes on."""
    if page.after:
        return Page(page.body, f"{location}{_PLACE}{page.after}")
    return Page(page.body, f"{following[0]}{_PLACE}" if following else "")


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _cursor(body: bytes) -> str:
    found = answer_of(body).get("cursor")
    return found if isinstance(found, str) else ""
