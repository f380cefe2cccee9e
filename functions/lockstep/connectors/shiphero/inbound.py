"""System API of the ShipHero connector: the Lambda behind its route."""

from zoneinfo import ZoneInfo

from lockstep.connectors.shiphero.connector import ShipheroConnector
from lockstep.connectors.shiphero.manifest import MANIFEST
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.settings import AccountSettings


def connector(account: AccountSettings) -> ShipheroConnector:
    """The connector for one account."""
    return ShipheroConnector(zone=ZoneInfo(account.time_zone))


handler = inbound_handler(MANIFEST, connector)
