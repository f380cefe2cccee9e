"""The laptop: the whole platform on the embedded AWS, with simulated neighbours on loopback."""

from infra import registry
from infra.environments.model import Account, Environment
from lockstep.messaging.specs import Role

_LOOPBACK = ("127.0.0.1", "localhost")
_HOST = "https://webhooks.example.com"
"""Where vendors would call: the embedded AWS is reached by another address, and does not tell its functions which."""


def _door(system: str) -> Account:
    """An account of a connector that receives, so that its samples can be sent."""
    return Account(currency="USD", allowed_hosts=_LOOPBACK, notification_url=f"{_HOST}/webhooks/{system}/main")


ENVIRONMENT = Environment(
    name="local",
    region="us-east-1",
    aws_account="000000000000",
    accounts={
        **{f"{system}.main": _door(system) for system, known in registry.connectors().items() if known.inbound},
        "shopify.main": _door("shopify"),
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
