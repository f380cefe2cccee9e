"""`lockstep exceptions`."""

from dataclasses import dataclass
from typing import Annotated, Final

import typer

from cli.case_view import show_case, show_case_file
from cli.confirm import ByOption, YesOption, confirm, who
from cli.environment import Deployed
from cli.errors import CommandFailed, Exit
from cli.output import notes, print_json, results, table, told
from cli.session import EnvironmentOption, JsonOption, session_of
from lockstep.masterdata.release import release_cases
from lockstep.messaging.skipping import note_in_case
from lockstep.operations.actions import Action, note_action
from lockstep.operations.case_file import read_case_file
from lockstep.operations.cases import Case, read_cases, total_at_stake
from lockstep.operations.exceptions import open_cases
from lockstep.operations.resolving import reassign_case, skip_and_ring

app = typer.Typer(no_args_is_help=True, help="What waits for a person: one case a root cause, whatever waits for it.")
_SEE_THE_LIST: Final = "See `lockstep exceptions list` for the keys."


@app.command("list")
def list_(
    context: typer.Context,
    *,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help="Only of this kind; may be given again.", show_default=False),
    ] = None,
    owner: Annotated[
        list[str] | None,
        typer.Option("--owner", metavar="NAME", help="Only of this owner; may be given again.", show_default=False),
    ] = None,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the open cases, those due first coming first, and how each is repaired.

    Ends with 1 when a case is overdue.

    For example:

        lockstep exceptions list

        lockstep exceptions list --kind unmapped_reference --json
    """
    del environment, as_json
    session = session_of(context)
    deployed = session.open()
    cases = open_cases(deployed.ledger, deployed.clock.now(), kinds=kind or (), owners=owner or ())
    if session.json:
        print_json({"cases": cases})
    elif not cases:
        results().print("No open cases.")
    else:
        _show(cases)
    raise typer.Exit(Exit.FINDING if any(case.overdue for case in cases) else Exit.OK)


def _show(cases: list[Case]) -> None:
    console = results()
    for case in cases:
        show_case(case, console)
    summary = table("open", "overdue", "waiting", right=("open", "overdue", "waiting"))
    waiting_subjects = {(one.stream, one.subject) for case in cases for one in case.waiting}
    summary.add_row(str(len(cases)), str(sum(case.overdue for case in cases)), str(len(waiting_subjects)))
    console.print(summary)


@app.command("show")
def show(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="Key of a case, as the list shows it.", show_default=False)],
    *,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one case, open or resolved: what waits for it, what is at stake, who did what and when, how it is repaired.

    Ends with 1 while it is open.

    For example:

        lockstep exceptions show unmapped_reference/item/poslog.main/09521000000148
    """
    del environment, as_json
    session = session_of(context)
    deployed = session.open()
    found = read_case_file(deployed.ledger, case, deployed.clock.now())
    if found is None:
        raise CommandFailed(f"There is no case {case!r}.", then=_SEE_THE_LIST)
    if session.json:
        print_json(found)
    else:
        show_case_file(found, results())
    raise typer.Exit(Exit.FINDING if found.state == "open" else Exit.OK)


