from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from cli.environment import Deployed
from cli.main import app
from cli.session import Session
from infra import registry
from lockstep.connectors.poslog.connector import PoslogConnector
from lockstep.messaging.errors import SenderError
from lockstep.messaging.inbound import Delivery, Request
from tests.unit.operations.retail_world import KNOWN, TILL, World

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "whsec_" + base64.b64encode(b"of the test, and long").decode()


@dataclass
class Door:
    """The webhook, as far as a caller can tell: verifies, translates and accepts with the real connector."""

    world: World

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        self.url, self.headers = url, headers
        connector, now = PoslogConnector(), self.world.clock.now()
        try:
            delivery_id = connector.verify(Request(headers, body), (SECRET,), now)
            delivery = Delivery(TILL, delivery_id, body, now)
            translation = connector.translate(delivery)
        except SenderError as error:
            return error.status, json.dumps({"error": str(error)}).encode()
        receipt = self.world.accept(*translation.events, delivery_id=delivery_id)
        answer = {
            "delivery": delivery_id,
            "accepted": receipt.accepted,
            "duplicates": receipt.duplicates,
            "repeated": receipt.repeated,
            "deferred": receipt.deferred,
        }
        return 200, json.dumps(answer).encode()


@pytest.fixture
def world() -> World:
    world = World()
    world.map(KNOWN)
    return world


@pytest.fixture
def door(world: World) -> Door:
    return Door(world)


@pytest.fixture
def deployed(world: World, door: Door) -> Deployed:
    def pause(seconds: float) -> None:
        world.clock.advance(seconds=seconds)
        world.run()

    return Deployed(
        name="local",
        api_url="http://127.0.0.1:1/api",
        ledger=world.ledger_table,
        masterdata=world.masterdata,
        claims=world.claims,
        doorbells=world.doorbells,
        clock=world.clock,
        random=world.random,
        consumers=world.consumers,
        specs=world.specs,
        manifests=registry.connectors(),
        accounts=world.accounts,
        dead_letters=world.dead_letters,
        other_dlqs=("bus", "relay", "tickets"),
        redrives=("tickets",),
        secret=lambda _account: {"current": SECRET},
        decider=lambda consumer: world._workflows[consumer][0],
        post=door,
        pause=pause,
    )


@dataclass
class Answer:
    """What one call of the command line gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def lockstep(deployed: Deployed) -> Callable[..., Answer]:
    """Runs the command line on the small retailer."""

    def run(*arguments: object, stdin: str | None = None) -> Answer:
        session = Session(connect=lambda _name: deployed)
        result: Result = CliRunner().invoke(app, list(map(str, arguments)), obj=session, input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    return run
