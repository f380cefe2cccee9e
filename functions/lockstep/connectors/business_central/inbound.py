"""System API of the Business Central connector: the Lambda behind its route."""

from zoneinfo import ZoneInfo

from lockstep.connectors.business_central.connector import BusinessCentralConnector
from lockstep.connectors.business_central.manifest import MANIFEST
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.settings import AccountSettings


def connector(account: AccountSettings) -> BusinessCentralConnector:
    """The connector for one account."""
    return BusinessCentralConnector(currency=account.currency, zone=ZoneInfo(account.time_zone))


handler = inbound_handler(MANIFEST, connector)
