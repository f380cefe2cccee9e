"""Many small worlds, each with its own faults. A failing seed repeats its story: `simulation.story.simulate(seed)`."""

import pytest

from simulation.story import simulate
from tests.simulation.planted_faults import FAULTS

SEEDS = 150
MOST_SEEDS = 600
"""Worlds within which a planted fault must show; most show within twenty."""


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_world_keeps_every_promise(seed: int) -> None:
    simulate(seed)


def test_a_seed_repeats_its_story() -> None:
    first, second = simulate(7), simulate(7)

    assert first.table.items == second.table.items
    assert first.ledger.booked == second.ledger.booked
    assert first.clock.now() == second.clock.now()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_noticed(fault: str) -> None:
    for seed in range(MOST_SEEDS):
        try:
            with FAULTS[fault]():
                simulate(seed)
        except Exception:  # noqa: BLE001  # a broken promise, or a core that trips over its own fault
            return
    pytest.fail(f"{MOST_SEEDS} worlds did not notice that {fault}")
