import json
import subprocess
import sys
from pathlib import Path

import pytest

import lockstep.connectors.poslog
from lockstep.connectors.poslog.manifest import MANIFEST
from sandbox.retailer import RETAILER

ROOT = Path(__file__).parents[4]
FIXTURES = Path(lockstep.connectors.poslog.__file__).parent / "fixtures"
SAMPLES = sorted((ROOT / "events" / "apigateway").glob("poslog.*.json"))


def test_generated_files_are_as_their_sources_have_them():
    checked = subprocess.run(
        [sys.executable, "-m", "tools.generate", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_a_request_that_is_yet_to_be_signed(sample):
    request = json.loads(sample.read_text(encoding="utf-8"))
    assert request["version"] == "2.0"
    assert request["requestContext"]["http"]["method"] == "POST"
    assert not set(MANIFEST.inbound.signature.headers) & set(request["headers"])
    assert len(request["body"].encode()) == int(request["headers"]["content-length"])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_speaks_of_the_demo_retailer(sample):
    golden = next(FIXTURES.rglob(f"{sample.stem.removeprefix('poslog.')}.expected.json"))
    gtins = {product.gtin for product in RETAILER.products}
    tenders = {tender.code for tender in RETAILER.tenders}
    taxes = {tax.code for tax in RETAILER.taxes}
    for event in json.loads(golden.read_text(encoding="utf-8")).get("events", []):
        data = event["data"]
        store = RETAILER.store(data.get("location") or data["id"]["store"])
        if "location" in data:
            found = {entry["item"]["value"] for entry in (*data.get("movements", ()), *data.get("counts", ()))}
            assert found <= gtins
            continue
        assert data["id"]["workstation"] not in store.workstations  # sent by hand, it would leave a gap at one of them
        assert data.get("currency", RETAILER.currency) == RETAILER.currency
        assert {line["item"]["value"] for line in data.get("lines", ())} <= gtins
        assert {tender["tender"] for tender in data.get("tenders", ())} <= tenders
        assert {tax["code"] for tax in data.get("taxes", ())} <= taxes


def test_taxes_of_the_samples_are_the_retailers_rates():
    golden = json.loads((FIXTURES / "sale.expected.json").read_text(encoding="utf-8"))
    for tax in golden["events"][0]["data"]["taxes"]:
        assert float(tax["rate"]) == float(RETAILER.tax(tax["code"]).rate) * 100
