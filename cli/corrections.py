"""Correcting what waits for a case: the event or document itself, or the mapping that it lacks."""

from pathlib import Path
from typing import Final

from cli.asked import Asked
from cli.confirm import confirm
from cli.environment import Deployed
from cli.errors import CommandFailed, Exit
from cli.files import hold_writable
from cli.output import notes, print_json, results, table, told
from lockstep.messaging.correcting import CannotCorrect
from lockstep.messaging.skipping import note_in_case
from lockstep.operations.correcting import (
    DocumentDraft,
    Plan,
    correct_and_ring,
    plan_correction,
    read_draft,
    waiting_for,
)
from lockstep.operations.mapping import mapping_file, missing_reference

_SHOWN: Final = 20
"""Differences that people are shown."""


def write_draft(deployed: Deployed, case: str, subject: str, file: Path) -> None:
    """Write what waits for a case as a file to be edited.

    Raises:
        CommandFailed: Nothing waits that could be corrected, or the file is there already.
    """
    if file.exists():
        raise CommandFailed(f"{file} is there already.", then="Name a new file.", code=Exit.USAGE)
    hold_writable(file)
    try:
        waiting = waiting_for(deployed.ledger, deployed.consumers, case, subject)
        draft = waiting.draft
    except CannotCorrect as error:
        raise _refused(error, case) from error
    file.write_text(draft.model_dump_json(indent=2) + "\n", encoding="utf-8")
    what = draft.kind if isinstance(draft, DocumentDraft) else draft.type
    came = waiting.entry.event.causation_id
    notes().print(told(f"{what} of {waiting.subject} is in {file}; it came in delivery {came}."), soft_wrap=True)
    again = f"lockstep exceptions resolve '{case}' --correct {file} --subject '{waiting.subject}' --reason '...'"
    notes().print(told(f"Edit it, then: {again}"), soft_wrap=True)


def correct(asked: Asked, file: Path, subject: str, *, as_json: bool, yes: bool) -> None:
    """Put what stands in a file in the place of what waits for a case.

    Raises:
        CommandFailed: It does not fit, or nobody agreed.
    """
    deployed, (case,) = asked.deployed, asked.cases
    consumes = {spec.consumer: spec.consumes for spec in deployed.specs}
    try:
        draft = read_draft(file.read_text(encoding="utf-8"))
        waiting = waiting_for(deployed.ledger, deployed.consumers, case.case, subject)
        plan = plan_correction(deployed.ledger, deployed.consumers, consumes, waiting, draft)
    except OSError as error:
        raise CommandFailed(f"{file} cannot be read: {error.strerror}", code=Exit.USAGE) from error
    except (CannotCorrect, UnicodeDecodeError) as error:
        raise _refused(error, case.case) from error
    if not as_json:
        _show(plan)
    confirm(f"Put this in the place of {waiting.subject}? The entry itself stays in the ledger.", yes=yes)
    try:
        done = correct_and_ring(
            plan,
            case.case,
            ledger=deployed.ledger,
            doorbells=deployed.doorbells,
            clock=deployed.clock,
            by=asked.by,
            reason=asked.reason,
        )
    except CannotCorrect as error:
        raise _refused(error, case.case) from error
    consumers = [held.consumer for held in done]
    asked.note("exceptions resolve --correct", f"{waiting.subject} corrected for {', '.join(consumers) or 'nobody'}")
    if as_json:
        unaffected = [{"consumer": name, "what": what} for name, what in plan.unaffected]
        answer = {"case": case.case, "subject": waiting.subject, "stream": waiting.entry.stream}
        rest = {"consumers": consumers, "differences": plan.differences, "unaffected": unaffected}
        print_json({**answer, "entry": waiting.entry.seq, **rest})
        return
    results().print(told(f"{waiting.subject} runs again, corrected, with {', '.join(consumers)}."))
    notes().print(told(f"Follow it with: lockstep trace '{waiting.entry.event.id}'", "dim"), soft_wrap=True)


def supply_mapping(asked: Asked, value: str, *, as_json: bool, yes: bool) -> None:
    """Import the one mapping that a case is about, which releases what waits for it.

    Raises:
        CommandFailed: The case is not about a mapping, or nobody agreed.
        FileInvalid: The value cannot stand there, or means something else already.
    """
    deployed, (case,) = asked.deployed, asked.cases
    reference = missing_reference(case.case)
    if reference is None:
        raise CommandFailed(f"{case.case} is not about a missing mapping.", then=case.repair, code=Exit.USAGE)
    if not value.strip():
        raise CommandFailed("The value is blank.", code=Exit.USAGE)
    what = (
        f"{reference.kind.value} {reference.value} is {value} in {reference.system}"
        if reference.outward
        else f"{reference.kind.value} {reference.value} of {reference.system} is our {value}"
    )
    confirm(f"{what}, for good? {case.subjects} wait for it.", yes=yes)
    report = deployed.mapping_import.run(mapping_file(reference, value), by=asked.by)
    why = f"mapped to {value}" + (f": {asked.reason}" if asked.reason else "")
    note_in_case(deployed.ledger, case.case, deployed.clock.now(), by=asked.by, what=why)
    asked.note("exceptions resolve --map", f"{what}; released {report.release.released}")
    if as_json:
        print_json(report)
        return
    for remark in report.remarks:
        notes().print(told(f"note: {remark}", "yellow"))
    results().print(told(f"{what}. Released: {report.release.released}; still waiting: {report.release.waiting}"))
    if report.release.waiting:
        notes().print("What still waits is held by other cases: lockstep exceptions list")


def _show(plan: Plan) -> None:
    shown = table("place", "was", "will be")
    for one in plan.differences[:_SHOWN]:
        shown.add_row(told(one.place), told(one.before), told(one.after))
    results().print(shown)
    if len(plan.differences) > _SHOWN:
        notes().print(f"{len(plan.differences) - _SHOWN} more differences: --json")
    for consumer, what in plan.unaffected:
        notes().print(told(f"note: {consumer} has it as {what} already, and will not see the correction", "yellow"))


def _refused(error: Exception, case: str) -> CommandFailed:
    return CommandFailed(f"It cannot be corrected so: {error}.", then=f"lockstep exceptions show '{case}'")
