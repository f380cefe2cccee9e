"""The sandbox's ERP as a process: what stays over a stop, a crash and a reset, and that it leaves with its starter."""

import datetime as dt
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lockstep.connectors.tryton.client import TrytonClient
from lockstep.connectors.tryton.target import TrytonTarget
from lockstep.messaging.outbound import Posted
from sandbox.aws.environment import SandboxSetupError
from sandbox.erp import template
from sandbox.erp.books import ErpBooks
from sandbox.erp.environment import ROOT, VENVS
from sandbox.erp.server import ErpError, TrytonErp
from sandbox.retailer import DOWNTOWN, LAST_UNITS_SKU, RETAILER
from tests.e2e.tryton.erp_documents import ACCOUNT, connection, document, line, receipt


def sell_last_units(erp: TrytonErp) -> str:
    one = document(erp, receipt(line(LAST_UNITS_SKU, 2)))
    (result,) = TrytonTarget(ACCOUNT, TrytonClient(connection(erp))).post([one], look_up_first=False)
    assert isinstance(result, Posted)
    return one.document.key


def test_books_outlast_a_stop_and_a_crash_and_not_a_reset(tmp_path: Path) -> None:
    with TrytonErp(run_dir=tmp_path) as erp:
        url, books = erp.url, ErpBooks(erp)
        assert books.stock(LAST_UNITS_SKU, DOWNTOWN) == 2
        key = sell_last_units(erp)
        for end in (erp.stop, erp.kill):
            end()
            assert not erp.running
            assert not erp.healthy
            erp.start()
            assert erp.url == url
            assert books.stock(LAST_UNITS_SKU, DOWNTOWN) == 0
            assert [sale.external_ref for sale in books.sales()] == [key]

        erp.reset()

        assert erp.healthy
        assert books.sales() == []
        assert books.stock(LAST_UNITS_SKU, DOWNTOWN) == 2


def test_the_template_holds_the_retailer(erp: TrytonErp, books: ErpBooks) -> None:
    names = erp.facts.counterparts()

    assert set(names["item"]) == {product.sku for product in RETAILER.products}
    assert set(names["store"]) == {store.code for store in RETAILER.stores}
    assert set(names["tender"]) == {tender.code for tender in RETAILER.tenders}
    assert set(names["tax"]) == {tax.code for tax in RETAILER.taxes}
    assert set(names["charge"]) == {charge.kind for charge in RETAILER.charges}
    assert books.stock("JKT-OILSKIN-L", "102") == RETAILER.store("102").opening_stock["JKT-OILSKIN-L"]


def test_it_leaves_when_whoever_started_it_is_killed(erp: TrytonErp, tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from sandbox.erp.server import TrytonErp\n"
        f"erp = TrytonErp(run_dir=Path({str(tmp_path)!r})); erp.prepare(); erp.start(); print(erp.url, flush=True)\n"
        "time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        left_behind = TrytonErp(run_dir=tmp_path, port=int(starter.stdout.readline().rpartition(":")[2]))
        left_behind.prepare()
        assert left_behind.healthy
        starter.kill()
    deadline = time.monotonic() + 10
    while left_behind.healthy:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_is_not_started_twice_nor_unprepared(erp: TrytonErp, tmp_path: Path) -> None:
    with pytest.raises(ErpError, match="already running"):
        erp.start()
    with pytest.raises(ErpError, match="not been prepared"):
        TrytonErp(run_dir=tmp_path).start()


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / "erp-data").mkdir()
    (tmp_path / "erp-data" / "erp.sqlite").write_bytes(b"this is no database, but a text of some length")
    broken = TrytonErp(run_dir=tmp_path)
    broken.prepare()

    with pytest.raises(ErpError, match=r"did not answer within 3 s(?s:.*)not a database"):
        broken.start(within=3)

    assert not broken.running


def test_a_build_that_fails_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    nonsense = RETAILER.__class__(**{**RETAILER.__dict__, "currency": "", "stores": ()})
    steps: list[str] = []
    (tmp_path / "building-erp-killed").mkdir()
    (tmp_path / "erp-of-last-year.sqlite").touch()

    with pytest.raises(SandboxSetupError, match="Currency"):
        template.prepare(VENVS / "erp" / "bin" / "python", tmp_path, steps.append, retailer=nonsense)

    assert "company" in steps
    assert [path.name for path in tmp_path.iterdir()] == ["erp.lock"]


def test_the_template_is_made_anew_when_the_year_or_the_retailer_changes() -> None:
    order = {"first_day": dt.date(2025, 1, 1)}

    assert template._fingerprint(order) == template._fingerprint(dict(order))
    assert template._fingerprint(order) != template._fingerprint({"first_day": dt.date(2026, 1, 1)})


def test_writers_at_the_same_time_get_numbers_of_their_own(erp: TrytonErp) -> None:
    def post(_: int) -> list[str]:
        target = TrytonTarget(ACCOUNT, TrytonClient(connection(erp)))
        documents = [document(erp, receipt(line("POSTCARD-SET"))) for _ in range(8)]
        return [posted.number for posted in target.post(documents, look_up_first=False) if isinstance(posted, Posted)]

    with ThreadPoolExecutor(max_workers=4) as pool:
        numbers = [number for posted in pool.map(post, range(4)) for number in posted]

    assert len(numbers) == 32
    assert len(set(numbers)) == 32
