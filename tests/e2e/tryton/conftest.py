"""One real ERP for the tests of this folder."""

from collections.abc import Iterator

import pytest

from lockstep.connectors.tryton.client import TrytonClient
from lockstep.connectors.tryton.target import TrytonTarget
from sandbox.erp.books import ErpBooks
from sandbox.erp.server import TrytonErp
from tests.e2e.tryton.erp_documents import ACCOUNT, connection


@pytest.fixture(scope="session")
def erp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonErp]:
    """One ERP for the session; tests share its database and tell their sales apart by key."""
    with TrytonErp(run_dir=tmp_path_factory.mktemp("erp")) as running:
        yield running


@pytest.fixture
def books(erp: TrytonErp) -> ErpBooks:
    return ErpBooks(erp)


@pytest.fixture
def client(erp: TrytonErp) -> TrytonClient:
    return TrytonClient(connection(erp))


@pytest.fixture
def target(client: TrytonClient) -> TrytonTarget:
    return TrytonTarget(ACCOUNT, client)
