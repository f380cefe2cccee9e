"""What the end-to-end tests share: the embedded AWS of the session, with sockets allowed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.aws.environment import ROOT, prepare
from sandbox.aws.server import EmbeddedAws
from sandbox.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.environment import AwsEnvironment

HERE = Path(__file__).parent
RUN_DIR = ROOT / ".sandbox" / "run" / "e2e"
STACK_DIR = ROOT / ".sandbox" / "run" / "e2e-stack"
ERP_POSTER_TIMEOUT = timedelta(seconds=20)
"""Less than the deployed one: a killed poster's lease lasts as long as it might have run, and a test waits for it."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "e2e: runs on the embedded AWS, with real processes and sockets")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.enable_socket)


@pytest.fixture(scope="session")
def aws_environment() -> AwsEnvironment:
    """The environments of the embedded AWS, built when they are not there yet."""
    return prepare()


@pytest.fixture(scope="session")
def embedded_aws(aws_environment: AwsEnvironment) -> Iterator[EmbeddedAws]:
    """One embedded AWS for the session, empty at its start and gone at its end, with every worker."""
    with EmbeddedAws(aws_environment, RUN_DIR) as server:
        yield server


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole world, on the deployed template: embedded AWS, ERP, shop, crosswalk, opening stock. Shared.

    A test uses transactions of its own, asserts what it changed and not what it found, and leaves the ERP running.
    """
    with Stack(run_dir=STACK_DIR, function_timeouts={"tryton.main": ERP_POSTER_TIMEOUT}) as running:
        yield running
