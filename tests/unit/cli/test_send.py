import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from cli.errors import CommandFailed
from cli.samples import Sample, read_sample, renewed
from cli.signing import signed_request
from infra import registry
from lockstep.connectors.poslog.connector import PoslogConnector
from lockstep.messaging.inbound import Delivery
from lockstep.runtime.memory import ManualClock
from tests.unit.cli.conftest import SECRET
from tests.unit.operations.retail_world import TILL

SAMPLES = Path(__file__).parents[3] / "events" / "apigateway"
SALE = SAMPLES / "poslog.sale.json"
LATER = datetime(2027, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _known_articles(world):
    numbers = ["9521000000049", "9521000000063", "9521000000117", "9521000000155"]
    rows = [f"item,S{number},{system},{number}" for number in numbers for system in (TILL, "tryton.main")]
    world.map("\n".join(["kind,canonical,system,value", *rows, *(f"item,S{n},shopify.main,-" for n in numbers), ""]))


def test_a_sample_is_signed_and_accepted(door, lockstep):
    answer = lockstep("send", SALE, "--json")

    (sent,) = answer.json["sent"]
    assert answer.code == 0
    assert (sent["status"], sent["account"], sent["new_events"]) == (200, TILL, 1)
    assert door.url == "http://127.0.0.1:1/api/webhooks/poslog/main"
    assert door.headers["content-type"] == "application/xml; charset=utf-8"


def test_the_same_sample_is_the_same_delivery(lockstep):
    lockstep("send", SALE)
    answer = lockstep("send", SALE)

    assert answer.code == 0
    assert "the same delivery came before" in answer.out


def test_the_same_body_in_another_delivery_is_known(lockstep):
    lockstep("send", SALE)
    answer = lockstep("send", SALE, "--resend")

    assert "another delivery of what is known (1 event): nothing happens twice" in answer.out


def test_new_ones_are_other_sales(world, lockstep):
    answer = lockstep("send", SALE, "--new", "--count", 3, "--json")
    again = lockstep("send", SALE, "--new", "--json")

    assert [sent["new_events"] for sent in answer.json["sent"]] == [1, 1, 1]
    assert len({sent["delivery"] for sent in answer.json["sent"]}) == 3
    entries = [item for item in world.ledger_table.items.values() if item.get("record") == "entry"]
    assert len(entries) == 3 + again.json["sent"][0]["new_events"]


def test_new_ones_leave_no_gap_among_the_numbers_of_a_till(world, lockstep):
    for _ in range(2):
        lockstep("send", SALE, "--new", "--count", 2)
        world.clock.advance(minutes=5)
    said = lockstep("reconcile", "--date", world.clock.now().date(), "--json").json

    tills = [till for store in said["stores"] for till in store["workstations"]]
    assert [(till["first"], till["last"], till["gaps"]) for till in tills] == [(1, 2, []), (1, 2, [])]


def test_one_can_be_followed_to_its_end(world, lockstep):
    answer = lockstep("send", SALE, "--wait", 10, "--json")

    assert answer.code == 0
    assert answer.json["trace"]["events"][0]["settled"] is True
    assert len(world.ledger.documents) == 1


def test_what_does_not_get_through_in_time_is_a_finding(world, lockstep):
    world.ledger.down = True

    answer = lockstep("send", SALE, "--new", "--follow", 2)

    assert answer.code == 1
    assert "target down" in answer.out
    assert lockstep("send", SALE, "--new").code == 0


def test_a_refused_sample_is_a_finding(lockstep):
    answer = lockstep("send", SAMPLES / "poslog.no_sequence_number.json")

    assert answer.code == 1
    assert "400" in answer.out


def test_a_raw_body_needs_to_be_told_where_it_goes(door, lockstep, tmp_path):
    file = tmp_path / "receipt.xml"
    file.write_text(json.loads(SALE.read_text())["body"])

    assert lockstep("send", file).code == 2
    assert lockstep("send", file, "--account", TILL).code == 0
    assert door.headers["content-type"] == "application/xml"


def test_a_connector_that_is_not_there_is_named(lockstep):
    answer = lockstep("send", SALE, "--account", "nobody.main")

    assert answer.code == 2
    assert "poslog" in answer.err


def signed(body, secret=SECRET, system="poslog", **headers):
    sample = Sample(f"{system}.main", body, "application/xml", headers)
    manifest, now = registry.connectors()[system], ManualClock().now()
    return signed_request(manifest, {"current": secret}, sample, delivery="msg_1", url="https://x.example", now=now)


@pytest.mark.parametrize("body", [b"<POSLog/>", "<a>\u00e9</a>".encode(), b"<a>\xe9</a>"])
def test_signatures_are_those_of_the_standard(body):
    now = ManualClock().now()
    request = signed(body)

    fits = PoslogConnector().verify(request, (SECRET,), now + timedelta(minutes=1))
    assert fits == "msg_1"
    if body != b"<a>\xe9</a>":  # the reference package reads UTF-8 only
        assert request.headers["webhook-signature"] == Webhook(SECRET).sign("msg_1", now, body.decode())


@pytest.mark.parametrize("secret", ["", "random at first!"])
def test_an_account_without_a_signing_secret_says_so(secret):
    with pytest.raises(CommandFailed, match="no signing secret"):
        signed(b"", secret)


def test_what_only_goes_out_cannot_be_sent():
    with pytest.raises(CommandFailed, match="Nothing comes in"):
        signed(b"", system="tryton")


def test_only_headers_that_say_what_it_is_are_sent_on():
    headers = signed(b"<POSLog/>", authorization="Bearer x").headers

    assert set(headers) == {"content-type", "webhook-id", "webhook-timestamp", "webhook-signature"}


def test_a_body_in_base64_is_sent_as_it_was(tmp_path):
    event = {
        "rawPath": "/v1/webhooks/poslog/main",
        "headers": {"Content-Type": "text/xml"},
        "body": base64.b64encode(b"\xff\xfe").decode(),
        "isBase64Encoded": True,
    }
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))

    sample = read_sample(file, None)

    assert (sample.account, sample.path, sample.body, sample.content_type) == (
        TILL,
        "/webhooks/poslog/main",
        b"\xff\xfe",
        "text/xml",
    )


