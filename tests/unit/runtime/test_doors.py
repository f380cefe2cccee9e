"""The door: every call is answered with a declared status, and nothing is half stored."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from lockstep.connectors.poslog.inbound import connector
from lockstep.connectors.poslog.manifest import MANIFEST
from lockstep.messaging.accept import Acceptor
from lockstep.messaging.ports import Write, WriteRefused
from lockstep.runtime.doors import Door
from lockstep.runtime.memory import ManualClock, MemoryClaims, MemoryTable, SeededRandom
from lockstep.runtime.observability import EmbeddedMetrics
from lockstep.runtime.secrets import Secrets
from lockstep.runtime.settings import AccountSettings, InboundSettings

SECRET = "whsec_" + base64.b64encode(b"s" * 24).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 24).decode()
SALE = """<?xml version="1.0" encoding="UTF-8"?>
<POSLog xmlns="http://www.nrf-arts.org/IXRetail/namespace/"><Transaction>
<BusinessUnit><UnitID>101</UnitID></BusinessUnit><WorkstationID>1</WorkstationID>
<SequenceNumber>7</SequenceNumber><BusinessDayDate>2026-11-27</BusinessDayDate><CurrencyCode>USD</CurrencyCode>
<RetailTransaction><LineItem><SequenceNumber>1</SequenceNumber><Sale><ItemID>A-1</ItemID>
<ActualSalesUnitPrice>10.00</ActualSalesUnitPrice><ExtendedAmount>10.00</ExtendedAmount><Quantity>1</Quantity></Sale>
</LineItem><LineItem><SequenceNumber>2</SequenceNumber><Tender TenderType="CASH"><Amount>10.00</Amount></Tender></LineItem>
<Total TotalType="TransactionGrandAmount">10.00</Total></RetailTransaction>
<EndDateTime>2026-11-27T08:59:00Z</EndDateTime></Transaction></POSLog>"""


class SecretsManager:
    """What of Secrets Manager the door uses."""

    def __init__(self) -> None:
        self.value: dict[str, str] = {"current": SECRET}
        self.calls = 0

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803
        assert SecretId == "lockstep/test/poslog.main"
        self.calls += 1
        return {"SecretString": json.dumps(self.value)}


class Street:
    """A door, and what stands before and behind it."""

    def __init__(self, table: MemoryTable | None = None) -> None:
        self.clock = ManualClock()
        self.table = table or MemoryTable()
        self.manager = SecretsManager()
        metrics = EmbeddedMetrics("test")
        account = AccountSettings(secret="lockstep/test/poslog.main")
        self.door = Door(
            MANIFEST,
            connector,
            settings=InboundSettings(
                environment="test", ledger_table="ledger", claims_bucket="claims", accounts={"poslog.main": account}
            ),
            acceptor=Acceptor(self.table, MemoryClaims(), self.clock, SeededRandom(), metrics),
            secrets=Secrets(self.manager, self.clock),
            clock=self.clock,
            metrics=metrics,
        )

    def call(
        self,
        body: str = SALE,
        *,
        delivery: str = "msg_1",
        secret: str = SECRET,
        account: str = "main",
        sent: timedelta = timedelta(0),
        **changes: Any,
    ) -> tuple[int, dict[str, Any]]:
        when = self.clock.now() + sent
        headers = {
            "Webhook-Id": delivery,
            "webhook-timestamp": str(int(when.timestamp())),
            "webhook-signature": Webhook(secret).sign(delivery, when, body),
        }
        call = {"headers": headers, "body": body, "isBase64Encoded": False, "pathParameters": {"account": account}}
        answer = self.door.answer(call | changes)
        return answer["statusCode"], json.loads(answer["body"])


def test_a_signed_sale_is_accepted_and_says_what_it_was() -> None:
    street = Street()

    status, body = street.call()

    assert status == 200
    assert body["accepted"] == ["poslog.main/TransactionClosed/101/1/2026-11-27/7"]
    assert {key.pk.split("#")[0] for key in street.table.items} == {"D", "I", "S", "B"}


def test_a_base64_body_is_the_same_body() -> None:
    status, _ = Street().call(isBase64Encoded=True, body=SALE)
    assert status == 400, "marked as base64, and none"

    street = Street()
    encoded = base64.b64encode(SALE.encode()).decode()
    headers_for = street.clock.now()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(headers_for.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", headers_for, SALE),
    }
    answer = street.door.answer(
        {"headers": headers, "body": encoded, "isBase64Encoded": True, "pathParameters": {"account": "main"}}
    )
    assert answer["statusCode"] == 200


def test_a_repeated_delivery_gets_its_first_answer_and_a_repeated_event_is_a_duplicate() -> None:
    street = Street()
    street.call()
    before = dict(street.table.items)

    status, again = street.call()
    assert (status, again["repeated"], again["accepted"]) == (
        200,
        True,
        ["poslog.main/TransactionClosed/101/1/2026-11-27/7"],
    )
    assert street.table.items == before

    status, other = street.call(delivery="msg_2")
    assert (status, other["accepted"], len(other["duplicates"])) == (200, [], 1)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"secret": OTHER}, 401),
        ({"sent": timedelta(minutes=-6)}, 401),
        ({"sent": timedelta(minutes=6)}, 401),
        ({"headers": {}}, 401),
        ({"headers": None}, 401),
        ({"body": "<POSLog"}, 400),
        ({"body": ""}, 400),
        ({"body": "<!DOCTYPE x [<!ENTITY a 'b'>]><POSLog>&a;</POSLog>"}, 400),
        ({"body": "x" * 4_000_001}, 413),
        ({"account": "nobody"}, 404),
    ],
)
def test_what_is_refused_is_refused_clearly_and_stores_nothing(changes: dict[str, Any], status: int) -> None:
    street = Street()

    answered, body = street.call(**changes)

    assert answered == status
    assert body["error"]
    assert street.table.items == {}


def test_a_secret_that_was_just_rotated_is_fetched_again_once() -> None:
    street = Street()
    street.call()
    street.clock.advance(seconds=60)
    street.manager.value = {"current": OTHER, "previous": SECRET}

    assert street.call(delivery="msg_2", secret=OTHER)[0] == 200
    assert street.call(delivery="msg_3", secret=SECRET)[0] == 200
    assert street.call(delivery="msg_4", secret="whsec_" + base64.b64encode(b"x" * 24).decode())[0] == 401
    assert street.manager.calls == 2


class Contended(MemoryTable):
    """Somebody else always writes first."""

    def write(self, writes: list[Write]) -> None:  # type: ignore[override]
        raise WriteRefused


class Broken(MemoryTable):
    """A defect behind the door."""

    def get(self, keys: Any) -> Any:
        raise RuntimeError("with a secret in it: " + SECRET)


def test_contention_that_does_not_end_is_503_within_the_sender_s_patience() -> None:
    street = Street(Contended())
    started = street.clock.now()

    status, body = street.call()

    assert (status, body) == (503, {"error": "busy: send it again"})
    assert MANIFEST.inbound is not None
    assert street.clock.now() - started < MANIFEST.inbound.answer_within


def test_a_defect_is_a_500_that_tells_nothing() -> None:
    status, body = Street(Broken()).call()

    assert (status, body) == (500, {"error": "internal error: send it again"})


def test_no_secret_and_no_signature_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    street = Street()
    street.call()
    street.call(delivery="msg_2", secret=OTHER)
    street.call(delivery="msg_3", body="<POSLog")

    printed = " ".join(str(vars(record)) for record in caplog.records)
    assert [record.getMessage() for record in caplog.records] == ["accepted", "refused", "refused"]
    for hidden in (SECRET, SECRET.removeprefix("whsec_"), "v1,"):
        assert hidden not in printed
