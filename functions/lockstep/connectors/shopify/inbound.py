"""System API of the Shopify connector: the Lambda behind its route and its partner bus."""

from lockstep.connectors.shopify.connector import ShopifyConnector
from lockstep.connectors.shopify.manifest import MANIFEST
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.settings import AccountSettings


def connector(account: AccountSettings) -> ShopifyConnector:
    """The connector for one shop."""
    return ShopifyConnector(currency=account.currency, takes_tests=account.takes_tests)


handler = inbound_handler(MANIFEST, connector)