@app.command("resolve")
def resolve(
    context: typer.Context,
    *,
    case: Annotated[list[str], typer.Argument(help="Keys of cases, as the list shows them.", show_default=False)],
    retry: Annotated[
        bool, typer.Option("--retry", help="Its cause is repaired: try what waits again, in order.")
    ] = False,
    skip: Annotated[
        bool, typer.Option("--skip", help="What waits shall have no effect; needs --reason.", show_default=False)
    ] = False,
    reassign: Annotated[
        str | None, typer.Option("--reassign", metavar="OWNER", help="Give it to somebody else.", show_default=False)
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the case.", show_default=False)
    ] = "",
    subject: Annotated[
        str, typer.Option("--subject", metavar="NAME", help="With --skip: only this one.", show_default=False)
    ] = "",
    behind: Annotated[
        bool,
        typer.Option("--behind", help="With --skip: also what waits behind it, as its voids and returns."),
    ] = False,
    by: ByOption = None,
    yes: YesOption = False,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """End cases: try again what waits for them, skip it, or give them to somebody else.

    --retry is for repairs made elsewhere (a period opened again, a record corrected in the target); a missing mapping
    is retried by its import. What still fails comes back as a case.

    --skip is for what shall never be booked, or shown. It is final: the entry stays in the ledger with who skipped it
    and why, and nothing follows from it; what waits behind it in its subject runs now, unless --behind skips that too.
    A return or void of a skipped sale is decided as if the sale had been booked: skip it with --behind.

    For example:

        lockstep exceptions resolve period_closed/tryton.main/2026-10 --retry

        lockstep exceptions resolve unmapped_reference/item/poslog.main/09521000000148 --skip --reason "till test"

        lockstep exceptions resolve document_rejected/tryton.main/R7 --reassign "Tax department"
    """
    del environment, as_json
    if [retry, skip, reassign is not None].count(True) != 1:
        raise CommandFailed("Say one of --retry, --skip and --reassign OWNER.", code=Exit.USAGE)
    if skip and not reason.strip():
        raise CommandFailed("Say why: --skip needs --reason.", code=Exit.USAGE)
    if not skip and (subject or behind):
        raise CommandFailed("--subject and --behind go with --skip.", code=Exit.USAGE)
    session = session_of(context)
    deployed = session.open()
    found = {one.case: one for one in read_cases(deployed.ledger, case, deployed.clock.now())}
    missing = [key for key in case if key not in found]
    if missing:
        raise CommandFailed("Not open: " + ", ".join(missing), then=f"{_SEE_THE_LIST} Nothing was changed.")
    asked = Asked(deployed, tuple(found.values()), who(by), reason)
    if retry:
        _retry(asked, as_json=session.json, yes=yes)
    elif skip:
        _skip(asked, subject, behind=behind, as_json=session.json, yes=yes)
    else:
        _reassign(asked, reassign or "", as_json=session.json, yes=yes)


@dataclass(frozen=True)
class Asked:
    """What a person asked for, of which cases."""

    deployed: Deployed
    cases: tuple[Case, ...]
    by: str
    reason: str

    @property
    def named(self) -> str:
        """The case, or how many."""
        return self.cases[0].case if len(self.cases) == 1 else f"{len(self.cases)} cases"

    def note(self, what: str, result: str) -> None:
        """Keep who did it."""
        for case in self.cases:
            action = Action(self.deployed.clock.now(), self.by, what, case.case, self.reason, result)
            note_action(self.deployed.ledger, self.deployed.random, action)


def _retry(asked: Asked, *, as_json: bool, yes: bool) -> None:
    confirm(f"Try again {sum(case.subjects for case in asked.cases)} that wait for {asked.named}?", yes=yes)
    deployed, keys = asked.deployed, [case.case for case in asked.cases]
    if asked.reason:
        for key in keys:
            note_in_case(deployed.ledger, key, deployed.clock.now(), by=asked.by, what=f"retried: {asked.reason}")
    freed = release_cases(keys, ledger=deployed.ledger, doorbells=deployed.doorbells, clock=deployed.clock, by=asked.by)
    asked.note("exceptions resolve --retry", f"{freed.released} released, {freed.waiting} still waiting")
    if as_json:
        print_json(freed)
        return
    shown = table("case", "released", "still waiting")
    for one in freed.cases:
        shown.add_row(told(one.case), str(one.released), str(one.waiting))
    results().print(shown)
    if freed.waiting:
        notes().print("What still waits is held by other cases: lockstep exceptions list")


def _skip(asked: Asked, subject: str, *, behind: bool, as_json: bool, yes: bool) -> None:
    waiting = [one for case in asked.cases for one in case.waiting if one.subject and subject in {"", one.subject}]
    if not waiting:
        what = f"{subject} does not wait for it" if subject else "nothing waits"
        raise CommandFailed(
            f"There is nothing to skip: {what}.", then=f"lockstep exceptions show {asked.cases[0].case}"
        )
    stake = " + ".join(total_at_stake(waiting))
    count = len({(one.stream, one.consumer, one.subject) for one in waiting})
    question = f"Skip {count} that wait for {asked.named}{f' ({stake} at stake)' if stake else ''}? This is final."
    confirm(question, yes=yes)
    deployed = asked.deployed
    done = [
        skip_and_ring(
            case.case,
            ledger=deployed.ledger,
            doorbells=deployed.doorbells,
            clock=deployed.clock,
            by=asked.by,
            reason=asked.reason,
            subject=subject,
            behind=behind,
        )
        for case in asked.cases
    ]
    subjects, entries = sum(len(one.subjects) for one in done), sum(one.entries for one in done)
    asked.note("exceptions resolve --skip", f"{entries} entries of {subjects} subjects skipped")
    if as_json:
        names = ("stream", "consumer", "subject")
        listed = [dict(zip(names, each, strict=True)) for one in done for each in one.subjects]
        print_json({"subjects": listed, "entries": entries})
        return
    results().print(f"{entries} entries of {subjects} subjects are skipped.")


def _reassign(asked: Asked, owner: str, *, as_json: bool, yes: bool) -> None:
    if not owner.strip():
        raise CommandFailed("The owner is blank.", code=Exit.USAGE)
    confirm(f"Give {asked.named} to {owner}?", yes=yes)
    deployed = asked.deployed
    for case in asked.cases:
        reassign_case(deployed.ledger, case.case, owner, deployed.clock.now(), by=asked.by, reason=asked.reason)
    asked.note("exceptions resolve --reassign", f"owner {owner}")
    if as_json:
        print_json({"cases": [case.case for case in asked.cases], "owner": owner})
        return
    results().print(told(f"{asked.named}: {owner} has it now."))
