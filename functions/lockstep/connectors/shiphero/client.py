"""Reads shipments and stock at ShipHero that its webhooks may have missed.

GraphQL, one endpoint (developer.shiphero.com, getting started and schema): `shipments(date_from, date_to)` and
`warehouse_products(updated_from, updated_to)`, each with a connection to page through. Queries are paid in credits that
come back with time; one that is too dear is answered 200 with error code 30 and how long to wait.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic_core import from_json, to_json

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.shiphero.manifest import MANIFEST
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable, RateLimited
from lockstep.messaging.inbound import Page
from lockstep.runtime.reading import VendorApi, token_of
from lockstep.runtime.settings import AccountSettings

SHIPMENT: Final = "shipment"
STOCK: Final = "stock"
_OUT_OF_CREDITS: Final = 30
_SECONDS: Final = re.compile(r"\s*([0-9]{1,6})")

_SHIPMENT_FIELDS: Final = (
    "legacy_id id warehouse_id created_date order { partner_order_id order_number } "
    "shipping_labels { tracking_number carrier tracking_url } "
    "line_items(first: 50) { edges { node { quantity line_item { legacy_id sku partner_line_item_id } } } }"
)
_FIELDS: Final = {
    SHIPMENT: (
        "shipments",
        "(date_from: $since, date_to: $until)",
        _SHIPMENT_FIELDS,
        25,
    ),
    STOCK: (
        "warehouse_products",
        "(updated_from: $since, updated_to: $until)",
        "sku warehouse_id on_hand updated_at",
        100,
    ),
}
"""What is asked for, by resource: field, its arguments, what of each, how many at once."""


class ShipheroReader:
    """One account, read."""

    def __init__(self, api: VendorApi) -> None:
        """Args:
        api: Speaks to ShipHero.
        """
        self._api = api

    def fetch(self, notice: ResourceNotice) -> bytes:
        """See `Reader.fetch`. ShipHero's messages hold what they are about.

        Raises:
            ConfigurationError: Always.
        """
        raise ConfigurationError(f"{notice.resource} is not read at ShipHero one by one")

    def page(self, resource: str, since: datetime, until: datetime, after: str = "") -> Page:
        """See `Reader.page`."""
        if resource not in _FIELDS:
            raise ConfigurationError(f"{resource} is not listed at ShipHero")
        field, arguments, wanted, most = _FIELDS[resource]
        query = (
            f"query($since: ISODateTime, $until: ISODateTime, $after: String) {{ {field}{arguments} {{ "
            f"data(first: {most}, after: $after) {{ pageInfo {{ hasNextPage endCursor }} "
            f"edges {{ node {{ {wanted} }} }} }} }} }}"
        )
        variables = {"since": _time(since), "until": _time(until), "after": after or None}
        asked = to_json({"query": query, "variables": variables})
        body = self._api.call("POST", "/graphql", asked, {"content-type": "application/json"}).body
        return Page(body, _next(_answered(body, field)))


def reader(_account: str, connection: Mapping[str, str], settings: AccountSettings) -> ShipheroReader:
    """The reading side of an account.

    Args:
        connection: The account's secret: `token`, an access token; `base_url`, ShipHero's own where it is not given.
        settings: Names hosts that the account may have beyond the manifest's.

    Raises:
        ConfigurationError: There is no token, or it would go to a host that nobody allowed.
    """
    token = token_of(connection)
    hosts = MANIFEST.inbound.allowed_hosts if MANIFEST.inbound else ()
    api = VendorApi(
        connection.get("base_url") or "https://public-api.shiphero.com",
        allowed=(*hosts, *settings.allowed_hosts),
        headers={"authorization": f"Bearer {token}"},
    )
    return ShipheroReader(api)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _answered(body: bytes, field: str) -> Mapping[str, Any]:
    """The page in an answer.

    Raises:
        RateLimited: There are not enough credits left.
        ConfigurationError: The query is refused for another reason.
        EndpointUnavailable: It is no answer of the API.
    """
    try:
        answer = from_json(body)
        errors = answer.get("errors") or []
        if not errors:
            page: Mapping[str, Any] = answer["data"][field]["data"]
            return page
        first = errors[0]
        code, wait = first.get("code"), str(first.get("time_remaining") or "")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise EndpointUnavailable("ShipHero answered with something that is not its API's JSON") from error
    if code == _OUT_OF_CREDITS:
        seconds = _SECONDS.match(wait)
        raise RateLimited("ShipHero has no credits left", timedelta(seconds=int(seconds[1])) if seconds else None)
    raise ConfigurationError(f"ShipHero refuses the query for {field}: code {code}")


def _next(page: Mapping[str, Any]) -> str:
    info = page.get("pageInfo") or {}
    cursor = info.get("endCursor") if info.get("hasNextPage") else None
    return cursor if isinstance(cursor, str) else ""
