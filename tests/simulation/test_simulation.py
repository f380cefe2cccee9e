"""Many small worlds, each with its own faults. A failing seed repeats its story: `simulation.story.simulate(seed)`."""

from collections import Counter

import pytest

from simulation.campaign import campaign
from simulation.story import simulate
from tests.simulation.planted_faults import FAULTS

SEEDS = 80
MOST_SEEDS = 200
"""Worlds within which a planted fault must show; most show within fifty."""
KINDS = {
    "bad-deployment",
    "batched-anew",
    "bell-dead-lettered",
    "bell-doubled",
    "bell-lost",
    "bell-overtook",
    "bus-event-doubled",
    "bus-event-dropped",
    "contention",
    "corrected-by-a-person",
    "dead-letter-redriven",
    "delivered-again",
    "document-corrected-by-a-person",
    "document-refused",
    "killed-after-a-bell",
    "killed-after-a-call",
    "killed-after-a-claim",
    "killed-after-a-write",
    "killed-before-a-bell",
    "killed-before-a-call",
    "killed-before-a-claim",
    "killed-before-a-read",
    "killed-before-a-write",
    "ledger-outage",
    "maintenance",
    "name-imported-late",
    "number-lost",
    "number-passed-over",
    "paused-by-a-person",
    "period-closed",
    "position-refused",
    "process-out-of-time",
    "queue-purged",
    "rate-limited",
    "shop-outage",
    "skipped-by-a-person",
    "slow",
    "transaction-unbalanced",
    "unanswered",
    "unavailable",
    "workflow-added",
}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_world_keeps_every_promise(seed: int) -> None:
    simulate(seed)


def test_a_seed_repeats_its_story() -> None:
    first, second = simulate(7), simulate(7)

    assert first.table.items == second.table.items
    assert first.ledger.booked == second.ledger.booked
    assert first.clock.now() == second.clock.now()


def test_every_kind_of_fault_strikes() -> None:
    results = list(campaign(range(60), jobs=1))

    struck = sum((result.faults for result in results), Counter[str]())
    assert struck.keys() >= KINDS
    assert all(result.steps > 0 for result in results)
    assert sum(result.interleavings for result in results) > 0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_noticed(fault: str) -> None:
    for seed in range(MOST_SEEDS):
        try:
            with FAULTS[fault]():
                simulate(seed)
        except Exception:  # noqa: BLE001  # a broken promise, or a core that trips over its own fault
            return
    pytest.fail(f"{MOST_SEEDS} worlds did not notice that {fault}")
