"""System API of the Adobe Commerce connector: the Lambda behind its route."""

from lockstep.connectors.adobe_commerce.connector import AdobeCommerceConnector
from lockstep.connectors.adobe_commerce.manifest import MANIFEST
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.settings import AccountSettings


def connector(account: AccountSettings) -> AdobeCommerceConnector:
    """The connector for one account's shop."""
    return AdobeCommerceConnector(currency=account.currency)


handler = inbound_handler(MANIFEST, connector)
