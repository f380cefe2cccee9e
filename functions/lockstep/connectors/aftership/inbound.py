"""System API of the AfterShip connector: the Lambda behind its route."""

from zoneinfo import ZoneInfo

from lockstep.connectors.aftership.connector import AftershipConnector
from lockstep.connectors.aftership.manifest import MANIFEST
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.settings import AccountSettings


def connector(account: AccountSettings) -> AftershipConnector:
    """The connector for one account."""
    return AftershipConnector(zone=ZoneInfo(account.time_zone))


handler = inbound_handler(MANIFEST, connector)
