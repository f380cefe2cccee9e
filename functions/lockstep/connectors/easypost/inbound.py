"""System API of the EasyPost connector: the Lambda behind its route."""

from lockstep.connectors.easypost.connector import EasypostConnector
from lockstep.connectors.easypost.manifest import MANIFEST
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.settings import AccountSettings


def connector(account: AccountSettings) -> EasypostConnector:
    """The connector for one account."""
    del account
    return EasypostConnector()


handler = inbound_handler(MANIFEST, connector)
