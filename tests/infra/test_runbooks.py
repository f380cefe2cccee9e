"""Whoever is called finds a page that says what to do."""

import re
from pathlib import Path

import pytest

from infra import registry
from lockstep.messaging.intake import UNREADABLE
from lockstep.operations import repairs
from lockstep.operations.reconciliation.report import FindingKind
from tests.infra.conftest import Templates

RUNBOOKS = Path(__file__).resolve().parents[2] / "docs" / "runbooks"
ALARMS = {page.stem for page in (RUNBOOKS / "alarms").glob("*.md")}
KINDS = {UNREADABLE} | {kind for spec in registry.workflows().values() for kind in spec.exceptions}
PAGES = sorted(page for folder in ("alarms", "exceptions", "proofs") for page in (RUNBOOKS / folder).glob("*.md"))


def test_every_alarm_names_a_page_that_is_there_and_every_page_has_an_alarm(templates: Templates) -> None:
    named = set()
    for alarm in templates.of("AWS::CloudWatch::Alarm"):
        description = templates.render(alarm.properties["AlarmDescription"])
        found = re.search(r"Runbook: docs/runbooks/alarms/([a-z-]+)\.md$", description)
        assert found, f"{alarm} names no page: {description}"
        named.add(found[1])
    assert named == ALARMS


def test_every_kind_of_exception_has_a_page_and_advice() -> None:
    assert {page.stem for page in (RUNBOOKS / "exceptions").glob("*.md")} == KINDS
    assert all(map(repairs.knows, KINDS))


def test_every_finding_of_a_reconciliation_has_its_advice() -> None:
    text = (RUNBOOKS / "proofs" / "reconcile.md").read_text(encoding="utf-8")
    assert {kind.value for kind in FindingKind} == set(re.findall(r"^- \*([^*]+)\*:", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_to_look_at_what_to_do_and_what_that_does(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## ([^\n]+)\n\n(.+?)(?=\n## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert list(sections) == ["Look at", "Do", "What that does"]
    assert re.search(r"`(lockstep|make) ", text.replace("\n  ", " "))
