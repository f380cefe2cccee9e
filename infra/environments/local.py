"""The laptop: the whole platform on the embedded AWS, with simulated neighbours on loopback."""

from infra.environments.model import Account, Environment
from lockstep.messaging.specs import Role

_LOOPBACK = ("127.0.0.1", "localhost")

ENVIRONMENT = Environment(
    name="local",
    region="us-east-1",
    aws_account="000000000000",
    accounts={
        "poslog.main": Account(currency="USD"),
        "shopify.main": Account(allowed_hosts=_LOOPBACK),
        "tryton.main": Account(allowed_hosts=_LOOPBACK),
    },
    roles={Role.SHOP: ("shopify.main",), Role.ERP: ("tryton.main",)},
    protected=False,
    loopback_hosts=True,
    log_retention_days=1,
    archive_days=1,
    claims_days=30,
    ticket_queue=True,
    workflow_concurrency=2,  # each instance of the embedded AWS is a process with its own copy of the bundle
)
