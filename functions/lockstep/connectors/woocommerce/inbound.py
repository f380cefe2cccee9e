"""System API of the WooCommerce connector: the Lambda behind its route."""

from zoneinfo import ZoneInfo

from lockstep.connectors.woocommerce.connector import WoocommerceConnector
from lockstep.connectors.woocommerce.manifest import MANIFEST
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.settings import AccountSettings


def connector(account: AccountSettings) -> WoocommerceConnector:
    """The connector for one account's shop."""
    return WoocommerceConnector(currency=account.currency, zone=ZoneInfo(account.time_zone))


handler = inbound_handler(MANIFEST, connector)
