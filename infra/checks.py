"""What is checked of an environment's configuration before anything is synthesized from it."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from infra.environments import Environment, EnvironmentInvalid
from infra.environments.model import Account
from lockstep.canonical.money import EXPONENTS
from lockstep.messaging.maintenance import LONGEST
from lockstep.messaging.specs import ConnectorManifest, Role, WorkflowSpec
from lockstep.messaging.topics import resources

_ENVIRONMENT_NAME = re.compile(r"[a-z][a-z0-9]{1,15}")
_ACCOUNT_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9-]*")
_CONSUMER_ID = re.compile(r"[a-z][a-z0-9_]*")
_HOST = re.compile(r"\.?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_LOG_RETENTIONS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)
_PRODUCTION_LOG_DAYS = 90
_SMALLEST_CLAIMS_DAYS = 30
_LONGEST_CALL = timedelta(minutes=3)
"""A poster makes several calls a run, and Lambda stops it after 15 minutes."""


def check(
    environment: Environment,
    connectors: Mapping[str, ConnectorManifest],
    workflows: Mapping[str, WorkflowSpec],
) -> None:
    """Check an environment against every connector and workflow there is.

    Raises:
        EnvironmentInvalid: It cannot run as configured. Names every problem found.
    """
    specs = tuple(spec for spec in workflows.values() if spec.consumer not in environment.workflows_off)
    problems = [
        *_setting_problems(environment),
        *_production_problems(environment),
        *_account_problems(environment, connectors),
        *(
            problem
            for role, accounts in environment.roles.items()
            for account in accounts
            for problem in _binding_problems(environment, connectors, role, account)
        ),
        *_service_problems(environment, connectors, specs),
        *_workflow_problems(environment, workflows),
    ]
    if problems:
        raise EnvironmentInvalid(environment.name, problems)


def system_of(account: str) -> str:
    """The connector of an account: `poslog` of `poslog.main`."""
    return account.partition(".")[0]


def _setting_problems(environment: Environment) -> Iterator[str]:
    if not _ENVIRONMENT_NAME.fullmatch(environment.name):
        yield "its name must be 2 to 16 lower-case letters and digits, the first a letter"
    if environment.aws_account is not None and not re.fullmatch(r"\d{12}", environment.aws_account):
        yield f"aws_account {environment.aws_account!r} is not 12 digits"
    if environment.log_retention_days not in _LOG_RETENTIONS:
        yield f"log_retention_days {environment.log_retention_days} is not a retention that CloudWatch Logs knows"
    if environment.claims_days < _SMALLEST_CLAIMS_DAYS:
        yield f"claims_days must be at least {_SMALLEST_CLAIMS_DAYS}: an event may wait that long for its repair"
    for name in ("archive_days", "max_receives", "workflow_concurrency", "rings_at_once"):
        if getattr(environment, name) < 1:
            yield f"{name} must be at least 1"
    if environment.workflow_concurrency < 2:  # noqa: PLR2004  # Lambda's own minimum for a queue
        yield "workflow_concurrency must be at least 2, the least that Lambda accepts for a queue"


def _production_problems(environment: Environment) -> Iterator[str]:
    if environment.name == "prod":
        if not environment.protected:
            yield "prod must be protected"
        if environment.log_retention_days < _PRODUCTION_LOG_DAYS:
            yield f"prod must keep logs for {_PRODUCTION_LOG_DAYS} days at least"
        if not environment.alarm_email:
            yield "prod must name an alarm_email: its alarms would be heard by nobody"
    if environment.loopback_hosts and environment.protected:
        yield "loopback hosts are for an unprotected environment on one machine"


def _account_problems(environment: Environment, connectors: Mapping[str, ConnectorManifest]) -> Iterator[str]:
    bound = {account for accounts in environment.roles.values() for account in accounts}
    for account, settings in environment.accounts.items():
        if not _ACCOUNT_NAME.fullmatch(account):
            yield f"account {account!r} is not `<connector>.<name>` in lower case"
            continue
        manifest = connectors.get(system_of(account))
        if manifest is None:
            yield f"account {account!r}: there is no connector {system_of(account)!r} ({_listed(connectors)})"
            continue
        if manifest.inbound is None and account not in bound:
            yield f"account {account!r} is bound to no role, and its connector receives nothing: it would do nothing"
        if settings.currency is not None and settings.currency not in EXPONENTS:
            yield f"account {account!r}: {settings.currency!r} is no currency of ISO 4217"
        if not _is_time_zone(settings.time_zone):
            yield f"account {account!r}: {settings.time_zone!r} is no time zone of the IANA database"
        yield from _maintenance_problems(account, settings, delivers=account in bound)
        yield from _host_problems(environment, account, settings)
        yield from _door_problems(account, settings, manifest)
        if account in bound and manifest.outbound and not (manifest.outbound.allowed_hosts or settings.allowed_hosts):
            yield f"account {account!r}: neither its connector nor allowed_hosts says which host it may call"
        inbound = manifest.inbound
        if inbound and resources(inbound) and not (inbound.allowed_hosts or settings.allowed_hosts):
            yield f"account {account!r}: neither its connector nor allowed_hosts says which host it may read at"


def _door_problems(account: str, settings: Account, manifest: ConnectorManifest) -> Iterator[str]:
    inbound = manifest.inbound
    if settings.notification_url is not None and not settings.notification_url.startswith("https://"):
        yield f"account {account!r}: notification_url is not an https address"
    if settings.event_source is not None and not (
        inbound and inbound.partner_bus and settings.event_source.startswith(inbound.partner_bus)
    ):
        wanted = f"one beginning with {inbound.partner_bus!r}" if inbound and inbound.partner_bus else "none"
        yield f"account {account!r}: its connector takes {wanted} for an event_source, not {settings.event_source!r}"


def _maintenance_problems(account: str, settings: Account, *, delivers: bool) -> Iterator[str]:
    if settings.maintenance and not delivers:
        yield f"account {account!r} has maintenance windows and is bound to no role: nothing is delivered to it"
    for window in settings.maintenance:
        if not window.weekdays:
            yield f"account {account!r}: a maintenance window on no weekday"
        if not timedelta(0) < window.lasts <= LONGEST:
            yield f"account {account!r}: a maintenance window of {window.lasts} (up to {LONGEST}; pause it for longer)"
        if window.start.tzinfo is not None:
            yield f"account {account!r}: a maintenance window starts at a local time; its zone is its time_zone"
        if not _is_time_zone(window.time_zone):
            yield f"account {account!r}: {window.time_zone!r} is no time zone of the IANA database"


def _host_problems(environment: Environment, account: str, settings: Account) -> Iterator[str]:
    for host in settings.allowed_hosts:
        if not _HOST.fullmatch(host):
            yield f"account {account!r}: {host!r} is not a host name (no scheme, port or path)"
        elif _is_loopback(host) and not environment.loopback_hosts:
            yield f"account {account!r}: {host!r} is a host of the machine itself, and loopback_hosts is off"


def _binding_problems(
    environment: Environment, connectors: Mapping[str, ConnectorManifest], role: Role, account: str
) -> Iterator[str]:
    if account not in environment.accounts:
        yield f"role {role.value!r} is bound to {account!r}, which is not among its accounts"
        return
    manifest = connectors.get(system_of(account))
    if manifest is None:
        return  # the account itself is reported
    if manifest.outbound is None or manifest.outbound.role is not role:
        plays = f"plays {manifest.outbound.role.value!r}" if manifest.outbound else "delivers nothing"
        yield f"role {role.value!r} is bound to {account!r}, whose connector {plays}"
    elif manifest.outbound.call_timeout > _LONGEST_CALL:
        yield f"account {account!r}: a call of {manifest.outbound.call_timeout} is too long for a function"


def _service_problems(
    environment: Environment, connectors: Mapping[str, ConnectorManifest], specs: Iterable[WorkflowSpec]
) -> Iterator[str]:
    for spec in specs:
        accounts = environment.roles.get(spec.role, ())
        if not accounts:
            yield f"workflow {spec.consumer!r} serves role {spec.role.value!r}, to which no account is bound"
        for account in accounts:
            manifest = connectors.get(system_of(account))
            outbound = manifest.outbound if manifest else None
            if outbound is not None and outbound.delivery is not spec.delivery:
                yield (
                    f"workflow {spec.consumer!r} delivers {spec.delivery.value}, "
                    f"and {account!r} takes {outbound.delivery.value}"
                )


def _workflow_problems(environment: Environment, workflows: Mapping[str, WorkflowSpec]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for folder, spec in workflows.items():
        if not _CONSUMER_ID.fullmatch(spec.consumer):
            yield f"workflows/{folder}: consumer {spec.consumer!r} is not lower-case letters, digits and underscores"
        if spec.consumer in seen:
            yield f"workflows/{folder} and workflows/{seen[spec.consumer]} are both consumer {spec.consumer!r}"
        seen[spec.consumer] = folder
    for consumer in sorted(environment.workflows_off - seen.keys()):
        yield f"workflows_off names {consumer!r}, and there is no such workflow ({_listed(seen)})"


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listed(names: Iterable[str]) -> str:
    return f"there are {', '.join(sorted(names))}"
