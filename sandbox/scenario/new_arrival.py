"""(e) Three sales with a SKU that nobody has mapped: accepted, one case, mapping imported, all three posted."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from lockstep.canonical.identifiers import ItemReference
from lockstep.masterdata.crosswalk import key_of
from lockstep.messaging.references import Reference, ReferenceKind
from lockstep.operations.cases import Case, read_cases
from sandbox.crosswalk import HEADER, TILL, new_arrival_csv
from sandbox.retailer import NEW_ARRIVAL_SKU, RETAILER
from sandbox.scenario.recorder import Recorder, tally
from sandbox.scenario.world import POSLOG, World
from sandbox.till import Item, Ticket

_WITHIN: Final = 60.0


def play(world: World, record: Recorder) -> None:
    """Play it."""
    code, mapping = _unknown(world)
    case = str(_named(code).case)
    stock = {place: units for place, units in world.shown().items() if place[0] == NEW_ARRIVAL_SKU}
    label = "" if code == RETAILER.product(NEW_ARRIVAL_SKU).gtin else code

    world.progress("(e) the new caps are sold before anybody has entered them")
    sales = [till.sale([Item(NEW_ARRIVAL_SKU, 1, label), Item("TEA-SMOKED-100")]) for till in world.tills.values()]
    others = [till.sale([Item("MUG-ENAMEL")]) for till in world.tills.values()]
    answers = [world.sell(ticket) for pair in zip(sales, others, strict=True) for ticket in pair]
    world.wait("the sales behind them posted", lambda: world.posted(others) == len(others), within=_WITHIN)
    world.wait("the case", lambda: _waiting(world, case) == len(sales), within=_WITHIN)

    record.tell(
        f"The tills know the cap as {code}; the crosswalk does not. Each till sells one, and then something else. "
        "What names the cap waits under one case; what does not goes on."
    )
    record.equal("all are accepted", f"{len(answers)} x 200", tally(answer.status for answer in answers))
    cases = _cases(world, case)
    record.equal("they make one case", 1, len(cases))
    record.equal("three sales wait for it", len(sales), _waiting(world, case))
    record.equal("none of the three is in the ERP", 0, len(world.booked(sales)))
    record.equal("the sales behind them are posted", len(others), world.posted(others))
    _show(record, cases)

    world.progress("(e) somebody imports what the tills call it")
    report = world.stack.import_mappings(mapping)
    took = world.wait("all three posted", lambda: world.posted(sales) == len(sales), within=_WITHIN)
    released = report.release.released
    record.tell(
        f"The import said: {report.added + report.changed} mapping written, {released} released, "
        f"{report.release.waiting} still waiting."
    )
    record.equal("the import says how many sales it released", len(sales), released.sales)
    record.equal("and that none waits any more", 0, report.release.waiting.sales)
    record.equal("all three are posted", f"{len(sales)} x posted", tally(sale.state for sale in world.booked(sales)))
    record.equal("the case is closed", 0, len(_cases(world, case)))
    expected = {(sku, store): units - _sold(sales, store) for (sku, store), units in stock.items()}
    world.wait("the caps in the shop", lambda: expected.items() <= world.shown().items(), within=_WITHIN)
    record.equal(
        "the shop shows one cap less for each",
        _by_store(expected),
        _by_store({place: world.shown()[place] for place in expected}),
    )
    record.figures(released_sales=released.sales, posted_after_import_s=took)


def _unknown(world: World) -> tuple[str, str]:
    """A code of the new arrival that the crosswalk does not know yet, and the mapping that supplies it."""
    product = RETAILER.product(NEW_ARRIVAL_SKU)
    if not world.stack.masterdata().get([key_of(_named(product.gtin))]):
        return product.gtin, new_arrival_csv(RETAILER)
    label = f"IN-STORE-{world.run.upper()}"  # an earlier run has mapped the GTIN: this time it carries another label
    rows = (HEADER, ("item", product.sku, TILL, label))
    return label, "".join(",".join(row) + "\n" for row in rows)


def _named(code: str) -> Reference:
    return Reference(ReferenceKind.ITEM, POSLOG, ItemReference(value=code).lookup)


def _cases(world: World, case: str) -> list[Case]:
    return read_cases(world.stack.ledger(), [case], datetime.now(UTC))


def _waiting(world: World, case: str) -> int:
    return sum(one.subjects for one in _cases(world, case))


def _sold(sales: Sequence[Ticket], store: str) -> int:
    return sum(1 for sale in sales if sale.transaction.store == store)


def _by_store(levels: dict[tuple[str, str], int]) -> dict[str, int]:
    return {RETAILER.store(store).name: units for (_, store), units in levels.items()}


def _show(record: Recorder, cases: Sequence[Case]) -> None:
    for one in cases:
        rows = (
            ("case", one.case),
            ("waiting", f"{one.subjects} sales, {' and '.join(one.at_stake)} at stake"),
            ("owner", f"{one.owner}, due {one.due_at:%d %B %H:%M} UTC"),
            ("repair", one.repair),
        )
        record.table("What operators see: lockstep exceptions list", ("", ""), rows)
