"""Reads at Lightspeed what its webhooks missed, and history (API 2.0 reference).

Sales are searched by date, `GET /api/2.0/search?type=sales`, and paged by offset. Other lists know no dates: they are
read whole, `GET /api/2.0/<list>`, and paged by version. What is known is a duplicate by its version.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.lightspeed_x.manifest import MANIFEST
from lockstep.messaging.errors import ConfigurationError
from lockstep.messaging.inbound import Page
from lockstep.runtime.reading import VendorApi, answer_of, token_of
from lockstep.runtime.settings import AccountSettings

_A_PAGE: Final = 200
_LISTS: Final = {"product": "products", "customer": "customers", "inventory": "inventory"}


class LightspeedReader:
    """One retailer, read."""

    def __init__(self, api: VendorApi) -> None:
        """Args:
        api: Speaks to Lightspeed.
        """
        self._api = api

    def fetch(self, notice: ResourceNotice) -> bytes:
        """See `Reader.fetch`. Lightspeed's messages hold what they are about.

        Raises:
            ConfigurationError: Always.
        """
        raise ConfigurationError(f"{notice.resource} is not read at Lightspeed one by one")

    def page(self, resource: str, since: datetime, until: datetime, after: str = "") -> Page:
        """See `Reader.page`."""
        if resource == "sale":
            return self._sales(since, until, int(after or "0"))
        if resource in _LISTS:
            return self._list(_LISTS[resource], after)
        raise ConfigurationError(f"{resource} is not listed at Lightspeed")

    def _sales(self, since: datetime, until: datetime, offset: int) -> Page:
        window = {"date_from": _time(since), "date_to": _time(until)}
        query = {"type": "sales", **window, "order_by": "date", "order_direction": "asc", "page_size": _A_PAGE}
        body = self._api.get("/api/2.0/search", {**query, "offset": offset}).listed or b'{"data":[]}'
        found = answer_of(body).get("data") or []
        return Page(body, str(offset + len(found)) if len(found) >= _A_PAGE else "")

    def _list(self, name: str, after: str) -> Page:
        body = self._api.get(f"/api/2.0/{name}", {"page_size": _A_PAGE, "after": after or "0"}).listed or b'{"data":[]}'
        answer = answer_of(body)
        newest = (answer.get("version") or {}).get("max") if answer.get("data") else None
        return Page(body, str(newest) if newest else "")


def reader(_account: str, connection: Mapping[str, str], settings: AccountSettings) -> LightspeedReader:
    """The reading side of an account.

    Args:
        connection: The account's secret: `base_url`, as in `https://lantern.retail.lightspeed.app`, and `token`, a
            personal token.
        settings: Names hosts that the account may have beyond the manifest's.

    Raises:
        ConfigurationError: There is no token or address, or the token would go to a host that nobody allowed.
    """
    token = token_of(connection)
    hosts = MANIFEST.inbound.allowed_hosts if MANIFEST.inbound else ()
    api = VendorApi(
        connection.get("base_url", ""),
        allowed=(*hosts, *settings.allowed_hosts),
        headers={"authorization": f"Bearer {token}"},
    )
    return LightspeedReader(api)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
