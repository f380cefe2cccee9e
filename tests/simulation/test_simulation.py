"""Many small worlds, each with its own faults. A failing seed repeats its story: `simulate(seed)`."""

import pytest

from simulation.story import simulate

SEEDS = 150


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_world_keeps_every_promise(seed: int) -> None:
    simulate(seed)
