"""What the end-to-end tests share: the embedded AWS of the session, with sockets allowed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.aws.environment import ROOT, prepare
from sandbox.aws.server import EmbeddedAws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.environment import AwsEnvironment

HERE = Path(__file__).parent
RUN_DIR = ROOT / ".sandbox" / "run" / "e2e"


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
