"""Keeps one shop showing what can still be sold: the Lambda behind its queue."""

from collections.abc import Mapping
from typing import Any

from lockstep.canonical.inventory import Position
from lockstep.connectors.shopify.manifest import MANIFEST
from lockstep.connectors.shopify.target import ShopifyStock
from lockstep.runtime.consumers import state_poster_handler
from lockstep.runtime.settings import AccountSettings


def connect(account: str, secret: Mapping[str, str], settings: AccountSettings) -> ShopifyStock:
    """The shop of one account."""
    return ShopifyStock.connect(account, secret, allowed_hosts=settings.allowed_hosts)


def available(record: Mapping[str, Any] | None) -> int:
    """Whole units available to sell at a position; what is measured is shown rounded down."""
    if record is None:
        return 0
    return int(Position.model_validate(record).available_to_sell // 1)


handler = state_poster_handler(MANIFEST, connect, collection="position", value_of=available)
