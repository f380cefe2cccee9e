"""Channels that nobody plays: their samples are delivered to the running stack, each signed by its own rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from cli.main import app
from infra import registry

if TYPE_CHECKING:
    from sandbox.stack import Stack

SAMPLES = Path(__file__).resolve().parents[2] / "events" / "apigateway"
BOOKED = {"OrderReported", "RefundReported", "TransactionClosed"}
"""Events that would be booked like any other in the systems that these tests share."""


def one_of_each() -> list[Path]:
    found = []
    for system, manifest in registry.connectors().items():
        if manifest.inbound is not None and not BOOKED & {*manifest.inbound.events}:
            found += sorted(SAMPLES.glob(f"{system}.*.json"))[:1]
    return found


@pytest.mark.parametrize("sample", one_of_each(), ids=lambda path: path.stem)
def test_a_sample_is_taken_by_the_running_stack(stack: Stack, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCKSTEP_STACK", str(stack.run_dir / "stack.json"))

    answers = [CliRunner().invoke(app, ["send", str(sample), "--json"]) for _ in range(2)]

    first, again = (json.loads(answer.stdout)["sent"][0] for answer in answers)
    assert (first["status"], again["status"]) == (200, 200)
    assert again["delivery"] == first["delivery"]
    if first["answer"]["accepted"]:
        assert again["answer"]["repeated"] is True
