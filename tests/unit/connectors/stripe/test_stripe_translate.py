import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockstep.canonical.events import DisputeReported, DocumentUnbalanced, PaymentRecorded, PayoutReported
from lockstep.canonical.money import Money
from lockstep.canonical.payment import DisputeStatus, PaymentKind, PaymentStatus
from lockstep.connectors.stripe.connector import StripeConnector
from lockstep.connectors.stripe.manifest import MANIFEST
from lockstep.connectors.stripe.payment import REFUNDS_OF_CHARGE
from lockstep.connectors.stripe.translate import _TOPICS, RESOURCES
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import UNDECLARED, Delivery

RECEIVED = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
AT = 1795446000


def translate(message, topic="", **settings):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return StripeConnector(**settings).translate(Delivery("stripe.main", "d1", body, RECEIVED, topic))


def event(kind, carried, **fields):
    data = {"object": carried, "previous_attributes": fields.pop("before", {})}
    return {"id": "evt_1", "object": "event", "type": kind, "created": AT, "livemode": True, "data": data} | fields


def only(kind, carried, **fields):
    (found,) = translate(event(kind, carried, **fields)).events
    return found


def charge(**fields):
    return {
        "id": "ch_1",
        "object": "charge",
        "status": "succeeded",
        "amount": 1000,
        "amount_captured": 1000,
        "amount_refunded": 0,
        "captured": True,
        "created": AT,
        "currency": "usd",
        "payment_intent": "pi_1",
    } | fields


def intent(**fields):
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "status": "succeeded",
        "amount": 1000,
        "amount_received": 1000,
        "capture_method": "automatic",
        "created": AT,
        "currency": "usd",
        "latest_charge": "ch_1",
    } | fields


def test_what_is_declared_is_what_is_translated():
    assert set(MANIFEST.inbound.topics) == set(_TOPICS)
    assert set(MANIFEST.inbound.reads) == {*RESOURCES.values(), REFUNDS_OF_CHARGE}


@pytest.mark.parametrize(("topic", "of_charge", "intent_topic", "of_intent"), [
    ("charge.succeeded", {}, "payment_intent.succeeded", {}),
    ("charge.succeeded", {"captured": False, "amount_captured": 0}, "payment_intent.amount_capturable_updated",
     {"status": "requires_capture", "amount_capturable": 1000, "amount_received": 0, "capture_method": "manual"}),
    ("charge.captured", {}, "payment_intent.succeeded", {"capture_method": "manual"}),
    ("charge.captured", {"amount_captured": 600}, "payment_intent.succeeded",
     {"capture_method": "manual", "amount_received": 600}),
    ("charge.pending", {"status": "pending"}, "payment_intent.processing", {"status": "processing"}),
    ("charge.failed", {"status": "failed", "captured": False}, "payment_intent.payment_failed",
     {"status": "requires_payment_method", "latest_charge": None, "last_payment_error": {"charge": "ch_1"}}),
])  # fmt: skip
def test_a_charge_and_its_payment_intent_are_one_event(topic, of_charge, intent_topic, of_intent):
    told, again = only(topic, charge(**of_charge)), only(intent_topic, intent(**of_intent))
    assert told.id == again.id
    assert told.data.amount == again.data.amount
    assert told.data.payment == again.data.payment == "pi_1"


def test_a_charge_captured_in_parts_is_several_movements():
    first = only("charge.captured", charge(amount_captured=300), before={"amount_captured": 0})
    second = only("charge.captured", charge(amount_captured=900), before={"amount_captured": 300})
    last = only("payment_intent.succeeded", intent(capture_method="manual", amount_received=900))
    assert (first.data.amount.minor, second.data.amount.minor) == (300, 600)
    assert first.id != second.id
    assert last.id == first.id, "the sum of all is told again, and changes nothing"


def test_old_versions_list_the_charges_of_a_payment_intent():
    old = intent(charges={"data": [charge(id="ch_2", status="failed"), charge()]})
    del old["latest_charge"]
    assert only("payment_intent.succeeded", old).data.id == "ch_1"


@pytest.mark.parametrize(("paid", "kind", "status"), [
    (True, PaymentKind.SALE, PaymentStatus.SUCCEEDED),
    (False, PaymentKind.AUTHORIZATION, PaymentStatus.FAILED),
])  # fmt: skip
def test_charges_of_old_versions_say_paid_instead_of_a_status(paid, kind, status):
    told = only("charge.succeeded", charge(status=None, paid=paid, refunds=[])).data
    assert (told.kind, told.status) == (kind, status)


def test_bills_of_old_versions_say_paid_instead_of_a_status():
    bill = {"id": "in_1", "object": "invoice", "amount_due": 1000, "charge": "ch_1", "currency": "usd"}
    told = only("invoice.payment_succeeded", bill | {"paid": True}).data
    assert (told.id, told.kind, told.amount) == ("ch_1", PaymentKind.SALE, Money(amount="10.00", currency="USD"))
    assert not translate(event("invoice.payment_succeeded", bill | {"paid": False})).events


