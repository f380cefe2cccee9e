"""(a) The last two units of a SKU are sold in a store: the shop shows none, the ERP holds the receipt."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from sandbox.retailer import DOWNTOWN, LAST_UNITS_SKU, RETAILER
from sandbox.scenario.recorder import Recorder
from sandbox.scenario.world import ERP, POSTING, STOCK, World
from sandbox.till import Answer, Item, Ticket

_UNITS: Final = 2
_PLACE: Final = (LAST_UNITS_SKU, DOWNTOWN)
_SHOP_WITHIN: Final = 30.0
_ERP_WITHIN: Final = 30.0


def play(world: World, record: Recorder) -> Ticket:
    """Play it; the ticket is what the next step sends again."""
    if world.shown()[_PLACE] != _UNITS:  # the stack was used before: two more turned up in the stock room
        world.stack.count(DOWNTOWN, {LAST_UNITS_SKU: _UNITS})
        world.wait("the count of the stock room", lambda: world.shown()[_PLACE] == _UNITS, within=_SHOP_WITHIN)
    before = world.last_movement()
    ticket = world.till(DOWNTOWN, "T1").sale([Item(LAST_UNITS_SKU, _UNITS)])
    record.tell(
        f"Till {ticket.transaction.store}/{ticket.transaction.workstation} closes {ticket.name}: {_UNITS} x "
        f"{RETAILER.product(LAST_UNITS_SKU).price}, tax {_tax(ticket)}, {ticket.total} {RETAILER.currency} by card."
    )

    world.progress("(a) a customer pays for the last two jackets")
    answer = world.sell(ticket)
    world.wait("the shop at zero", lambda: world.shown()[_PLACE] == 0, within=_SHOP_WITHIN)
    world.wait("the receipt in the ERP", lambda: world.posted([ticket]) == 1, within=_ERP_WITHIN)

    record.equal("the webhook is answered with 200", 200, answer.status)
    record.equal("the shop shows none, so it cannot oversell", 0, world.shown()[_PLACE])
    _receipt(world, ticket, record)
    _hops(world, ticket, answer, before, record)
    return ticket


def _receipt(world: World, ticket: Ticket, record: Recorder) -> None:
    sales = world.booked([ticket])
    if not record.equal("the ERP holds one receipt", 1, len(sales)):
        return
    (sale,) = sales
    record.equal("it is posted, in the ledger and out of stock", "posted", sale.state)
    record.equal("it stands at the store", RETAILER.store(DOWNTOWN).name, sale.store)
    record.equal("its tender is the till's", {RETAILER.tender("CARD").name: ticket.total}, sale.payments)
    record.equal("each of its taxes is the till's", dict(ticket.taxes), sale.taxes)
    balance = sum((line.debit - line.credit for line in sale.ledger), Decimal(0))
    record.that(
        "its ledger move balances",
        bool(sale.ledger) and not balance,
        expected="lines, difference 0",
        seen=f"{len(sale.ledger)} lines, difference {balance}",
    )


def _hops(world: World, ticket: Ticket, answer: Answer, before: int, record: Recorder) -> None:
    """When each hop was through: as the till, the ledger, and the shop's own history have it."""
    outcomes = world.outcomes(ticket)

    def after(moment: datetime) -> float:
        return (moment - answer.sent_at).total_seconds()

    accepted = outcomes[POSTING].accepted_at
    if accepted:
        record.hop("accepted", "body, event, identity: one transaction", after(accepted), "ledger")
    record.hop("webhook answered", "200 to the till", answer.elapsed, "till")
    record.hop("stock decided", outcomes[STOCK].summary, after(outcomes[STOCK].at), "ledger")
    record.hop("receipt decided", outcomes[POSTING].summary, after(outcomes[POSTING].at), "ledger")
    shown = next(
        movement
        for movement in world.moved(before)
        if any((c["sku"], c["location"], c["after"]) == (*_PLACE, 0) for c in movement["changes"])
    )
    record.hop("shop shows zero", f"{LAST_UNITS_SKU}: 0 available", after(datetime.fromisoformat(shown["at"])), "shop")
    record.hop("ERP posted", f"receipt {outcomes[ERP].reference}", after(outcomes[ERP].at), "ledger")
    record.figures(
        webhook_answered_ms=answer.elapsed * 1000,
        shop_zero_after_s=after(datetime.fromisoformat(shown["at"])),
        erp_posted_after_s=after(outcomes[ERP].at),
    )


def _tax(ticket: Ticket) -> Decimal:
    return sum(ticket.taxes.values(), Decimal(0))
