"""Lends the small retailer from the tests of the operations."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "operations"))