def test_an_attempt_that_failed_has_another_status_in_old_versions():
    carried = intent(status="requires_source", latest_charge=None, last_payment_error={"charge": "ch_1"})
    assert only("payment_intent.payment_failed", carried).data.status is PaymentStatus.FAILED


def test_an_address_of_nothing_is_none():
    empty = dict.fromkeys(("line1", "line2", "city", "state", "postal_code", "country"))
    carried = {"id": "cus_1", "object": "customer", "created": AT, "name": "N", "address": empty}
    assert only("customer.created", carried | {"shipping": {"name": "N", "address": empty}}).data.addresses == ()


def test_a_bill_is_its_charge():
    bill = {"id": "in_1", "status": "paid", "amount_paid": 1000, "currency": "usd", "charge": "ch_1", "created": AT}
    assert only("invoice.paid", bill).id == only("charge.succeeded", charge()).id


@pytest.mark.parametrize(("mode", "carried"), [("live", True), ("test", False)])
def test_test_mode_is_a_property_of_the_account(mode, carried):
    assert only("charge.succeeded", charge(livemode=carried), livemode=carried).data.id == "ch_1", mode


def test_test_events_of_connected_accounts_are_ignored():
    test = event("charge.succeeded", charge(), livemode=False, account="acct_1")
    assert translate(test).ignored == ("a test event of a connected account",)
    assert translate(test, takes_tests=True).events
    assert translate({"object": "list", "data": [test]}, "fetched/event", takes_tests=True).events
    assert translate(event("charge.succeeded", charge(), account="acct_1")).events


def test_refunds_that_a_charge_does_not_carry_are_read():
    translation = translate(event("charge.refunded", charge(amount_refunded=300), account="acct_1"))
    (notice,) = translation.notices
    assert (notice.resource, notice.key, notice.version) == (REFUNDS_OF_CHARGE, "acct_1/ch_1", "refunded-300")


def test_a_list_of_refunds_that_goes_on_is_read_too():
    refunds = {"data": [{"id": "re_1", "amount": 300, "created": AT}], "has_more": True}
    translation = translate(event("charge.refunded", charge(amount_refunded=900, refunds=refunds)))
    assert [each.data.amount.minor for each in translation.events] == [300]
    assert [notice.resource for notice in translation.notices] == [REFUNDS_OF_CHARGE]


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=6))
@settings(deadline=None)
def test_refunds_over_several_days_are_each_one_event(amounts):
    refunds = [
        {"id": f"re_{place}", "amount": amount, "currency": "usd", "created": AT + place, "status": "succeeded"}
        for place, amount in enumerate(amounts)
    ]
    seen = {}
    for so_far in range(1, len(refunds) + 1):
        carried = charge(amount=10**7, refunds={"data": refunds[:so_far][::-1], "has_more": False})
        for each in translate(event("charge.refunded", carried)).events:
            seen.setdefault(each.id, each.data.amount)
    for each in refunds:
        alone = only("refund.created", each | {"charge": "ch_1", "payment_intent": "pi_1"})
        assert seen[alone.id] == alone.data.amount
    assert Money.total(seen.values(), "USD").minor == sum(amounts)


def test_a_refund_that_had_succeeded_and_failed_came_back():
    refund = {"id": "re_1", "amount": 300, "currency": "usd", "created": AT, "status": "failed", "charge": "ch_1"}
    failed, back = translate(event("refund.updated", refund, before={"status": "succeeded"})).events
    assert (failed.data.kind, failed.data.status) == (PaymentKind.REFUND, PaymentStatus.FAILED)
    assert (back.data.kind, back.data.status) == (PaymentKind.REFUND_REVERSAL, PaymentStatus.SUCCEEDED)
    assert len(translate(event("refund.updated", refund, before={"status": "pending"})).events) == 1


def dispute(status="needs_response", moved=(), **fields):
    return {
        "id": "dp_1",
        "object": "dispute",
        "status": status,
        "amount": 1000,
        "currency": "usd",
        "created": AT,
        "charge": "ch_1",
        "balance_transactions": [{"amount": amount, "fee": fee, "currency": "usd"} for amount, fee in moved],
    } | fields


@pytest.mark.parametrize(("status", "means"), [
    ("warning_needs_response", DisputeStatus.INQUIRY),
    ("warning_closed", DisputeStatus.CLOSED),
    ("needs_response", DisputeStatus.OPEN),
    ("under_review", DisputeStatus.UNDER_REVIEW),
    ("won", DisputeStatus.WON),
    ("lost", DisputeStatus.LOST),
    ("something_new", DisputeStatus.UNKNOWN),
])  # fmt: skip
def test_how_a_dispute_stands(status, means):
    assert only("charge.dispute.updated", dispute(status)).data.status is means


