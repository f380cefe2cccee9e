import json

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from typer.testing import CliRunner

import sandbox.run
from cli.errors import CommandFailed, StackUnreachable
from cli.main import app
from cli.session import Session
from lockstep.messaging.breaker import Breaker, force_open
from tests.unit.operations.retail_world import CAP, HEADER, LEDGER, SCARF, SHOP, TILL

SALE = "101/1/2026-11-27/1"
CAP_MAPPED = HEADER + f"item,CAP,{TILL},{CAP}\nitem,CAP,{LEDGER},8\nitem,CAP,{SHOP},-\n"


# ---- trace ----


def test_a_trace_tells_every_hop(world, lockstep):
    world.sell(1, SCARF)
    world.run()

    answer = lockstep("trace", "R101-1")

    assert answer.code == 0
    for told in (SALE, "financial_posting", "decided", LEDGER, "posted", "sales_receipt R101-1", SHOP, "pushed"):
        assert told in answer.out
    assert answer.err == ""


def test_a_trace_for_scripts(world, lockstep):
    world.sell(1, SCARF)
    world.clock.advance(seconds=1)
    world.run()

    answer = lockstep("trace", SALE, "--json")

    (event,) = answer.json["events"]
    posted = next(step for step in event["steps"] if step["consumer"] == LEDGER)
    assert answer.code == 0
    assert event["settled"] is True
    assert event["accepted_at"] == "2026-11-27T09:00:00.000Z"
    assert (posted["state"], posted["reference"], posted["after_seconds"]) == ("done", "R101-1", 2.0)
    assert answer.out == lockstep("--json", "trace", SALE).out


def test_nothing_found_is_a_finding_that_says_what_was_tried(lockstep):
    answer = lockstep("trace", "R999")

    assert answer.code == 1
    assert answer.out == ""
    assert "Nothing is known under 'R999'" in answer.err
    assert "document number" in answer.err
    for_scripts = lockstep("trace", "R999", "--json")
    assert (for_scripts.code, for_scripts.json["events"]) == (1, [])


def test_what_is_held_is_a_finding_with_the_way_out(world, lockstep):
    world.sell(1, CAP)
    world.run()

    answer = lockstep("trace", SALE)

    assert answer.code == 1
    assert "lockstep masterdata import" in answer.out


def test_one_can_wait_for_it(world, lockstep):
    world.sell(1, SCARF)

    assert lockstep("trace", SALE, "--json").json["events"][0]["settled"] is False
    assert lockstep("trace", SALE, "--wait", 5, "--json").json["events"][0]["settled"] is True


# ---- lanes and exceptions ----


def test_level_lanes(world, lockstep):
    world.sell(1, SCARF)
    world.run()

    answer = lockstep("lanes")

    assert answer.code == 0
    assert "Every lane is level" in answer.out


def test_a_ledger_that_is_down_is_a_finding(world, lockstep):
    world.ledger.down = True
    for sequence in range(1, 21):
        world.sell(sequence, SCARF)
    world.run()

    answer = lockstep("lanes")

    assert answer.code == 1
    assert "down: connection refused" in answer.out
    ledger = next(view for view in lockstep("lanes", "--json").json["consumers"] if view["consumer"] == LEDGER)
    assert (ledger["backlog"], ledger["breaker"]["state"], ledger["needs_attention"]) == (20, "open", True)


def test_what_comes_from_outside_is_not_read_as_markup(world, lockstep):
    force_open(world.ledger_table, Breaker(LEDGER), "[/red] [bold]no[/bold]", world.clock.now())

    assert "[/red] [bold]no[/bold]" in lockstep("lanes").out


def test_the_list_of_cases(world, lockstep):
    world.sell(1, CAP)
    world.sell(2, CAP)
    world.run()

    answer = lockstep("exceptions", "list")

    assert answer.code == 0
    for told in (f"unmapped_reference/item/{TILL}/0{CAP}", "2 waiting, 109.20 USD at stake", SALE, "Store accounting"):
        assert told in answer.out
    (case,) = lockstep("exceptions", "list", "--json").json["cases"]
    assert (case["subjects"], case["at_stake"], case["overdue"]) == (2, ["109.20 USD"], False)
    assert lockstep("exceptions", "list", "--kind", "period_closed").out == "No open cases.\n"


