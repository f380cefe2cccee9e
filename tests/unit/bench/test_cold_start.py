"""What keeps a cold start cheap, held where it would quietly be lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.cold_start import ColdStarts

FUNCTIONS = Path(__file__).parents[3] / "functions"


def imported(program: str, **variables: str) -> object:
    """What a program prints, as JSON, in an interpreter of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LOCKSTEP_"))}
    done = subprocess.run(
        [sys.executable, "-c", f"import gc, json, sys; {program}"],
        env={**environment, "PYTHONPATH": str(FUNCTIONS), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_a_door_loads_neither_boto3_nor_what_other_functions_need() -> None:
    modules = imported("import lockstep.connectors.poslog.inbound; print(json.dumps(sorted(sys.modules)))")
    assert isinstance(modules, list)
    assert "lockstep.runtime.doors" in modules
    unwanted = {"boto3", "s3transfer", "lockstep.runtime.consumers", "lockstep.messaging.workflow"}
    assert not unwanted & set(modules)


@pytest.mark.parametrize(("variables", "patient"), [({"AWS_LAMBDA_FUNCTION_NAME": "f"}, True), ({}, False)])
def test_garbage_is_not_looked_for_in_the_middle_of_a_cold_start(variables: dict[str, str], patient: bool) -> None:
    threshold = imported("import lockstep; print(json.dumps(gc.get_threshold()[0]))", **variables)
    assert isinstance(threshold, int)
    assert (threshold >= 150_000) is patient


def test_the_ratio_is_the_median_of_pairs_not_that_of_medians() -> None:
    """A machine that slows down in the middle slows both of a pair."""
    starts = ColdStarts(((0.15, 0.10), (0.30, 0.20), (0.14, 0.10)))
    assert starts.ratio == pytest.approx(1.5)
    assert starts.ours_ms == pytest.approx(150)
    assert starts.baseline_ms == pytest.approx(100)
