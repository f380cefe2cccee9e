"""What `make torture` does to a stack, one thing at a time on the deployed template: it strikes, and it is put right."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from lockstep.messaging.ledger import stream_key
from lockstep.operations.dead_letters import stopped_lanes
from sandbox.retailer import HARBOUR
from sandbox.scenario.world import POSLOG, POSTING, Options, World
from sandbox.stack import Stack
from sandbox.till import Item, Till
from sandbox.torture.chaos import Chaos, Damage
from sandbox.torture.floor import Done
from sandbox.torture.script import Fault, Strike, write_script

SWEPT_EVERY = timedelta(seconds=5)
FOREVER = 10_000.0
"""Until the test puts it right."""

Struck = Callable[[Strike], tuple[Chaos, Damage]]


@pytest.fixture
def world(stack: Stack) -> World:
    return World(stack, Options(sweep_every=SWEPT_EVERY))


@pytest.fixture
def struck(stack: Stack) -> Iterator[Struck]:
    """Strike the stack; afterwards it is put right in any case."""
    playing: list[tuple[Chaos, threading.Thread]] = []

    def strike(one: Strike) -> tuple[Chaos, Damage]:
        damage = Damage()
        chaos = Chaos(stack, replace(write_script(1, 1, 1.0), strikes=(one,)), Done(), damage)
        thread = threading.Thread(target=chaos.play)
        thread.start()
        playing.append((chaos, thread))
        return chaos, damage

    yield strike
    for chaos, thread in playing:
        chaos.mend_all()
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_a_broken_release_makes_dead_letters_whose_redrive_keeps_the_order(
    world: World, stack: Stack, struck: Struck
) -> None:
    till = Till(HARBOUR, "31", first=1)
    stream = f"till:{POSLOG}:{HARBOUR}/31"
    chaos, damage = struck(Strike(0.0, Fault.DEPLOYMENT_BROKEN, lasts=FOREVER, what=POSTING))
    world.wait("the release", lambda: damage.faults[Fault.DEPLOYMENT_BROKEN.value] == 1, within=10)
    tickets = [till.sale([Item("MUG-ENAMEL")]) for _ in range(3)]
    for ticket in tickets:
        assert world.sell(ticket).status == 200

    def stands() -> bool:
        lanes = stopped_lanes(stack.ledger(), stack.consumers)
        return any((lane.consumer, lane.stream) == (POSTING, stream) and lane.bell for lane in lanes)

    world.wait("the lane to stand", stands, within=90)
    sqs = stack.endpoint.client("sqs")

    def dead() -> int:
        names = ["ApproximateNumberOfMessages"]
        url = stack.topology["dlqs"][POSTING]
        return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]])

    world.wait("the dead letter", lambda: dead() > 0, within=60)
    assert world.posted(tickets) == 0

    chaos.mend_all()

    assert damage.redriven >= 1
    world.wait("all to be posted", lambda: world.posted(tickets) == len(tickets), within=60)
    numbers = [int(str(sale.number).rpartition("-")[2]) for sale in world.booked(tickets)]
    assert numbers == sorted(numbers)
    world.wait("no dead letter to be left", lambda: dead() == 0, within=30)


def test_what_the_relay_does_not_tell_the_sweep_finds(world: World, stack: Stack, struck: Struck) -> None:
    till = Till(HARBOUR, "32", first=1)
    chaos, damage = struck(Strike(0.0, Fault.RELAY_OFF, lasts=FOREVER))
    world.wait("the relay to be off", lambda: damage.faults[Fault.RELAY_OFF.value] == 1, within=10)
    ticket = till.sale([Item("TEA-SMOKED-100")])
    assert world.sell(ticket).status == 200

    world.wait("the sale to be posted", lambda: world.posted([ticket]) == 1, within=90)

    key = stream_key(f"till:{POSLOG}:{HARBOUR}/32")
    assert stack.ledger().get([key])[key]["head"] == 1
    chaos.mend_all()
    again = till.sale([Item("TEA-SMOKED-100")])
    assert world.sell(again).status == 200
    world.wait("the next to be posted", lambda: world.posted([again]) == 1, within=90)
