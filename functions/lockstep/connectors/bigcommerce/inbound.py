"""System API of the BigCommerce connector: the Lambda behind its route."""

from lockstep.connectors.bigcommerce.connector import BigcommerceConnector
from lockstep.connectors.bigcommerce.manifest import MANIFEST
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.settings import AccountSettings


def connector(account: AccountSettings) -> BigcommerceConnector:
    """The connector for one account's store."""
    return BigcommerceConnector(currency=account.currency)


handler = inbound_handler(MANIFEST, connector)