def test_an_overdue_case_is_a_finding(world, lockstep):
    world.sell(1, CAP)
    world.run()
    world.clock.advance(hours=25)

    answer = lockstep("exceptions", "list")

    assert answer.code == 1
    assert "overdue since" in answer.out


def test_a_cause_repaired_elsewhere_is_released_by_hand(world, lockstep):
    world.sell(1, CAP)
    world.run()
    (case,) = lockstep("exceptions", "list", "--json").json["cases"]

    answer = lockstep("exceptions", "resolve", case["case"], "--retry", "--yes", "--json")

    assert answer.code == 0
    assert answer.json["released"]["sales"] == 1
    world.run()
    assert lockstep("exceptions", "list", "--json").json["cases"][0]["case"] == case["case"]


def test_a_case_that_is_not_open_releases_nothing(world, lockstep):
    world.sell(1, CAP)
    world.run()
    (case,) = lockstep("exceptions", "list", "--json").json["cases"]

    answer = lockstep("exceptions", "resolve", case["case"], "no/such/case", "--retry", "--yes")

    assert answer.code == 1
    assert "no/such/case" in answer.err
    assert len(lockstep("exceptions", "list", "--json").json["cases"]) == 1


# ---- master data and inventory ----


def test_an_import_says_what_it_released(world, lockstep, tmp_path):
    for sequence in (1, 2, 3):
        world.sell(sequence, CAP)
    world.run()
    file = tmp_path / "caps.csv"
    file.write_text(CAP_MAPPED)

    answer = lockstep("masterdata", "import", file)

    assert answer.code == 0
    assert "3 mappings: 3 new, 0 changed, 0 as they were" in answer.out
    assert "released 3 sales; still waiting: nothing" in answer.out
    world.run()
    assert len(world.ledger.documents) == 3


def test_an_import_for_scripts_from_standard_input(world, lockstep):
    world.sell(1, CAP)
    world.run()

    answer = lockstep("masterdata", "import", "-", "--json", "--by", "nightly job", stdin=CAP_MAPPED)

    assert answer.json["added"] == 3
    assert answer.json["release"]["released"]["sales"] == 1
    assert {item["by"] for key, item in world.masterdata.items.items() if "CAP" in key.sk} == {"nightly job"}


def test_a_wrong_file_names_everything_and_changes_nothing(world, lockstep):
    before = dict(world.masterdata.items)
    text = HEADER + "itme,A,poslog.main,1\nitem,,poslog.main,1\n"

    answer = lockstep("masterdata", "import", "-", stdin=text)

    assert answer.code == 1
    assert answer.out == ""
    assert "2 problems" in answer.err
    assert "line 2, kind" in answer.err
    assert "line 3, canonical" in answer.err
    assert "Nothing was written" in answer.err
    assert world.masterdata.items == before
    assert len(lockstep("masterdata", "import", "-", "--json", stdin=text).json["details"]) == 2


def test_what_a_name_means_is_replaced_when_asked(lockstep):
    text = HEADER + f"item,CAP,{TILL},{SCARF}\n"

    refused = lockstep("masterdata", "import", "-", stdin=text)
    assert refused.code == 1
    assert "is SCARF already" in refused.err
    assert lockstep("masterdata", "import", "-", "--replace", stdin=text).code == 0


def test_several_tenders_may_be_one_in_a_system_that_is_only_written_to(lockstep):
    text = HEADER + "tender,CARD,tryton.main,2\ntender,WALLET,tryton.main,2\n"

    assert lockstep("masterdata", "import", "-", stdin=text).code == 0
    assert lockstep("masterdata", "import", "-", stdin=text.replace("tryton", "poslog")).code == 1


def test_an_export_is_a_file_that_can_be_imported(lockstep, tmp_path):
    out = lockstep("masterdata", "export")
    file = tmp_path / "out.csv"
    saved = lockstep("masterdata", "export", "--output", file)

    assert out.code == 0
    assert file.read_text() == out.out
    assert saved.out == ""
    assert lockstep("masterdata", "import", file, "--json").json["unchanged"] == 4
    narrowed = lockstep("masterdata", "export", "--kind", "item", "--system", SHOP, "--json")
    assert narrowed.json == {
        "mappings": [
            {"kind": "item", "canonical": "SCARF", "system": SHOP, "value": "gid://shopify/InventoryItem/1"},
        ]
    }


