"""The rehearsal: set up as production is, bound to the vendors' test accounts."""

from infra.environments.model import Account, Environment
from lockstep.messaging.specs import Role

ENVIRONMENT = Environment(
    name="staging",
    region="eu-central-1",
    accounts={
        "poslog.main": Account(currency="EUR", time_zone="Europe/Berlin"),
        "shopify.main": Account(takes_tests=True),
        "tryton.main": Account(allowed_hosts=("erp.staging.example.com",)),
    },
    roles={Role.SHOP: ("shopify.main",), Role.ERP: ("tryton.main",)},
    log_retention_days=30,
)
