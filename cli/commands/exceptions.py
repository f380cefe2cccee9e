"""`lockstep exceptions`."""

from pathlib import Path
from typing import Annotated, Final

import typer

from cli.asked import Asked
from cli.case_view import show_case, show_case_file
from cli.confirm import ByOption, YesOption, confirm, who
from cli.corrections import correct, supply_mapping, write_draft
from cli.errors import CommandFailed, Exit
from cli.output import notes, print_json, results, table, told
from cli.session import EnvironmentOption, JsonOption, session_of
from lockstep.masterdata.release import release_cases
from lockstep.messaging.awaiting import SEQUENCE_GAP
from lockstep.messaging.skipping import note_in_case
from lockstep.operations.case_file import read_case_file
from lockstep.operations.cases import Case, read_cases, total_at_stake
from lockstep.operations.exceptions import open_cases
from lockstep.operations.repairs import knows
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
    kinds = {name for spec in deployed.specs for name in spec.exceptions}
    unknown = [name for name in kind or () if name not in kinds and not knows(name)]
    if unknown:
        raise CommandFailed(
            f"There is no kind of case {', '.join(unknown)}.",
            then=f"There are: {', '.join(sorted(kinds))}.",
            code=Exit.USAGE,
        )
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
    draft: Annotated[
        Path | None,
        typer.Option(
            "--draft",
            metavar="FILE.json",
            dir_okay=False,
            help="Write the event or document that waits to a file, to be edited for `resolve --correct`.",
            show_default=False,
        ),
    ] = None,
    subject: Annotated[
        str,
        typer.Option("--subject", metavar="NAME", help="With --draft: of this one, where several wait."),
    ] = "",
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one case, open or resolved: what waits for it, what is at stake, who did what and when, how it is repaired.

    --draft writes the event that a workflow could not decide on, or the document that a target refused, as it stands
    now. Of a transaction that does not add up only its identity is known here: the rest is to be filled in.

    Ends with 1 while it is open; with 0 once a draft is written.

    For example:

        lockstep exceptions show unmapped_reference/item/poslog.main/09521000000148

        lockstep exceptions show document_rejected/tryton.main/R7 --draft r7.json
    """
    del environment, as_json
    if subject and draft is None:
        raise CommandFailed("--subject goes with --draft.", code=Exit.USAGE)
    session = session_of(context)
    deployed = session.open()
    if draft is not None:
        write_draft(deployed, case, subject, draft)
        if session.json:
            print_json({"case": case, "draft": str(draft)})
        return
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
    without_predecessor: Annotated[
        bool,
        typer.Option("--without-predecessor", help="With --retry: go on without what it refers to, which never comes."),
    ] = False,
    skip: Annotated[
        bool, typer.Option("--skip", help="What waits shall have no effect; needs --reason.", show_default=False)
    ] = False,
    correction: Annotated[
        Path | None,
        typer.Option(
            "--correct",
            metavar="FILE.json",
            dir_okay=False,
            exists=True,
            help="Put what stands in the file in the place of what waits, and try again; needs --reason.",
            show_default=False,
        ),
    ] = None,
    mapped: Annotated[
        str | None,
        typer.Option(
            "--map",
            metavar="VALUE",
            help="The counterpart that is missing: import it, and try again.",
            show_default=False,
        ),
    ] = None,
    reassign: Annotated[
        str | None, typer.Option("--reassign", metavar="OWNER", help="Give it to somebody else.", show_default=False)
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the case.", show_default=False)
    ] = "",
    subject: Annotated[
        str,
        typer.Option("--subject", metavar="NAME", help="With --skip and --correct: only this one.", show_default=False),
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
    """End cases: try again what waits for them, as it came or corrected, skip it, or give them to somebody else.

    --retry is for repairs made elsewhere (a period opened again, a record corrected in the target); a missing mapping
    is retried by its import. What still fails comes back as a case. With --without-predecessor, a return (or whatever
    else refers to a transaction) goes on without that, which never comes.

    --map supplies one missing mapping: our name for what a channel calls so, or a target's for what is ours. It is
    imported as by `lockstep masterdata import`, for good.

    --correct is for one that came wrong and cannot be sent again: `lockstep exceptions show CASE --draft FILE.json`
    writes it, you edit it, and what stands in the file is decided, or posted, in its place. It is checked against the
    canonical model, and stays the same transaction under the same key. The entry itself is never changed; trace and
    reconcile tell of the correction.

    --skip is for what shall never be booked, or shown. It is final: the entry stays in the ledger with who skipped it
    and why, and nothing follows from it; what waits behind it in its subject runs now, unless --behind skips that too.
    A return or void of a skipped sale is decided as if the sale had been booked: skip it with --behind.

    For example:

        lockstep exceptions resolve period_closed/tryton.main/2026-10 --retry

        lockstep exceptions resolve unmapped_reference/item/poslog.main/09521000000148 --skip --reason "till test"

        lockstep exceptions resolve unmapped_reference/item/poslog.main/09521000000148 --map CAP

        lockstep exceptions resolve document_rejected/tryton.main/R7 --correct r7.json --reason "tender mistyped"

        lockstep exceptions resolve document_rejected/tryton.main/R7 --reassign "Tax department"
    """
    del environment, as_json
    _hold_that_it_makes_sense(
        ways=[retry, skip, correction is not None, mapped is not None, reassign is not None],
        final="--skip" if skip else "--correct" if correction is not None else "",
        reason=reason,
    )
    if without_predecessor and not (retry and reason.strip()):
        raise CommandFailed("--without-predecessor goes with --retry and needs --reason.", code=Exit.USAGE)
    if (subject and not (skip or correction)) or (behind and not skip):
        raise CommandFailed("--subject goes with --skip and --correct, --behind with --skip.", code=Exit.USAGE)
    if (correction is not None or mapped is not None) and len(case) != 1:
        raise CommandFailed("One case at a time is corrected or mapped.", code=Exit.USAGE)
    session = session_of(context)
    deployed = session.open()
    found = {one.case: one for one in read_cases(deployed.ledger, case, deployed.clock.now())}
    missing = [key for key in case if key not in found]
    if missing:
        raise CommandFailed("Not open: " + ", ".join(missing), then=f"{_SEE_THE_LIST} Nothing was changed.")
    asked = Asked(deployed, tuple(found.values()), who(by), reason)
    if retry:
        _retry(asked, unfollowed=without_predecessor, as_json=session.json, yes=yes)
    elif skip:
        _skip(asked, subject, behind=behind, as_json=session.json, yes=yes)
    elif correction is not None:
        correct(asked, correction, subject, as_json=session.json, yes=yes)
    elif mapped is not None:
        supply_mapping(asked, mapped, as_json=session.json, yes=yes)
    else:
        _reassign(asked, reassign or "", as_json=session.json, yes=yes)


def _hold_that_it_makes_sense(*, ways: list[bool], final: str, reason: str) -> None:
    if ways.count(True) != 1:
        raise CommandFailed("Say one of --retry, --skip, --correct, --map and --reassign.", code=Exit.USAGE)
    if final and not reason.strip():
        raise CommandFailed(f"Say why: {final} needs --reason.", code=Exit.USAGE)


def _retry(asked: Asked, *, unfollowed: bool, as_json: bool, yes: bool) -> None:
    confirm(f"Try again {sum(case.subjects for case in asked.cases)} that wait for {asked.named}?", yes=yes)
    deployed, keys = asked.deployed, [case.case for case in asked.cases]
    tried = "retried without predecessor" if unfollowed else "retried"
    if asked.reason:
        for key in keys:
            note_in_case(deployed.ledger, key, deployed.clock.now(), by=asked.by, what=f"{tried}: {asked.reason}")
    freed = release_cases(
        keys,
        ledger=deployed.ledger,
        doorbells=deployed.doorbells,
        clock=deployed.clock,
        by=asked.by,
        unfollowed=unfollowed,
    )
    how = " --without-predecessor" if unfollowed else ""
    asked.note(f"exceptions resolve --retry{how}", f"{freed.released} released, {freed.waiting} still waiting")
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
    if not waiting and not all(case.kind == SEQUENCE_GAP for case in asked.cases):
        what = f"{subject} does not wait for it" if subject else "nothing waits"
        raise CommandFailed(
            f"There is nothing to skip: {what}.", then=f"lockstep exceptions show {asked.cases[0].case}"
        )
    stake = " + ".join(total_at_stake(waiting))
    count = len({(one.stream, one.consumer, one.subject) for one in waiting})
    question = f"Skip {count} that wait for {asked.named}{f' ({stake} at stake)' if stake else ''}? This is final."
    if not waiting:
        question = (
            f"Give up what {asked.named} names ({'; '.join(case.problem for case in asked.cases)})? This is final."
        )
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
    said = f"{entries} entries of {subjects} subjects are skipped." if waiting else "It is not looked for any more."
    results().print(said)


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