def _events(sample):
    delivery = Delivery(sample.account, "d", sample.body, ManualClock().now())
    return PoslogConnector().translate(delivery).events


def _numbers(events):
    return [event.data.id.sequence for event in events]


@pytest.mark.parametrize("name", ["sale", "many", "exchange", "return_linked", "split_tender_change", "post_void"])
def test_renewing_changes_till_number_and_time_of_each_transaction_and_nothing_else(name):
    sample = read_sample(SAMPLES / f"poslog.{name}.json", None)
    before = _events(sample)

    fresh, after = renewed(sample, "new", 5_000, LATER)

    first = min(_numbers(before))
    assert _numbers(_events(fresh)) == [5_000 + number - first for number in _numbers(before)]
    assert {event.data.id.workstation for event in _events(fresh)} == {"new"}
    assert after > max(_numbers(_events(fresh)))
    assert fresh.delivery_id != sample.delivery_id
    assert len(fresh.body.splitlines()) == len(sample.body.splitlines())
    changed = [
        (old, new) for old, new in zip(sample.body.splitlines(), fresh.body.splitlines(), strict=True) if old != new
    ]
    assert len(changed) == 4 * (after - 5_000) >= 4 * len(before)  # what is no sale is renewed, too
    assert {old.partition(b">")[0].strip(b" <") for old, _ in changed} == {
        b"WorkstationID",
        b"SequenceNumber",
        b"BusinessDayDate",
        b"EndDateTime",
    }


@pytest.mark.parametrize("name", ["sale", "many", "return_linked", "post_void"])
def test_what_is_renewed_has_just_happened(name):
    """It would not count against stock that was counted since, and its day may be closed in the ERP."""
    sample = read_sample(SAMPLES / f"poslog.{name}.json", None)
    before = _events(sample)

    fresh, _ = renewed(sample, "new", 5_000, LATER)

    events = _events(fresh)
    assert all(LATER - timedelta(minutes=5) < event.occurred_at <= LATER for event in events)
    assert {event.data.id.business_day for event in events} == {LATER.date()}
    assert [event.follows() for event in events] == [event.follows() for event in before]
    ages = [[event.occurred_at - each[0].occurred_at for event in each] for each in (before, events)]
    assert ages[0] == ages[1]


def test_times_are_moved_as_they_are_written(tmp_path):
    file = tmp_path / "receipt.xml"
    file.write_text(
        "<p:Transaction><p:SequenceNumber>7</p:SequenceNumber><p:BusinessDayDate>soon</p:BusinessDayDate>"
        "<p:TransactionLink/><p:BeginDateTime>2020-01-01T10:00:00</p:BeginDateTime>"
        "<p:EndDateTime>2020-01-01T11:30:00+01:00</p:EndDateTime></p:Transaction>"
    )

    fresh, _ = renewed(read_sample(file, TILL), "new", 5_000, LATER)

    assert b"BusinessDayDate>soon<" in fresh.body
    assert b"BeginDateTime>2027-02-03T03:35:06<" in fresh.body
    assert b"EndDateTime>2027-02-03T05:05:06+01:00<" in fresh.body


def test_what_has_no_transaction_number_cannot_be_renewed(tmp_path):
    file = tmp_path / "raw"
    file.write_bytes(b"nothing")
    with pytest.raises(CommandFailed, match="no transaction number"):
        renewed(read_sample(file, TILL), "new", 1, LATER)
