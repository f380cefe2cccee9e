"""`lockstep exceptions show --draft` and `resolve --correct` and `--map`."""

import json
import re

import pytest

from tests.unit.operations.reconciliation.day_world import DayWorld
from tests.unit.operations.retail_world import DAY, LEDGER, TILL

FIRST = f"101/1/{DAY}/1"
REJECTED = f"document_rejected/{LEDGER}/{TILL}/TransactionClosed/{FIRST}"
CHEQUE = f"unmatched_tender/tender/{TILL}/Scheck"


@pytest.fixture
def world() -> DayWorld:
    return DayWorld()


@pytest.fixture
def _refused(world):
    world.books.refused = {FIRST}
    world.sell_some(1)
    world.run()
    world.books.refused = set()


@pytest.mark.usefixtures("_refused")
def test_what_a_target_refused_is_written_edited_and_posted(world, lockstep, tmp_path):
    file = tmp_path / "r1.json"

    written = lockstep("exceptions", "show", REJECTED, "--draft", file)
    assert written.code == 0
    assert f"--correct {file}" in written.err
    file.write_text(file.read_text().replace('"CARD"', '"CASH"'))
    asked = ("--correct", file, "--reason", "paid in cash", "--by", "ada")
    answer = lockstep("exceptions", "resolve", REJECTED, *asked, stdin="y\n")
    world.run()

    assert answer.code == 0, answer.err
    assert re.search(r"body\.tenders\.0\.tender +CARD +CASH", answer.out)
    assert [set(one.tenders) for _, _, one in world.books.booked] == [{"1"}]
    traced = lockstep("trace", FIRST)
    assert "corrected by ada: paid in cash" in traced.out
    history = lockstep("exceptions", "show", REJECTED, "--json").json["history"]
    assert [line["what"] for line in history] == [
        "opened",
        f"corrected {FIRST} with {LEDGER}: paid in cash",
        "resolved",
    ]
    (done,) = lockstep("actions", "--json").json["actions"]
    assert (done["by"], done["what"], done["reason"]) == ("ada", "exceptions resolve --correct", "paid in cash")
    assert lockstep("reconcile", "--date", str(DAY), "--json").json["ties_out"] is True


@pytest.mark.usefixtures("_refused")
def test_a_script_gets_what_was_changed(world, lockstep, tmp_path):
    file = tmp_path / "r1.json"
    lockstep("exceptions", "show", REJECTED, "--draft", file, "--json")
    file.write_text(file.read_text().replace('"CARD"', '"CASH"'))

    answer = lockstep("exceptions", "resolve", REJECTED, "--correct", file, "--reason", "r", "--yes", "--json").json

    assert answer["consumers"] == [LEDGER]
    assert answer["differences"] == [{"place": "body.tenders.0.tender", "before": "CARD", "after": "CASH"}]


@pytest.mark.usefixtures("_refused")
def test_what_does_not_fit_is_told_in_words_and_nothing_happens(world, lockstep, tmp_path):
    file, other = tmp_path / "r1.json", tmp_path / "other.json"
    lockstep("exceptions", "show", REJECTED, "--draft", file)
    before = repr(world.ledger_table.items)

    def resolve(content, *more):
        other.write_text(content)
        return lockstep("exceptions", "resolve", REJECTED, "--correct", other, "--reason", "r", "--yes", *more)

    wrong = json.loads(file.read_text())
    wrong["body"]["tenders"][0]["amount"]["amount"] = "9.99"
    assert "unbalanced" in resolve(json.dumps(wrong)).err
    assert "nothing in it is changed" in resolve(file.read_text()).err
    assert "neither an event" in resolve("no JSON").err
    assert "nothing of nobody waits" in resolve(json.dumps(wrong), "--subject", "nobody").err
    assert lockstep("exceptions", "show", REJECTED, "--draft", file).code == 2
    assert lockstep("exceptions", "resolve", REJECTED, "--correct", file, "--yes").code == 2
    assert lockstep("exceptions", "resolve", REJECTED, "--correct", tmp_path / "no", "--reason", "r").code == 2
    assert repr(world.ledger_table.items) == before


@pytest.mark.usefixtures("_refused")
@pytest.mark.parametrize("answer", ["n\n", ""])
def test_nothing_is_corrected_unless_somebody_agrees(world, lockstep, tmp_path, answer):
    file = tmp_path / "r1.json"
    lockstep("exceptions", "show", REJECTED, "--draft", file)
    file.write_text(file.read_text().replace('"CARD"', '"CASH"'))
    before = repr(world.ledger_table.items)

    asked = ("--correct", file, "--reason", "r")
    assert lockstep("exceptions", "resolve", REJECTED, *asked, stdin=answer).code == 1

    assert repr(world.ledger_table.items) == before


def test_a_missing_mapping_is_supplied_where_it_is_missed(world, lockstep):
    world.send(world.ticket(1, ("Scheck", "5.00")))
    world.run()

    answer = lockstep("exceptions", "resolve", CHEQUE, "--map", "CARD", "--by", "ada", stdin="y\n")
    world.run()

    assert answer.code == 0, answer.err
    assert f"tender Scheck of {TILL} is our CARD" in answer.out
    assert [str(one.total) for _, _, one in world.books.booked] == ["5.00 USD"]
    assert f"tender,CARD,{TILL},Scheck" in lockstep("masterdata", "export").out
    assert lockstep("exceptions", "show", CHEQUE, "--json").json["state"] == "resolved"
    (done,) = lockstep("actions", "--json").json["actions"]
    assert (done["what"], done["target"]) == ("exceptions resolve --map", CHEQUE)


def test_a_target_s_name_of_ours_is_supplied_the_same_way(world, lockstep):
    world.map(f"kind,canonical,system,value\ntender,CHEQUE,{TILL},Scheck\n")
    world.send(world.ticket(1, ("Scheck", "5.00")))
    world.run()
    case = f"unmatched_tender/tender/CHEQUE/{LEDGER}"

    answer = lockstep("exceptions", "resolve", case, "--map", "9", "--yes", "--json")
    world.run()

    assert answer.json["added"] == 1
    assert [set(one.tenders) for _, _, one in world.books.booked] == [{"9"}]


def test_only_what_is_about_a_mapping_is_mapped_and_one_at_a_time(world, lockstep):
    world.send(world.unbalanced(1, "7.50"))
    world.send(world.ticket(2, ("Scheck", "5.00")))
    world.run()

    unbalanced = f"unbalanced_totals/{TILL}/{FIRST}"
    assert lockstep("exceptions", "resolve", unbalanced, "--map", "CARD", "--yes").code == 2
    assert lockstep("exceptions", "resolve", unbalanced, CHEQUE, "--map", "CARD", "--yes").code == 2
    assert lockstep("exceptions", "resolve", CHEQUE, "--map", " ", "--yes").code == 2
    assert lockstep("exceptions", "resolve", CHEQUE, "--map", "CARD", "--subject", FIRST).code == 2
    assert lockstep("exceptions", "show", CHEQUE, "--subject", FIRST).code == 2


def test_a_kind_that_there_is_not_is_no_empty_list(lockstep):
    answer = lockstep("exceptions", "list", "--kind", "nope")

    assert (answer.code, answer.out) == (2, "")
    assert "There is no kind of case nope" in answer.err
