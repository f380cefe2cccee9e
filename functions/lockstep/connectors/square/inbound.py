"""System API of the Square connector: the Lambda behind its route."""

from zoneinfo import ZoneInfo

from lockstep.connectors.square.connector import SquareConnector
from lockstep.connectors.square.manifest import MANIFEST
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.settings import AccountSettings


def connector(account: AccountSettings) -> SquareConnector:
    """The connector for one seller account."""
    return SquareConnector(zone=ZoneInfo(account.time_zone))


handler = inbound_handler(MANIFEST, connector)