def test_the_same_dispute_under_another_topic_is_the_same_event():
    ids = {only(f"charge.dispute.{what}", dispute(moved=[(-1000, 1500)])).id for what in ("created", "updated")}
    assert len(ids) == 1


def test_money_of_a_dispute_moves_with_its_fees():
    moved = [(-1000, 1500), (1000, -1500)]
    back, stands = translate(event("charge.dispute.funds_reinstated", dispute("won", moved))).events[::-1]
    assert isinstance(stands, DisputeReported)
    assert stands.data.fee.minor == 0
    assert back.data.kind is PaymentKind.CHARGEBACK_REVERSAL


def test_disputes_of_old_versions_are_known_by_their_charge():
    old = dispute(evidence_due_by=AT, evidence="some words")
    del old["id"], old["balance_transactions"]
    assert only("charge.dispute.updated", old).data.id == "ch_1"


def payout(**fields):
    return {
        "id": "po_1",
        "object": "payout",
        "status": "paid",
        "amount": 5000,
        "currency": "usd",
        "created": AT,
        "arrival_date": AT,
    } | fields


def moved(kind, amount, fee=0):
    return {"type": kind, "amount": amount, "fee": fee, "currency": "usd"}


@given(
    st.lists(
        st.tuples(st.sampled_from(["charge", "refund", "adjustment"]), st.integers(-9999, 9999), st.integers(0, 99))
    )
)
@settings(deadline=None)
def test_a_payout_is_what_its_movements_come_to(parts):
    amount = sum(each - fee for _, each, fee in parts)
    movements = [moved("payout", -amount), *(moved(kind, each, fee) for kind, each, fee in parts)]
    message = {"payout": payout(amount=amount), "balance_transactions": movements}
    (found,) = translate(message, "fetched/payout").events
    assert isinstance(found, PayoutReported)
    assert found.data.fees.minor == sum(fee for *_, fee in parts)
    assert sum(part.amount.minor for part in found.data.parts) == (amount if found.data.parts else 0)


def test_a_payout_that_is_not_its_movements_is_unbalanced():
    message = {"payout": payout(amount=5000), "balance_transactions": [moved("charge", 5001)]}
    (found,) = translate(message, "fetched/payout").events
    assert isinstance(found, DocumentUnbalanced)
    assert (found.data.due.minor, found.data.stated.minor) == (5001, 5000)


def test_a_thin_event_is_a_notice_with_its_account():
    thin = {
        "id": "evt_2",
        "object": "v2.core.event",
        "type": "v1.charge.succeeded",
        "created": "2026-11-23T15:00:00Z",
        "livemode": True,
        "context": "acct_1",
        "related_object": {"id": "ch_1", "type": "charge"},
    }
    (notice,) = translate(thin).notices
    assert (notice.resource, notice.key, notice.version) == ("charge", "acct_1/ch_1", "evt_2")
    thin["related_object"]["type"] = "billing.meter"
    assert translate(thin).ignored == (f"{UNDECLARED}v1.charge.succeeded",)


def test_a_charge_that_was_captured_later_is_told_by_its_payment_intent():
    read = charge(payment_intent={"id": "pi_1", "capture_method": "manual"})
    (found,) = translate(read, "fetched/charge").events
    assert isinstance(found, PaymentRecorded)
    assert (found.data.kind, found.data.payment) == (PaymentKind.CAPTURE, "pi_1")


def test_a_page_of_events_is_translated_as_they_are_and_tells_money_once():
    page = {
        "object": "list",
        "data": [event("charge.succeeded", charge()), event("payment_intent.succeeded", intent())],
    }
    assert [each.data.id for each in translate(page, "fetched/event").events] == ["ch_1"]


def test_a_price_of_several_at_once_is_none_of_one():
    carried = {"id": "price_1", "object": "price", "product": "prod_1", "currency": "usd", "unit_amount": 1000}
    package = {"divide_by": 10, "round": "up"}
    assert only("price.created", carried | {"transform_quantity": None}).data.prices
    told = translate(event("price.created", carried | {"transform_quantity": package}))
    assert told.ignored == ("a price of several at once",)


def test_a_price_below_a_cent_is_ignored():
    price = {"id": "price_1", "product": "prod_1", "currency": "usd", "unit_amount": None, "unit_amount_decimal": "0.5"}
    assert translate(event("price.created", price)).events == ()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"{}", b'{"type": "charge.succeeded"}', b'{"type": {"a": 1}}'])
def test_what_is_no_event_is_refused(body):
    with pytest.raises(MessageMalformed):
        translate(body)


def test_the_path_of_what_is_missing_is_named_in_a_list_too():
    with pytest.raises(MessageMalformed, match=r"data\.1\.data\.object\.currency is missing"):
        translate(
            {"object": "list", "data": [event("x", {}), event("charge.succeeded", charge(currency=None))]},
            "fetched/event",
        )
