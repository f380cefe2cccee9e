"""`lockstep backfill`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from cli.confirm import ByOption, YesOption, confirm, who
from cli.environment import Deployed
from cli.errors import CommandFailed, Exit
from cli.output import moment, notes, print_json, results, told
from cli.session import EnvironmentOption, JsonOption, session_of
from infra import environments, registry
from infra.environments import EnvironmentInvalid
from lockstep.messaging.catching_up import Lists, Progress
from lockstep.messaging.errors import RateLimited, TransientEndpointError
from lockstep.messaging.specs import Inbound
from lockstep.operations.actions import Action, note_action
from lockstep.runtime.secrets import connection_of
from lockstep.runtime.settings import AccountSettings

_TRIES: Final = 5
_PATIENCE: Final = timedelta(seconds=10)
_FORMATS: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


def backfill(
    context: typer.Context,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="As in shopify.main.")],
    resource: Annotated[str, typer.Argument(metavar="RESOURCE", help="As `lockstep connectors` lists it.")],
    *,
    since: Annotated[datetime, typer.Option("--from", formats=_FORMATS, help="UTC; what changed then or later.")],
    until: Annotated[
        datetime | None, typer.Option("--to", formats=_FORMATS, help="UTC; what changed before then.  [default: now]")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="From its beginning, also where the window was read before.")
    ] = False,
    by: ByOption = None,
    yes: YesOption = False,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a list at a vendor and accept what it says: history, or a window that webhooks missed.

    Each page is accepted as a delivery of its own; what is known already is not accepted twice. A window that was
    broken off goes on where it was: run the same command again. It keeps to the rate that the vendor allows.

    For example:

        lockstep backfill woocommerce.main order --from 2026-11-01 --to 2026-11-08
    """
    del environment, as_json
    session = session_of(context)
    deployed = session.open()
    start, end = _utc(since), _utc(until) if until is not None else deployed.clock.now().replace(microsecond=0)
    if start >= end:
        raise CommandFailed("The window ends before it begins.", code=Exit.USAGE)
    inbound = _listed(deployed, account, resource)
    confirm(f"Read {resource} of {account}, {moment(start)} to {moment(end)}, into {deployed.name}?", yes=yes)
    lists = _lists(deployed, account, inbound)
    done = _read(deployed, lists, resource, start, end, anew=anew)
    window = f"{resource} {start.isoformat()} to {end.isoformat()}"
    result = f"{done.pages} pages: {done.accepted} events new, {done.known} known, {done.unreadable} pages unreadable"
    action = Action(deployed.clock.now(), who(by), "backfill", f"{account} {window}", result=result)
    note_action(deployed.ledger, deployed.random, action)
    if session.json:
        print_json(done)
    else:
        results().print(told(f"{account}, {window}: {result}."))
    raise typer.Exit(Exit.FINDING if done.unreadable else Exit.OK)


def _read(deployed: Deployed, lists: Lists, resource: str, since: datetime, until: datetime, *, anew: bool) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    latest = Progress(since, until)
    tries = 0
    with Bar(*columns, console=notes(), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        while not latest.done:
            try:
                for latest in lists.history(resource, since, until, anew=anew):
                    anew, tries = False, 0
                    bar.update(task, description=f"{latest.pages} pages, {latest.accepted} events new")
            except TransientEndpointError as error:
                tries += 1
                if tries >= _TRIES:
                    raise CommandFailed(
                        f"The vendor does not answer: {error}",
                        then="What was read stands. Run the same command again to go on.",
                    ) from error
                wait = error.retry_after if isinstance(error, RateLimited) and error.retry_after else _PATIENCE * tries
                bar.update(task, description=f"waiting {wait.total_seconds():.0f} s: {error}")
                deployed.pause(wait.total_seconds())
    return latest


def _listed(deployed: Deployed, account: str, resource: str) -> Inbound:
    manifest = deployed.manifests.get(account.partition(".")[0])
    if manifest is None or manifest.inbound is None or account not in deployed.accounts:
        raise CommandFailed(f"Nothing comes in from an account {account!r} in {deployed.name}.", code=Exit.USAGE)
    if resource not in manifest.inbound.pages:
        there = ", ".join(manifest.inbound.pages) or "none"
        raise CommandFailed(
            f"{manifest.title} has no list of {resource!r} to read.", then=f"Lists: {there}.", code=Exit.USAGE
        )
    return manifest.inbound


def _lists(deployed: Deployed, account: str, inbound: Inbound) -> Lists:
    system = account.partition(".")[0]
    settings = _settings(deployed.name, account)
    return Lists(
        account,
        registry.reader(system)(account, connection_of(dict(deployed.secret(account))), settings),
        registry.inbound_connector(system)(settings).translate,
        acceptor=deployed.acceptor,
        table=deployed.ledger,
        clock=deployed.clock,
        reads_per_second=inbound.reads_per_second,
    )


def _settings(environment: str, account: str) -> AccountSettings:
    """What the environment says of an account, as its functions are told."""
    try:
        known = environments.load(environment).accounts[account]
    except (EnvironmentInvalid, KeyError) as error:
        raise CommandFailed(f"This checkout does not know the account {account!r} of {environment}.") from error
    return known.told(secret=account)


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
