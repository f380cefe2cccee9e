"""Reads one shop: what a message only names, and lists to catch up.

Orders, refunds, articles and so on are read as REST resources: they have the very shape of the webhooks, so that what
is read and what was sent are the same event. The vendor calls that API legacy, and goes on with it in every version;
new things, returns among them, are in the GraphQL API alone. Throttling is HTTP 429 with `Retry-After`, and THROTTLED
in an answer of GraphQL (shopify.dev, *API limits*).
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

from pydantic_core import to_json

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.shopify.answers import data_of
from lockstep.connectors.shopify.documents import RETURN
from lockstep.connectors.shopify.manifest import API_VERSION
from lockstep.connectors.shopify.transport import Response
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable, IntegrationError
from lockstep.messaging.inbound import Page
from lockstep.runtime.reading import Reply, VendorApi, answer_of

ROOT: Final = f"/admin/api/{API_VERSION}"
STATUSES: Final[Mapping[int, type[IntegrationError]]] = {430: EndpointUnavailable}
"""430: the vendor's protection turned the call away. The others mean what they mean everywhere."""

_NEXT: Final = re.compile(r'<([^>]+)>;\s*rel="next"')
_A_PAGE: Final = 50
PLACES: Final[dict[str, str]] = {
    "product": "products/{0}.json",
    "variant": "variants/{0}.json",
    "customer": "customers/{0}.json",
    "draft_order": "draft_orders/{0}.json",
    "fulfillment": "orders/{0}/fulfillments/{1}.json",
    "fulfillment_order": "fulfillment_orders/{0}.json",
    "inventory_level": "inventory_levels.json?inventory_item_ids={0}&location_ids={1}",
    "gift_card": "gift_cards/{0}.json",
    "payout": "shopify_payments/payouts/{0}.json",
    "dispute": "shopify_payments/disputes/{0}.json",
}
"""Where a resource is that is read in one call. `{0}` is its key; where there is `{1}` too, its key has two parts:
`order/fulfilment`, and `inventory item/location`."""


class ShopReader:
    """One shop, read."""

    def __init__(self, api: VendorApi) -> None:
        """Args:
        api: Speaks to the shop.
        """
        self._api = api
        self._fetch: dict[str, Callable[[str], bytes]] = {
            "order": self._order,
            "refund": self._refund,
            "return": self._return,
        }
        self._pages: dict[str, Callable[[datetime, datetime], tuple[str, dict[str, Any]]]] = {
            "order": _orders,
            "product": _changed("/products.json"),
            "customer": _changed("/customers.json"),
            "gift_card": _changed("/gift_cards/search.json"),
            "payout": _payouts,
        }

    def fetch(self, notice: ResourceNotice) -> bytes:
        """See `Reader.fetch`."""
        place = PLACES.get(notice.resource)
        if place is not None:
            first, _, second = notice.key.partition("/")
            return self._api.get(f"{ROOT}/{place.format(quote(first, safe=''), quote(second, safe=''))}").body
        fetch = self._fetch.get(notice.resource)
        if fetch is None:
            raise ConfigurationError(f"{notice.resource} is not read at the shop")
        return fetch(notice.key)

    def page(self, resource: str, since: datetime, until: datetime, after: str = "") -> Page:
        """See `Reader.page`."""
        listed = self._pages.get(resource)
        if listed is None:
            raise ConfigurationError(f"{resource} is not listed at the shop")
        path, query = listed(since, until)
        # A cursor stands for the whole query: the shop refuses it together with another.
        reply = self._api.get(ROOT + path, {"limit": _A_PAGE, **({"page_info": after} if after else query)})
        if reply.gone and resource == "payout":
            return Page(b'{"payouts":[]}')  # a shop without Shopify Payments
        return Page(reply.listed or b"{}", _next(reply))

    def _order(self, key: str) -> bytes:
        """An order with its transactions, which stand in no order by themselves."""
        place = f"{ROOT}/orders/{quote(key, safe='')}"
        order = self._api.get(f"{place}.json").body
        if not order:
            return b""
        transactions = self._api.get(f"{place}/transactions.json").body
        content = _object(order, "order")
        content["transactions"] = answer_of(transactions).get("transactions") or [] if transactions else []
        return to_json({"order": content})

    def _refund(self, key: str) -> bytes:
        """A refund with what only its order says: whether prices hold the tax, and the currency of the shop."""
        order, _, number = key.partition("/")
        place = f"{ROOT}/orders/{quote(order, safe='')}"
        refund = self._api.get(f"{place}/refunds/{quote(number, safe='')}.json").body
        if not refund:
            return b""
        said = self._api.get(f"{place}.json", {"fields": "id,currency,taxes_included"}).body
        known = _object(said, "order") if said else {}
        content = _object(refund, "refund")
        content |= {name: known[name] for name in ("currency", "taxes_included") if name in known}
        return to_json({"refund": content})

    def _return(self, key: str) -> bytes:
        asked = to_json({"query": RETURN, "variables": {"id": f"gid://shopify/Return/{key}"}})
        reply = self._api.call("POST", f"{ROOT}/graphql.json", asked, {"content-type": "application/json"})
        data = data_of(Response(reply.status, reply.body, reply.headers), changes_something=False)
        return to_json({"data": data}) if data.get("return") else b""


def _orders(since: datetime, until: datetime) -> tuple[str, dict[str, Any]]:
    path, query = _changed("/orders.json")(since, until)
    return path, {**query, "status": "any", "order": "updated_at asc"}


def _changed(path: str) -> Callable[[datetime, datetime], tuple[str, dict[str, Any]]]:
    def listed(since: datetime, until: datetime) -> tuple[str, dict[str, Any]]:
        return path, {"updated_at_min": _time(since), "updated_at_max": _time(until)}

    return listed


def _payouts(since: datetime, until: datetime) -> tuple[str, dict[str, Any]]:
    """Payouts have days, and no time of their last change."""
    days = {"date_min": since.astimezone(UTC).date().isoformat(), "date_max": until.astimezone(UTC).date().isoformat()}
    return "/shopify_payments/payouts.json", days


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _next(reply: Reply) -> str:
    """The cursor of the next page, from the `Link` header (shopify.dev, *Paginate results with REST*)."""
    found = _NEXT.search(reply.headers.get("link", ""))
    return parse_qs(urlsplit(found[1]).query).get("page_info", [""])[0] if found else ""


def _object(body: bytes, name: str) -> dict[str, Any]:
    content = answer_of(body).get(name)
    if not isinstance(content, dict):
        raise EndpointUnavailable(f"the shop answered without {name}")
    return content
