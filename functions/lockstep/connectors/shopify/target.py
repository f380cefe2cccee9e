"""The shop as a target of state: available-to-sell quantities."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from lockstep.connectors.shopify import translate
from lockstep.connectors.shopify.client import AdminClient
from lockstep.connectors.shopify.connection import Connection
from lockstep.connectors.shopify.documents import AVAILABLE_AT, SET_QUANTITIES
from lockstep.connectors.shopify.manifest import OUTBOUND
from lockstep.connectors.shopify.outcomes import outcomes
from lockstep.connectors.shopify.transport import HttpSend, Send
from lockstep.messaging.outbound import StateChange, StateKey, StateOutcome
from lockstep.messaging.references import Reference


class ShopifyStock:
    """Shows available-to-sell in one shop; a `StateTarget`."""

    def __init__(self, account: str, client: AdminClient) -> None:
        """Args:
        account: As in `shopify.main`; the system its references are looked up in.
        client: Speaks to the shop.
        """
        self._account = account
        self._client = client

    @classmethod
    def connect(
        cls, account: str, secret: Mapping[str, Any], *, allowed_hosts: Iterable[str] = (), send: Send | None = None
    ) -> Self:
        """For one account; no connection is opened before the first call.

        Args:
            account: As in `shopify.main`.
            secret: The account's secret: `base_url` and `token`.
            allowed_hosts: Hosts it may name beyond the manifest's.
            send: Carries the requests; over HTTP unless given.

        Raises:
            ConfigurationError: The secret is incomplete, or names a host that nobody allowed.
        """
        connection = Connection.of(secret, allowed_hosts)
        return cls(account, AdminClient(connection, send or HttpSend(OUTBOUND.call_timeout, connections=1)))

    def references(self, key: StateKey) -> Sequence[Reference]:
        """The inventory item and the location."""
        return (translate.item_reference(key, self._account), translate.location_reference(key, self._account))

    def push(self, changes: Sequence[StateChange], *, idempotency_key: str) -> Sequence[StateOutcome]:
        """Set them all in one call; see `StateTarget.push`.

        The shop sets all quantities of a call or none: if it refuses some, the others come back to be pushed again.

        Raises:
            ValueError: There are more than the vendor takes in one call, or the key is blank.
            UnexpectedAnswer: A defect: the shop refuses the form of the request.
            RateLimited, EndpointUnavailable, OutcomeUnknown, ConfigurationError: Nothing is known of any of them.
        """
        if len(changes) > OUTBOUND.batch_size:
            raise ValueError(f"{len(changes)} quantities in one call; the shop takes {OUTBOUND.batch_size}")
        if not idempotency_key.strip():
            raise ValueError("the idempotency key is blank")
        result = [StateOutcome(error=translate.unusable(change, self._account)) for change in changes]
        sendable = [at for at, outcome in enumerate(result) if outcome.error is None]
        if sendable:
            sent = [changes[at] for at in sendable]
            variables = translate.set_quantities(sent, self._account, idempotency_key)
            data = self._client.mutate(SET_QUANTITIES, variables)
            for at, outcome in zip(sendable, outcomes(sent, self._account, data), strict=True):
                result[at] = outcome
        return result

    def read(self, changes: Sequence[StateChange]) -> Sequence[int | None]:
        """What the shop shows now, in order; None where it knows no quantity.

        Raises:
            UnexpectedAnswer: A defect: the shop refuses the form of the request.
            RateLimited, EndpointUnavailable, EndpointTimeout, ConfigurationError: It cannot be read.
        """
        result: list[int | None] = [None] * len(changes)
        for location, wanted in translate.readings(changes, self._account).items():
            for start in range(0, len(wanted), translate.READ_BATCH):
                part = wanted[start : start + translate.READ_BATCH]
                items = list(dict.fromkeys(item for _, item in part))
                shown = translate.available(self._client.query(AVAILABLE_AT, {"items": items, "location": location}))
                for at, item in part:
                    result[at] = shown.get(item)
        return result
