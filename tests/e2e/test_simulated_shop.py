"""The simulated shop as a process, spoken to by the connector over HTTP."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from lockstep.connectors.shopify.target import ShopifyStock
from lockstep.messaging.errors import EndpointUnavailable, OutcomeUnknown
from lockstep.messaging.outbound import StateChange, StateKey, StateOutcome
from sandbox.aws.environment import ROOT
from sandbox.retailer import DOWNTOWN, LAST_UNITS_SKU, RETAILER
from sandbox.shops.catalog import item_id, location_id
from sandbox.shops.faults import FaultKind
from sandbox.shops.process import ShopProcessError, SimulatedShop
from sandbox.shops.stock import NotEnough

if TYPE_CHECKING:
    from pathlib import Path

KEY = StateKey(LAST_UNITS_SKU, DOWNTOWN)


def change(target: ShopifyStock, expected: int | None, desired: int) -> StateChange:
    item, location = target.references(KEY)
    ids = {item: item_id(RETAILER.product(KEY.sku)), location: location_id(RETAILER.store(KEY.location))}
    return StateChange(KEY, expected, desired, ids)


def test_the_last_units_are_gone_from_the_shop(tmp_path: Path) -> None:
    with SimulatedShop(tmp_path) as shop:
        target = ShopifyStock.connect("shopify.main", shop.secret, allowed_hosts=("127.0.0.1",))
        sold_out = [change(target, 2, 0)]
        shop.control.order_fault(FaultKind.LOST_ANSWER)
        with pytest.raises(OutcomeUnknown):
            target.push(sold_out, idempotency_key="k1")
        assert target.push(sold_out, idempotency_key="k1") == [StateOutcome()]
        assert target.read(sold_out) == [0]
        assert shop.control.levels()[KEY] == 0
        with pytest.raises(NotEnough):
            shop.control.sell(KEY.sku, KEY.location)
        assert [movement["changes"][0]["after"] for movement in shop.control.history()] == [0]
        assert len(shop.journal.read_text().splitlines()) == 1
        assert shop.secret["token"] not in shop.log.read_text()
    with pytest.raises(EndpointUnavailable):
        target.read(sold_out)
    with pytest.raises(ShopProcessError):
        _ = shop.base_url


def test_a_shop_that_was_restarted_still_knows_what_it_did(tmp_path: Path) -> None:
    with SimulatedShop(tmp_path) as shop:
        target = ShopifyStock.connect("shopify.main", shop.secret, allowed_hosts=("127.0.0.1",))
        sold_out = [change(target, 2, 0)]
        assert target.push(sold_out, idempotency_key="k1") == [StateOutcome()]
        was = shop.base_url
        shop.stop()
        shop.start(again=True)
        assert shop.base_url == was
        assert target.read(sold_out) == [0]
        assert target.push(sold_out, idempotency_key="k1") == [StateOutcome()], "the key's answer, not a stale quantity"
        assert len(shop.control.history()) == 1
        shop.stop()
        shop.start()
        assert shop.control.levels()[KEY] == 2, "and one that is started anew begins again"


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with SimulatedShop(tmp_path / "first") as first:
        port = int(first.base_url.rpartition(":")[2])
        with pytest.raises(ShopProcessError, match="Address already in use"):
            SimulatedShop(tmp_path / "second", port=port).start()


def test_the_shop_does_not_outlive_who_started_it(tmp_path: Path) -> None:
    starter = (
        "import os, pathlib, sys\n"
        "from sandbox.shops.process import SimulatedShop\n"
        "print(SimulatedShop(pathlib.Path(sys.argv[1])).start().base_url, flush=True)\n"
        "os._exit(1)\n"
    )
    command = [sys.executable, "-c", starter, str(tmp_path)]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert process.returncode == 1
    port = int(process.stdout.strip().rpartition(":")[2])
    with pytest.raises(ConnectionError):
        _connect_until_refused(port)


def _connect_until_refused(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        time.sleep(0.02)
