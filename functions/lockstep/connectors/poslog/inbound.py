"""System API of the POSLog connector: the Lambda behind its route."""

from zoneinfo import ZoneInfo

from lockstep.connectors.poslog.connector import PoslogConnector
from lockstep.connectors.poslog.manifest import MANIFEST
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.settings import AccountSettings


def connector(account: AccountSettings) -> PoslogConnector:
    """The connector for one account's tills."""
    return PoslogConnector(default_currency=account.currency, zone=ZoneInfo(account.time_zone))


handler = inbound_handler(MANIFEST, connector)
