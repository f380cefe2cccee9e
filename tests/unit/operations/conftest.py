from __future__ import annotations

import pytest

from tests.unit.operations.retail_world import KNOWN, World


@pytest.fixture
def world() -> World:
    """A retailer whose tills, ledger and shop know one article, the scarf."""
    world = World()
    world.map(KNOWN)
    return world
