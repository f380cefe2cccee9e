"""Reads at Stripe: what events only name, and lists for catching up and for history.

API reference: objects are `GET /v1/<objects>/{id}`; lists are newest first, go on after the id of their last element
(`starting_after`), and are limited to a window of seconds by `created`. We want the oldest first, so a window with more
than one page is read in slices of time, each no longer than a page. No API version is asked for: the account's own
counts, as for its webhooks.
"""

from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Any, Final
from urllib.parse import quote

from pydantic_core import to_json

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.stripe.manifest import MANIFEST
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable
from lockstep.messaging.inbound import Page
from lockstep.messaging.specs import Inbound
from lockstep.runtime.reading import Statuses, VendorApi, answer_of, token_of
from lockstep.runtime.settings import AccountSettings

STATUSES: Final[Statuses] = {
    409: EndpointUnavailable,  # another call holds a lock
    424: EndpointUnavailable,  # something that Stripe depends on
}
"""What Stripe's statuses mean, where they do not mean what they mean everywhere (API reference: errors)."""

_PATHS: Final = {
    "charge": "/v1/charges",
    "payment_intent": "/v1/payment_intents",
    "refund": "/v1/refunds",
    "dispute": "/v1/disputes",
    "payout": "/v1/payouts",
    "checkout_session": "/v1/checkout/sessions",
    "invoice": "/v1/invoices",
    "product": "/v1/products",
    "price": "/v1/prices",
    "customer": "/v1/customers",
    "event": "/v1/events",
}
_EXPANDED: Final = {"charge": ("payment_intent", "balance_transaction"), "refund": ("charge",)}
"""What is read along with it: how the charge was to be captured, and what is kept of it."""
_AT_ONCE: Final = 100


class StripeReader:
    """One account, read."""

    def __init__(self, api: VendorApi) -> None:
        """Args:
        api: Speaks to Stripe.
        """
        self._api = api

    def fetch(self, notice: ResourceNotice) -> bytes:
        """See `Reader.fetch`. The key of a connected account's resource begins with that account."""
        account, _, identity = notice.key.rpartition("/")
        headers = {"stripe-account": account} if account else {}
        if notice.resource == "refunds_of_charge":
            listed = self._all("/v1/refunds", {"charge": identity}, headers)
            return b"" if listed is None else to_json({"object": "list", "data": listed})
        path = f"{self._path(notice.resource)}/{quote(identity, safe='')}"
        query = {f"expand[{place}]": name for place, name in enumerate(_EXPANDED.get(notice.resource, ()))}
        body = self._api.get(path, query, headers).body
        if not body or notice.resource != "payout":
            return body
        moved = self._all("/v1/balance_transactions", {"payout": identity}, headers)
        return to_json({"payout": answer_of(body), "balance_transactions": moved or []})

    def page(self, resource: str, since: datetime, until: datetime, after: str = "") -> Page:
        """See `Reader.page`. Objects are listed by when they were made; a page is a slice of the window.

        `after` is where the next slice begins, and how long this one was: `<seconds>/<seconds>`.
        """
        path = self._path(resource)
        expand = {f"expand[{place}]": f"data.{name}" for place, name in enumerate(_EXPANDED.get(resource, ()))}
        latest = ceil(until.timestamp())
        said, _, length = after.partition("/")
        begin = int(said) if said else int(since.timestamp())
        end = min(latest, begin + 2 * int(length)) if length else latest
        while True:
            query = {"created[gte]": begin, "created[lt]": end, **expand}
            body = self._api.get(path, {**query, "limit": _AT_ONCE}).listed or b"{}"
            if not answer_of(body).get("has_more"):
                break
            if end - begin <= 1:  # more than a page in one second
                body = to_json({"object": "list", "data": self._all(path, query, {}) or []})
                break
            end = begin + (end - begin) // 2
        return Page(body, f"{end}/{end - begin}" if end < latest else "")

    def _path(self, resource: str) -> str:
        if resource not in _PATHS:
            raise ConfigurationError(f"{resource} is not read at Stripe")
        return _PATHS[resource]

    def _all(self, path: str, query: Mapping[str, Any], headers: Mapping[str, str]) -> list[Any] | None:
        """A whole list; None where it is not there."""
        found: list[Any] = []
        after = ""
        while True:
            asked = {**query, "limit": _AT_ONCE, **({"starting_after": after} if after else {})}
            body = self._api.get(path, asked, headers).body
            if not body:
                return None
            answer = answer_of(body)
            found += answer.get("data") or []
            after = _after(answer)
            if not after:
                return found


def reader(_account: str, connection: Mapping[str, str], settings: AccountSettings) -> StripeReader:
    """The reading side of an account.

    Args:
        connection: The account's secret: `token`, a restricted key that may read what is declared; `base_url`,
            Stripe's own where it is not given.
        settings: Names hosts that the account may have beyond the manifest's.

    Raises:
        ConfigurationError: There is no token, or it would go to a host that nobody allowed.
    """
    token = token_of(connection)
    return StripeReader(
        VendorApi(
            connection.get("base_url") or "https://api.stripe.com",
            allowed=(*_inbound().allowed_hosts, *settings.allowed_hosts),
            headers={"authorization": f"Bearer {token}"},
            statuses=STATUSES,
        )
    )


def _inbound() -> Inbound:
    if MANIFEST.inbound is None:
        raise ValueError("the manifest declares nothing inbound")
    return MANIFEST.inbound


def _after(answer: Mapping[str, Any]) -> str:
    """The id after which a list goes on; empty when it does not."""
    data = answer.get("data")
    last = data[-1] if isinstance(data, list) and data else None
    found = last.get("id") if isinstance(last, dict) and answer.get("has_more") else None
    return found if isinstance(found, str) else ""
