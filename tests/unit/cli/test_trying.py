"""Commands that need no stack: what becomes of a message, whether it is genuine, how far a connector is proven."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook
from typer.testing import CliRunner

import lockstep.connectors.poslog
from cli.main import app
from infra import registry
from lockstep.messaging.topics import declared_topic, plain, resources

FIXTURES = Path(lockstep.connectors.poslog.__file__).parent / "fixtures"
SECRET = "whsec_" + base64.b64encode(b"a secret that is long").decode()
OTHER = "whsec_" + base64.b64encode(b"another that is long.").decode()
NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)


def run(*arguments):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def translated(name, *options, topic="POSLog"):
    result = run("translate", "poslog", topic, FIXTURES / name, *options)
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.parametrize(
    ("name", "code", "outcome", "word"),
    [
        ("sale.xml", 0, "translated", "ok"),
        ("ignored.xml", 0, "ignored", "not_for_us"),
        ("unbalanced.xml", 2, "exception", "unbalanced_totals"),
        ("refused/no_item.xml", 3, "refused", "message_malformed"),
    ],
)
def test_what_becomes_of_a_message(name, code, outcome, word):
    ended, said = translated(name)
    assert (ended, said["outcome"], said["code"]) == (code, outcome, word)
    assert list(said)[:4] == ["outcome", "code", "events", "notices"]
    assert bool(said["events"]) == (outcome in {"translated", "exception"})


def test_the_account_may_be_told():
    _, said = translated("refused/no_currency.xml", "--currency", "SEK")
    assert said["events"][0]["data"]["currency"] == "SEK"
    _, said = translated("sale.xml", "--account", "north")
    assert said["events"][0]["source"] == "poslog.north"


@pytest.mark.parametrize(("options", "outcome"), [((), "ignored"), (("--takes-tests",), "translated")])
def test_an_order_that_is_a_test_is_tried_as_a_development_shop_takes_it(tmp_path, options, outcome):
    order = tmp_path / "order.json"
    lines = [{"id": 1, "sku": "A", "quantity": 1, "price": "5.00"}]
    order.write_text(json.dumps({"id": 1, "test": True, "currency": "EUR", "total_price": "5.00", "line_items": lines}))
    said = json.loads(run("translate", "shopify", "orders/create", order, *options).stdout)
    assert said["outcome"] == outcome


@pytest.mark.parametrize("name", ["Mars/Utopia", "../etc/localtime", ""])
def test_a_time_zone_that_there_is_none_of_is_said(name):
    result = run("translate", "poslog", "POSLog", FIXTURES / "sale.xml", "--time-zone", name)
    assert result.exit_code == 1
    assert "is no time zone" in result.stderr


def test_a_refusal_says_why():
    _, said = translated("refused/no_item.xml")
    assert said["error"].endswith("ItemID is missing")


def test_who_is_not_there_is_told_who_is():
    result = run("translate", "nobody", "x", FIXTURES / "sale.xml")
    assert result.exit_code == 1
    assert "poslog" in result.stderr


@pytest.mark.parametrize("words", ["orders/create", "orders-create", "ORDERS_CREATE", "orders.create"])
def test_a_topic_may_be_written_in_many_ways(words):
    assert plain(words) == "orders-create"


def test_a_topic_of_each_connector_is_known_by_its_own_words():
    for manifest in registry.connectors().values():
        if manifest.inbound is not None:
            for topic in manifest.inbound.topics:
                assert declared_topic(manifest.inbound, topic.replace("/", "-").upper()) == topic


def test_a_resource_is_meant_by_its_name_too():
    for manifest in registry.connectors().values():
        if manifest.inbound is not None:
            for resource in resources(manifest.inbound):
                for words in (f"fetched/{resource}", f"{resource}_resource", f"resource.{resource}"):
                    assert declared_topic(manifest.inbound, words) == f"fetched/{resource}"


def verified(body, *options, secret=SECRET, at=NOW):
    file_headers = {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(NOW.timestamp())),
        "Webhook-Signature": Webhook(SECRET).sign("msg_1", NOW, body.read_text()),
    }
    headers = [part for name, value in file_headers.items() for part in ("--header", f"{name}={value}")]
    return run(
        "verify", "poslog", body, *headers, "--secret", secret, "--at", at.strftime("%Y-%m-%dT%H:%M:%S"), *options
    )


@pytest.fixture
def body(tmp_path):
    file = tmp_path / "body.xml"
    file.write_text("<POSLog/>")
    return file


def test_a_genuine_message_is_told_from_a_forged_one(body):
    genuine, forged = verified(body), verified(body, secret=OTHER)
    assert (genuine.exit_code, forged.exit_code) == (0, 3)
    assert "genuine: delivery msg_1" in genuine.stdout
    assert "refused: no signature fits" in forged.stdout


def test_it_may_be_one_of_two_secrets(body):
    assert verified(body, "--secret", SECRET, secret=OTHER).exit_code == 0


def test_a_stale_message_is_told_apart(body):
    result = verified(body, "--json", at=NOW.replace(hour=21))
    assert result.exit_code == 3
    assert json.loads(result.stdout)["code"] == "message_expired"


def test_the_secret_is_never_told(body):
    for secret in (SECRET, OTHER, "not base64!"):
        for options in ((), ("--json",)):
            result = verified(body, *options, secret=secret)
            assert secret not in result.stdout + result.stderr
    assert verified(body, secret="not base64!").exit_code == 3


def test_the_table_tells_each_connector_that_receives():
    result = run("connectors", "--json")
    told = {one["connector"]: one for one in json.loads(result.stdout)["connectors"]}
    assert set(told) == {name for name, manifest in registry.connectors().items() if manifest.inbound}
    assert told["poslog"]["topics"] == ["POSLog"]
    assert told["poslog"]["own_messages"] > 40
    assert told["poslog"]["proven_against"][0][0] == "real messages"
    assert "POSLog" in run("connectors").stdout
