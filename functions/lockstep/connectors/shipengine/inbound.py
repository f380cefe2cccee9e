"""System API of the ShipEngine connector: the Lambda behind its route."""

from zoneinfo import ZoneInfo

from lockstep.connectors.shipengine.connector import ShipengineConnector
from lockstep.connectors.shipengine.manifest import MANIFEST
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.settings import AccountSettings


def connector(account: AccountSettings) -> ShipengineConnector:
    """The connector for one account."""
    return ShipengineConnector(zone=ZoneInfo(account.time_zone))


handler = inbound_handler(MANIFEST, connector)
