"""A business day on the deployed template and the real ERP, proven complete by the command line, and then broken."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from lockstep.connectors.tryton.client import TrytonClient
from lockstep.connectors.tryton.target import TrytonTarget
from lockstep.messaging.outbound import Posted
from sandbox.retailer import DOWNTOWN, HARBOUR
from sandbox.scenario.world import ERP, World
from sandbox.stack import Stack
from sandbox.till import Item, Ticket, Till
from tests.e2e.tryton.erp_documents import connection, document, line, receipt

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
    """Two tills of one store and one of another: cash with change, card, and both."""
    first, second, harbour = (
        Till(store, workstation, first=next(NUMBERS) * 1000)
        for store, workstation in ((DOWNTOWN, "8"), (DOWNTOWN, "9"), (HARBOUR, "9"))
    )
    tickets = [
        first.sale([Item("LAMP-STORM")], tender="CASH", at=at),
        first.sale([Item("MUG-ENAMEL", 2)], at=at),
        second.sale([Item("TEA-SMOKED-100", 3)], tender="CASH", card_part=Decimal("5.00"), at=at),
        harbour.sale([Item("POSTCARD-SET")], at=at),
    ]
    for ticket in tickets:
        assert world.sell(ticket).status == 200
    return tickets


def settled(world: World, tickets: list[Ticket]) -> None:
    world.wait("every receipt in the ERP", lambda: world.posted(tickets) == len(tickets), within=60)


def test_a_day_is_certified_and_what_breaks_it_is_seen(world: World, reconcile: Reconcile) -> None:
    tickets = sell(world, AT)
    settled(world, tickets)

    code, report = reconcile(AT)

    assert (code, report["ties_out"], report["settled"]) == (0, True, True), report["findings"]
    stores = {store["store"]: store for store in report["stores"]}
    assert {name: store["fates"]["posted"] for name, store in stores.items()} == {DOWNTOWN: 3, HARBOUR: 1}
    for tender in ("CASH", "CARD"):
        taken = sum(ticket.tenders.get(tender, 0) for ticket in tickets if ticket.transaction.store == DOWNTOWN)
        (sums,) = (each for each in stores[DOWNTOWN]["tenders"] if each["tender"] == tender)
        assert sums["posted"]["minor"] == sums["seen"]["minor"] == taken * 100
    there = {target["store"]: target for target in report["targets"]}
    assert (there[DOWNTOWN]["standing"], there[HARBOUR]["standing"]) == (3, 1)
    assert all(tender["expected"] == tender["standing"] for tender in there[DOWNTOWN]["tenders"])

    past_us = document(world.stack.erp, receipt(line("MUG-ENAMEL"), day=AT.date()))
    target = TrytonTarget(ERP, TrytonClient(connection(world.stack.erp)))
    assert isinstance(next(target.post([past_us], look_up_first=False)), Posted)

    code, report = reconcile(AT)

    assert code == 1
    assert [(finding["kind"], finding["subject"]) for finding in report["findings"]] == [
        ("unknown in target", past_us.document.key)
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
