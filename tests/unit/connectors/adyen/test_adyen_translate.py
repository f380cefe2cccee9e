import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockstep.canonical.events import DisputeReported, PaymentRecorded
from lockstep.canonical.money import EXPONENTS
from lockstep.canonical.payment import DisputeStatus, PaymentKind, PaymentStatus
from lockstep.connectors.adyen.connector import AdyenConnector
from lockstep.connectors.adyen.dispute import DISPUTES
from lockstep.connectors.adyen.manifest import MANIFEST
from lockstep.connectors.adyen.models import Amount
from lockstep.connectors.adyen.payment import MOVEMENTS
from lockstep.connectors.adyen.values import DECIMALS, money_of
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import UNDECLARED, Delivery

RECEIVED = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def translate(message):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return AdyenConnector().translate(Delivery("adyen.main", "d1", body, RECEIVED))


def item(code="AUTHORISATION", psp="PSP1", **fields):
    return {
        "pspReference": psp,
        "merchantAccountCode": "Lantern",
        "merchantReference": "1042",
        "amount": {"value": 4787, "currency": "EUR"},
        "eventCode": code,
        "eventDate": "2026-11-23T16:00:00+01:00",
        "success": "true",
    } | fields


def message(*items):
    return {"live": "true", "notificationItems": [{"NotificationRequestItem": each} for each in items]}


def only(*arguments, **fields):
    (event,) = translate(message(item(*arguments, **fields))).events
    return event


def test_what_is_declared_is_what_is_translated():
    assert set(MANIFEST.inbound.topics) == {*MOVEMENTS, *DISPUTES}


@pytest.mark.parametrize(("code", "success", "kind", "status"), [
    ("AUTHORISATION", "true", PaymentKind.AUTHORIZATION, PaymentStatus.SUCCEEDED),
    ("AUTHORISATION", "false", PaymentKind.AUTHORIZATION, PaymentStatus.FAILED),
    ("CAPTURE", "true", PaymentKind.CAPTURE, PaymentStatus.SUCCEEDED),
    ("CAPTURE", "false", PaymentKind.CAPTURE, PaymentStatus.FAILED),
    ("CAPTURE_FAILED", "true", PaymentKind.CAPTURE, PaymentStatus.FAILED),
    ("CANCELLATION", "true", PaymentKind.VOID, PaymentStatus.SUCCEEDED),
    ("CANCELLATION", "false", PaymentKind.VOID, PaymentStatus.FAILED),
    ("REFUND", "true", PaymentKind.REFUND, PaymentStatus.SUCCEEDED),
    ("REFUND", "false", PaymentKind.REFUND, PaymentStatus.FAILED),
    ("REFUND_FAILED", "true", PaymentKind.REFUND, PaymentStatus.FAILED),
    ("REFUNDED_REVERSED", "true", PaymentKind.REFUND_REVERSAL, PaymentStatus.SUCCEEDED),
    ("PAYOUT_THIRDPARTY", "true", PaymentKind.PAYOUT, PaymentStatus.SUCCEEDED),
    ("PAYOUT_DECLINE", "true", PaymentKind.PAYOUT, PaymentStatus.FAILED),
    ("POSTPONED_REFUND", "true", PaymentKind.REFUND, PaymentStatus.PENDING),
    ("POSTPONED_REFUND", "false", PaymentKind.REFUND, PaymentStatus.FAILED),
])  # fmt: skip
def test_what_a_code_means(code, success, kind, status):
    data = only(code, success=success, originalReference="PSP0").data
    assert (data.kind, data.status, data.payment, data.id) == (kind, status, "PSP0", "PSP1")


@pytest.mark.parametrize("success", ["true", "TRUE", " true ", True])
def test_success_is_a_text_or_a_truth(success):
    assert only(success=success).data.status is PaymentStatus.SUCCEEDED


@pytest.mark.parametrize("success", [None, "", "perhaps", [], {}])
def test_success_that_is_neither_is_refused(success):
    with pytest.raises(MessageMalformed, match="success"):
        only(success=success)


@pytest.mark.parametrize(("fields", "kind"), [
    ({"operations": ["CANCEL", "CAPTURE", "REFUND"]}, PaymentKind.AUTHORIZATION),
    ({"operations": ["REFUND"]}, PaymentKind.SALE),
    ({"additionalData": {"captureDelayHours": "0"}}, PaymentKind.SALE),
    ({"additionalData": {"captureDelayHours": "-1"}}, PaymentKind.AUTHORIZATION),
    ({"operations": ["REFUND"], "success": "false"}, PaymentKind.AUTHORIZATION),
    ({}, PaymentKind.AUTHORIZATION),
])  # fmt: skip
def test_an_authorization_with_nothing_left_to_capture_is_a_sale(fields, kind):
    assert only(**fields).data.kind is kind


@pytest.mark.parametrize(("action", "kind"), [
    ("cancel", PaymentKind.VOID), ("refund", PaymentKind.REFUND), ("explode", PaymentKind.OTHER), (None, PaymentKind.OTHER),
])  # fmt: skip
def test_a_cancel_or_refund_is_what_it_did(action, kind):
    assert only("CANCEL_OR_REFUND", additionalData={"modification.action": action}).data.kind is kind


def test_a_reason_is_told_of_failures_only():
    assert only(reason="038291:0004:03/2030").data.reason is None
    assert only(success="false", reason="Not enough balance").data.reason == "Not enough balance"
    assert only(success="false", reason="null").data.reason is None


