"""Where a change meets real AWS first: the vendors' test accounts, and nothing in it that must survive."""

from infra.environments.model import Account, Environment
from lockstep.messaging.specs import Role

ENVIRONMENT = Environment(
    name="dev",
    region="eu-central-1",
    accounts={
        "poslog.main": Account(currency="EUR", time_zone="Europe/Berlin"),
        "shopify.main": Account(takes_tests=True),
        "tryton.main": Account(allowed_hosts=("erp.dev.example.com",)),
    },
    roles={Role.SHOP: ("shopify.main",), Role.ERP: ("tryton.main",)},
    protected=False,
    log_retention_days=7,
    archive_days=3,
    claims_days=90,
)
