"""What a command asks before it changes a stack that is not one's own, and what it checks before it works."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.session import Session
from tests.unit.operations.retail_world import DAY, HEADER, SCARF, TILL

MAPPING = HEADER + f"item,HAT,{TILL},9521000000001\n"
COUNTS = f"item,location,on_hand\n{SCARF},101,5\n"
SALE = "events/apigateway/poslog.sale.json"


@pytest.fixture
def on_prod(deployed):
    """Runs the command line on the small retailer as if it were deployed."""

    def run(*arguments, stdin=None):
        session = Session(connect=lambda _name: replace(deployed, name="prod"))
        return CliRunner().invoke(app, list(map(str, arguments)), obj=session, input=stdin)

    return run


@pytest.fixture
def files(tmp_path, world):
    world.map(HEADER + f"item,SCARF,files.main,{SCARF}\nlocation,101,files.main,101\n")
    (tmp_path / "mappings.csv").write_text(MAPPING)
    (tmp_path / "counts.csv").write_text(COUNTS)
    return {
        "import": ("masterdata", "import", tmp_path / "mappings.csv"),
        "count": ("inventory", "import", tmp_path / "counts.csv"),
        "send": ("send", SALE),
    }


@pytest.mark.parametrize("what", ["import", "count", "send"])
def test_a_deployed_stack_is_changed_only_when_somebody_agrees(world, files, on_prod, lockstep, what):
    before = repr(world.ledger_table.items), repr(world.masterdata.items)

    refused = on_prod(*files[what], stdin="n\n")

    assert refused.exit_code == 1
    assert "environment prod" in refused.stderr
    assert (repr(world.ledger_table.items), repr(world.masterdata.items)) == before
    assert on_prod(*files[what], stdin="y\n").exit_code == 0
    assert lockstep(*files[what], *(["--new"] if what == "send" else [])).code == 0  # one's own stack asks nothing


def test_who_imported_is_on_record(files, on_prod, lockstep):
    on_prod(*files["import"], "--by", "ada", "--yes")
    on_prod(*files["count"], "--by", "bob", "--yes")

    done = lockstep("actions", "--json").json["actions"]

    assert [(one["by"], one["what"]) for one in done] == [("ada", "masterdata import"), ("bob", "inventory import")]


@pytest.mark.parametrize(
    "command",
    [
        ("reconcile", "--date", DAY, "--json", "--out"),
        ("masterdata", "export", "--output"),
        ("exceptions", "show", "unbalanced_totals/x", "--draft"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_before_the_work(world, lockstep, tmp_path, command):
    calls = dict(world.ledger_table.calls), dict(world.masterdata.calls)

    answer = lockstep(*command, tmp_path / "no" / "file.txt")

    assert answer.code == 2
    assert "there is no folder" in answer.err
    assert (dict(world.ledger_table.calls), dict(world.masterdata.calls)) == calls
