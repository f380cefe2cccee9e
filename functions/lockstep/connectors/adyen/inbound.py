"""System API of the Adyen connector: the Lambda behind its route."""

from lockstep.connectors.adyen.connector import AdyenConnector
from lockstep.connectors.adyen.manifest import MANIFEST
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.settings import AccountSettings


def connector(_account: AccountSettings) -> AdyenConnector:
    """The connector for one account; nothing about it depends on which."""
    return AdyenConnector()


handler = inbound_handler(MANIFEST, connector)
