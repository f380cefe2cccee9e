"""Production."""

from infra.environments.model import Account, Environment, WarmThroughput
from lockstep.messaging.specs import Role

ENVIRONMENT = Environment(
    name="prod",
    region="eu-central-1",
    accounts={
        "poslog.main": Account(currency="EUR", time_zone="Europe/Berlin"),
        "shopify.main": Account(),
        "tryton.main": Account(allowed_hosts=("erp.example.com",)),
    },
    roles={Role.SHOP: ("shopify.main",), Role.ERP: ("tryton.main",)},
    log_retention_days=365,
    archive_days=30,
    claims_days=730,
    alarm_email="integration-alarms@example.com",
    warm_ledger=WarmThroughput(reads=24_000, writes=12_000),
    ticket_queue=True,
    workflow_concurrency=50,
)
