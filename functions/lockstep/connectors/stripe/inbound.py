"""System API of the Stripe connector: the Lambda behind its route."""

from lockstep.connectors.stripe.connector import StripeConnector
from lockstep.connectors.stripe.manifest import MANIFEST
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.settings import AccountSettings


def connector(account: AccountSettings) -> StripeConnector:
    """The connector for one account."""
    return StripeConnector(takes_tests=account.takes_tests)


handler = inbound_handler(MANIFEST, connector)
