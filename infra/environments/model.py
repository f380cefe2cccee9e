"""What an environment decides: which accounts there are, what they are bound to, and how much is at stake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lockstep.messaging.maintenance import MaintenanceWindow
from lockstep.messaging.specs import Role
from lockstep.runtime.settings import AccountSettings


class EnvironmentInvalid(ValueError):
    """An environment's configuration cannot be deployed. Names everything that is wrong with it, not the first."""

    def __init__(self, environment: str, problems: Sequence[str]) -> None:
        self.environment = environment
        self.problems = tuple(problems)
        super().__init__(f"environment {environment!r}: " + "; ".join(self.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account of a connected system; its secret is `lockstep/<environment>/<account>`."""

    allowed_hosts: tuple[str, ...] = ()
    """Hosts its secret's `base_url` may name beyond the manifest's; a leading dot allows subdomains."""
    currency: str | None = None
    """ISO 4217 code for messages that name none."""
    time_zone: str = "UTC"
    """IANA name, for times that are written without an offset."""
    maintenance: tuple[MaintenanceWindow, ...] = ()
    """When nothing is delivered to it, every week."""
    notification_url: str | None = None
    """The address registered with a vendor that signs it. None: the API's own, as it is called."""
    event_source: str | None = None
    """Name of the vendor's event source on the cloud's partner bus, where it delivers that way."""
    takes_tests: bool = False
    """What the vendor marks as a test is taken like any other: for accounts that hold nothing else, as a development
    shop does. Never where books are real."""

    def told(self, secret: str) -> AccountSettings:
        """What its functions, and whoever does their work by hand, are told of it.

        Args:
            secret: Name or ARN in Secrets Manager.
        """
        return AccountSettings(
            secret=secret,
            allowed_hosts=self.allowed_hosts,
            currency=self.currency,
            time_zone=self.time_zone,
            notification_url=self.notification_url,
            event_source=self.event_source,
            takes_tests=self.takes_tests,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """What the API lets through on a route that sets nothing of its own."""

    requests_per_second: int = 50
    burst: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmThroughput:
    """What the ledger can take from its first second, in units a second. A new table starts at 4,000 writes."""

    reads: int = 12_000
    writes: int = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One deployment of Lockstep. Data only; `infra.plan` checks it against the connectors and workflows."""

    name: str
    region: str
    aws_account: str | None = None
    """12 digits. None: the account of whoever deploys (CDK_DEFAULT_ACCOUNT, or `-c account=`)."""
    accounts: Mapping[str, Account]
    """Connector accounts by name, `<connector>.<account>`. A connector is enabled by having an account here."""
    roles: Mapping[Role, tuple[str, ...]]
    """The accounts that play each role a workflow serves."""
    workflows_off: frozenset[str] = frozenset()
    """Workflows that do not run here, by consumer id."""

    protected: bool = True
    """State survives the stack: deletion protection, and nothing that holds data is removed with it."""
    loopback_hosts: bool = False
    """Accounts may name hosts of this machine: for the laptop only."""
    log_retention_days: int = 30
    """A value CloudWatch Logs knows."""
    archive_days: int = 14
    """How far back the bus can be replayed."""
    claims_days: int = 400
    """How long bodies too large for the ledger are kept. Longer than anything may wait, replays included."""

    alarm_email: str | None = None
    """Told of every alarm, after confirming the subscription. Personal: prefer a list address."""
    throttle: Throttle = field(default_factory=Throttle)
    warm_ledger: WarmThroughput | None = None
    max_receives: int = 5
    """Failed receives of a bell before it goes to the dead-letter queue."""
    ticket_queue: bool = False
    """Business exceptions go to a queue, from which a ticket system takes them. Without one its alarm would go off."""
    workflow_concurrency: int = 10
    """Instances of one workflow at once. Different lanes are independent; one lane never has two."""
    reserved_concurrency: Mapping[str, int] = field(default_factory=dict)
    """Instances kept for one function, by service name (`inbound.poslog`, a consumer id, `relay`, `sweep`)."""
    rings_at_once: int = 500
    """Lanes that one sweep wakes at most."""
    snap_start: bool = False
    """Restore functions from a snapshot: faster cold starts, about 2 USD a month per function and per-restore cost."""
