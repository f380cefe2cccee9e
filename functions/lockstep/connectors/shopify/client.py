"""Speaks to one shop's Admin API: to deliver (`AdminClient`), and to read what messages only name (`reader`)."""

import json
from collections.abc import Mapping
from typing import Any

from lockstep.connectors.shopify.answers import data_of
from lockstep.connectors.shopify.connection import Connection
from lockstep.connectors.shopify.manifest import INBOUND
from lockstep.connectors.shopify.reading import STATUSES, ShopReader
from lockstep.connectors.shopify.transport import NoAnswer, NotSent, Send, TimedOut
from lockstep.messaging.errors import EndpointTimeout, EndpointUnavailable, OutcomeUnknown
from lockstep.runtime.reading import VendorApi, token_of
from lockstep.runtime.settings import AccountSettings


class AdminClient:
    """One shop's Admin API. Retries nothing: when to try again is for the core to say."""

    def __init__(self, connection: Connection, send: Send) -> None:
        """Args:
        connection: Where, and with what.
        send: Carries the request.
        """
        self._connection = connection
        self._send = send

    def query(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Read; answers with `data`.

        Raises:
            EndpointUnavailable, EndpointTimeout, RateLimited, ConfigurationError, UnexpectedAnswer
        """
        return self._call(document, variables, changes_something=False)

    def mutate(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Change; answers with `data`.

        Raises:
            OutcomeUnknown: It was sent and no usable answer came.
            EndpointUnavailable: It was not sent.
            RateLimited, ConfigurationError, UnexpectedAnswer: Nothing was changed.
        """
        return self._call(document, variables, changes_something=True)

    def _call(self, document: str, variables: Mapping[str, Any], *, changes_something: bool) -> dict[str, Any]:
        body = json.dumps({"query": document, "variables": variables}, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-Shopify-Access-Token": self._connection.token,
        }
        try:
            response = self._send(self._connection.endpoint, body, headers)
        except NotSent as error:
            raise EndpointUnavailable(f"the shop cannot be reached: {error}") from error
        except NoAnswer as error:
            if changes_something:
                raise OutcomeUnknown(f"the shop did not answer: {error}") from error
            if isinstance(error, TimedOut):
                raise EndpointTimeout(f"the shop did not answer in time: {error}") from error
            raise EndpointUnavailable(f"the shop broke the connection: {error}") from error
        return data_of(response, changes_something=changes_something)


def reader(_account: str, connection: Mapping[str, str], settings: AccountSettings) -> ShopReader:
    """The reading side of one shop.

    Args:
        connection: The account's secret: `base_url`, as in `https://lantern.myshopify.com`, and `token`, an Admin API
            access token that may read orders, products, customers, returns, gift cards and payouts.
        settings: Names hosts that the account may have beyond the manifest's.

    Raises:
        ConfigurationError: Something is missing, or the token would go to a host that nobody allowed.
    """
    token = token_of(connection)
    return ShopReader(
        VendorApi(
            connection.get("base_url", ""),
            allowed=(*INBOUND.allowed_hosts, *settings.allowed_hosts),
            headers={"x-shopify-access-token": token},
            statuses=STATUSES,
        )
    )
