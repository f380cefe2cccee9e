"""System API of the Lightspeed connector: the Lambda behind its route."""

from zoneinfo import ZoneInfo

from lockstep.connectors.lightspeed_x.connector import LightspeedConnector
from lockstep.connectors.lightspeed_x.manifest import MANIFEST
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.settings import AccountSettings


def connector(account: AccountSettings) -> LightspeedConnector:
    """The connector for one account."""
    return LightspeedConnector(currency=account.currency, zone=ZoneInfo(account.time_zone))


handler = inbound_handler(MANIFEST, connector)