def test_counts_from_a_file(world, lockstep, tmp_path):
    lockstep("masterdata", "import", "-", stdin=HEADER + f"item,SCARF,files.main,{SCARF}\n")
    file = tmp_path / "counts.csv"
    file.write_text(f"item,location,on_hand\n{SCARF},101,5\n")

    answer = lockstep("inventory", "import", file, "--counted-at", "2026-11-27T06:00:00", "--json")
    world.run()

    assert answer.code == 0
    assert answer.json["counted_at"] == "2026-11-27T06:00:00.000Z"
    assert world.shop.shown == {"SCARF@101": 5}
    assert lockstep("trace", answer.json["accepted"][0]).code == 0
    again = lockstep("inventory", "import", file, "--counted-at", "2026-11-27T06:00:00")
    assert "came before" in again.out


# ---- failures ----


@pytest.mark.parametrize(
    "arguments",
    [["trace"], ["trace", " "], ["send", "no-such-file"], ["lanes", "--nonsense"], ["masterdata", "import", "no-such"]],
)
def test_a_wrong_command_is_another_exit_code(lockstep, arguments):
    assert lockstep(*arguments).code == 2


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (StackUnreachable("not there", then="start it"), 3),
        (CommandFailed("no", then="start it"), 1),
    ],
)
def test_a_foreseen_failure_says_what_to_do_and_shows_no_trace(failure, code):
    def connect(_name):
        raise failure

    result = CliRunner().invoke(app, ["lanes", "--json"], obj=Session(connect=connect))

    assert result.exit_code == code
    assert json.loads(result.stdout) == {"error": failure.message, "details": [], "then": "start it"}
    assert "start it" in result.stderr
    assert "Traceback" not in result.stderr


def aws_says(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Query")


@pytest.mark.parametrize("defect", [ZeroDivisionError(), aws_says("ValidationException")])
def test_a_defect_keeps_its_stack_trace(defect):
    def connect(_name):
        raise defect

    result = CliRunner().invoke(app, ["lanes"], obj=Session(connect=connect))

    assert result.exception is defect


@pytest.mark.parametrize("failure", [aws_says("ExpiredTokenException"), EndpointConnectionError(endpoint_url="x")])
def test_a_stack_that_does_not_answer_is_another_exit_code(failure):
    def connect(_name):
        raise failure

    result = CliRunner().invoke(app, ["lanes"], obj=Session(connect=connect))

    assert result.exit_code == 3
    assert "credentials" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(["lanes"], "local"), (["--env", "dev", "lanes"], "dev"), (["lanes", "--env", "dev"], "dev")],
)
def test_the_environment_may_be_named_before_or_after_the_command(deployed, arguments, environment):
    asked = []
    session = Session(connect=lambda name: asked.append(name) or deployed)

    assert CliRunner().invoke(app, arguments, obj=session).exit_code == 0
    assert asked == [environment]


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["trace"],
        ["lanes"],
        ["send"],
        ["up"],
        ["exceptions"],
        ["exceptions", "list"],
        ["exceptions", "show"],
        ["exceptions", "resolve"],
        ["masterdata"],
        ["masterdata", "import"],
        ["masterdata", "export"],
        ["inventory"],
        ["inventory", "import"],
        ["dlq"],
        ["dlq", "list"],
        ["dlq", "redrive"],
        ["actions"],
        ["pause"],
        ["resume"],
    ],
)
def test_every_command_has_help_that_explains_it(lockstep, command):
    answer = lockstep(*command, "--help")

    assert answer.code == 0
    assert len(answer.out.splitlines()) > 8


# ---- up ----


def test_up_ends_as_the_sandbox_does(lockstep, monkeypatch):
    asked = []
    monkeypatch.setattr(sandbox.run, "up", lambda *, as_json: asked.append(as_json) or 2)

    assert lockstep("up").code == 2
    assert lockstep("up", "--json").code == 2
    assert lockstep("--json", "up").code == 2
    assert asked == [False, True, True]
