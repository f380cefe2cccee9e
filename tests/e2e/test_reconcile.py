"""A business day on the deployed template and the real ERP, proven complete by the command line, and then broken."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from cli.main import app
from lockstep.connectors.tryton.client import TrytonClient
from lockstep.connectors.tryton.connection import TrytonConnection
from sandbox.retailer import DOWNTOWN, HARBOUR
from sandbox.scenario.world import World, event_id
from sandbox.stack import Stack
from sandbox.till import Item, Ticket, Till

AT = datetime.now(UTC) - timedelta(days=5)
"""On a business day that no other test of the session sells on."""
NUMBERS = count(1)

Reconcile = Callable[..., tuple[int, Any]]


@pytest.fixture
def world(stack: Stack) -> World:
    return World(stack)


@pytest.fixture
def reconcile(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Reconcile:
    """The command itself, on the shared stack: its exit code and its answer."""
    monkeypatch.setenv("LOCKSTEP_STACK", str(stack.run_dir / "stack.json"))

    def run(at: datetime, *more: str) -> tuple[int, Any]:
        result = CliRunner().invoke(app, ["reconcile", "--date", f"{at:%Y-%m-%d}", "--json", *more])
        assert result.exit_code in {0, 1}, result.output
        return result.exit_code, json.loads(result.stdout)

    return run


def sell(world: World, at: datetime) -> list[Ticket]:
    """Two tills of one store and one of another: cash with change, card, both, and a return."""
    first, second, harbour = (
        Till(store, workstation, first=next(NUMBERS) * 1000)
        for store, workstation in ((DOWNTOWN, "8"), (DOWNTOWN, "9"), (HARBOUR, "9"))
    )
    lamp = first.sale([Item("LAMP-STORM")], tender="CASH", at=at)
    tickets = [
        lamp,
        first.sale([Item("MUG-ENAMEL", 2)], at=at),
        second.sale([Item("TEA-SMOKED-100", 3)], tender="CASH", card_part=lamp.total / 10, at=at),
        harbour.sale([Item("POSTCARD-SET")], at=at),
    ]
    for ticket in tickets:
        assert world.sell(ticket).status == 200
    return tickets


def settled(world: World, tickets: list[Ticket]) -> None:
    world.wait("every receipt in the ERP", lambda: world.posted(tickets) == len(tickets), within=60)


@contextmanager
def other_date(world: World, ticket: Ticket, date: datetime) -> Iterator[None]:
    """The ERP's record of a sale, moved to another day by its administrator, and back."""
    erp = world.stack.erp
    connection = TrytonConnection(
        base_url=erp.url,
        database=erp.database,
        user=erp.facts.admin_user,
        password=SecretStr(erp.facts.admin_password),
    )
    client = TrytonClient(connection)
    found = client.read("model.sale.point.sale.search", [["external_ref", "=", event_id(ticket)]])
    client.change("model.sale.point.sale.write", found, {"date": date.date()})
    try:
        yield
    finally:
        client.change("model.sale.point.sale.write", found, {"date": AT.date()})


def test_a_day_is_certified_and_what_breaks_it_is_seen(world: World, reconcile: Reconcile) -> None:
    tickets = sell(world, AT)
    settled(world, tickets)

    code, report = reconcile(AT)

    assert (code, report["ties_out"], report["settled"]) == (0, True, True), report["findings"]
    stores = {store["store"]: store for store in report["stores"]}
    assert {name: store["fates"]["posted"] for name, store in stores.items()} == {DOWNTOWN: 3, HARBOUR: 1}
    for tender in ("CASH", "CARD"):
        taken = sum(ticket.tenders.get(tender, 0) for ticket in tickets if ticket.transaction.store == DOWNTOWN)
        (line,) = (line for line in stores[DOWNTOWN]["tenders"] if line["tender"] == tender)
        assert line["posted"]["minor"] == line["seen"]["minor"] == taken * 100
    there = {target["store"]: target for target in report["targets"]}
    assert (there[DOWNTOWN]["standing"], there[HARBOUR]["standing"]) == (3, 1)
    assert all(tender["expected"] == tender["standing"] for tender in there[DOWNTOWN]["tenders"])

    with other_date(world, tickets[0], AT + timedelta(days=1)):
        code, report = reconcile(AT)
    assert code == 1
    assert [(finding["kind"], finding["subject"]) for finding in report["findings"]] == [
        ("missing in target", event_id(tickets[0]))
    ]


def test_a_till_that_skips_a_number_and_an_erp_that_is_down_are_not_certified(
    world: World, reconcile: Reconcile
) -> None:
    at = AT - timedelta(days=10)
    till = Till(DOWNTOWN, "7", first=1)
    kept, lost, last = (till.sale([Item("MUG-ENAMEL")], at=at) for _ in range(3))
    for ticket in (kept, last):
        assert world.sell(ticket).status == 200
    settled(world, [kept, last])

    code, report = reconcile(at, "--store", DOWNTOWN)
    assert code == 1
    assert [(finding["kind"], finding["what"]) for finding in report["findings"]] == [
        ("sequence gap", "1 number is missing: 2")
    ]

    assert world.sell(lost).status == 200
    settled(world, [lost])
    assert reconcile(at, "--store", DOWNTOWN)[0] == 0

    world.stack.erp.stop()
    try:
        code, report = reconcile(at, "--store", DOWNTOWN)
    finally:
        world.stack.erp.start()
    assert code == 1
    assert [finding["kind"] for finding in report["findings"]] == ["target silent"]