def test_items_have_events_of_their_own_and_repeated_ones_one():
    many = message(item(), item("CAPTURE", "PSP2"), item("CAPTURE", "PSP2"), item("ORDER_CLOSED", "PSP3"))
    translation = translate(many)
    assert [event.id.partition("/")[2] for event in translation.events] == [
        "PaymentRecorded/PSP1/authorization/succeeded",
        "PaymentRecorded/PSP2/capture/succeeded",
    ]
    assert translation.ignored == (f"{UNDECLARED}ORDER_CLOSED",)


@pytest.mark.parametrize("other", [
    {"type": "recurring.token.created", "data": {}},
    {"type": "balancePlatform.transfer.updated", "data": {"amount": {"value": "x"}}},
    {"SaleToPOIRequest": {"EventNotification": {}}},
])  # fmt: skip
def test_other_webhooks_are_ignored(other):
    translation = translate(other)
    assert translation.events == ()
    assert translation.ignored[0].startswith(UNDECLARED)


# ---- disputes ----


def test_a_chargeback_moves_money_and_is_a_dispute():
    more = {"chargebackReasonCode": " 4853", "defensePeriodEndsAt": "2026-12-10T09:00:00+01:00"}
    money, dispute = translate(message(item("CHARGEBACK", originalReference="PSP0", additionalData=more))).events
    assert isinstance(money, PaymentRecorded)
    assert isinstance(dispute, DisputeReported)
    assert money.data.kind is PaymentKind.CHARGEBACK
    assert (dispute.data.status, dispute.data.reason) == (DisputeStatus.OPEN, "4853")
    assert dispute.data.due_by == datetime(2026, 12, 10, 8, tzinfo=UTC)
    assert money.data.amount == dispute.data.amount


def test_a_second_chargeback_is_another_movement():
    ids = {translate(message(item(code))).events[0].id for code in ("CHARGEBACK", "SECOND_CHARGEBACK")}
    assert len(ids) == 2


@pytest.mark.parametrize(("code", "named", "status"), [
    ("NOTIFICATION_OF_CHARGEBACK", None, DisputeStatus.INQUIRY),
    ("NOTIFICATION_OF_CHARGEBACK", "Undefended", DisputeStatus.INQUIRY),
    ("REQUEST_FOR_INFORMATION", "Unresponded", DisputeStatus.INQUIRY),
    ("REQUEST_FOR_INFORMATION", "Expired", DisputeStatus.INQUIRY),
    ("REQUEST_FOR_INFORMATION", "Responded", DisputeStatus.UNDER_REVIEW),
    ("CHARGEBACK", "Expired", DisputeStatus.LOST),
    ("CHARGEBACK", "Accepted", DisputeStatus.LOST),
    ("CHARGEBACK_REVERSED", None, DisputeStatus.UNDER_REVIEW),
    ("CHARGEBACK_REVERSED", "Won", DisputeStatus.WON),
    ("SECOND_CHARGEBACK", None, DisputeStatus.LOST),
    ("ISSUER_RESPONSE_TIMEFRAME_EXPIRED", "Something new", DisputeStatus.WON),
])  # fmt: skip
def test_how_a_dispute_stands(code, named, status):
    events = translate(message(item(code, additionalData={"disputeStatus": named}))).events
    assert events[-1].data.status is status


def test_a_message_of_classic_platforms_is_known_by_its_type():
    told = translate({"eventType": "TRANSFER_FUNDS", "pspReference": "PSP1", "content": {}})
    assert told.ignored == (f"{UNDECLARED}TRANSFER_FUNDS",)


@pytest.mark.parametrize("until", ["", "soon", None, 7, "2026-99-99"])
def test_a_deadline_that_is_none_does_no_harm(until):
    events = translate(message(item("CHARGEBACK", additionalData={"defensePeriodEndsAt": until}))).events
    assert events[-1].data.id == "PSP1"


# ---- money ----


@pytest.mark.parametrize(("value", "currency", "major"), [
    (4787, "EUR", "47.87"),
    (1290000, "CLP", "12900"),
    (1500, "CVE", "1500.00"),
    (250000, "IDR", "250000.00"),
    (500000, "ISK", "5000"),
    (3600, "JPY", "3600"),
    (12345, "KWD", "12.345"),
    (5000, "UGX", "5000"),
])  # fmt: skip
def test_decimals_are_adyen_s(value, currency, major):
    assert only(amount={"value": value, "currency": currency}).data.amount.amount == Decimal(major)


@given(st.integers(0, 10**15), st.sampled_from(sorted(EXPONENTS)))
@settings(deadline=None)
def test_an_amount_is_taken_exactly_or_not_at_all(value, currency):
    places = DECIMALS.get(currency, EXPONENTS[currency])
    try:
        money = money_of(Amount(value=value, currency=currency), "amount")
    except MessageMalformed:
        assert Decimal(value).scaleb(-places) % Decimal(1).scaleb(-EXPONENTS[currency])
    else:
        assert money.amount * 10**places == value


@pytest.mark.parametrize("amount", [
    {"value": "47.87", "currency": "EUR"}, {"value": -1, "currency": "EUR"}, {"value": 1, "currency": "EURO"},
    {"value": 1}, {"currency": "EUR"}, {}, None, [], {"value": True, "currency": "EUR"}, {"value": 10**40, "currency": "EUR"},
])  # fmt: skip
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(MessageMalformed, match="amount"):
        only(amount=amount)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"{}", b'{"notificationItems": [{}]}', b'{"notificationItems": 7}'])
def test_what_is_no_message_is_refused(body):
    with pytest.raises(MessageMalformed):
        translate(body)
