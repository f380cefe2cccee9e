"""POSLog against what other people wrote: documents of three point-of-sale makers, and the signature standard's vector."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lockstep.canonical.events import TransactionClosed
from lockstep.canonical.sale_transaction import TransactionKind
from lockstep.connectors.poslog.connector import PoslogConnector
from lockstep.messaging.errors import MessageExpired, MessageMalformed, SignatureInvalid
from lockstep.messaging.inbound import Delivery, Request

PAYLOADS = Path(__file__).parents[2].parent / "shared" / "payloads"
DOCUMENTS = sorted((PAYLOADS / "poslog").glob("*.xml"))
VECTORS = PAYLOADS / "signature_vectors.json"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
EXPECTED = {
    "digitalreceipt_v6_sek_vat_inclusive__1": (TransactionKind.SALE, "25.00 SEK", "2.68 SEK"),
    "poslog_v6_no_currency_split_tender__1": (TransactionKind.SALE, "30.00 EUR", "5.00 EUR"),
    "retoure__1": (TransactionKind.RETURN, "-2.99 EUR", "-0.48 EUR"),
    "retoure_with_link__1": (TransactionKind.RETURN, "-1.29 EUR", "-0.21 EUR"),
    "sale_with_posStorno__1": (TransactionKind.SALE, "2.78 EUR", "0.44 EUR"),
}

needs_documents = pytest.mark.skipif(not DOCUMENTS, reason="no documents of other makers beside the checkout")
needs_vectors = pytest.mark.skipif(not VECTORS.exists(), reason="no signature vectors beside the checkout")


def translate(document, currency="EUR"):
    delivery = Delivery("poslog.main", "msg_1", document.read_bytes(), NOW)
    return PoslogConnector(default_currency=currency).translate(delivery)


@needs_documents
def test_every_document_is_known():
    assert {document.stem for document in DOCUMENTS} == EXPECTED.keys()


@needs_documents
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_a_real_document_is_translated_and_its_totals_are_kept(document):
    translation = translate(document)
    (event,) = translation.events
    assert isinstance(event, TransactionClosed)
    assert (event.data.kind, str(event.data.total), str(event.data.tax)) == EXPECTED[document.stem]
    assert translation.ignored == ()


@needs_documents
def test_a_real_return_follows_the_sale_it_links_to():
    document = next(document for document in DOCUMENTS if document.stem == "retoure_with_link__1")
    (event,) = translate(document).events
    assert event.follows() == ("poslog.main/TransactionClosed/100/10001/2024-10-15/3569",)


@needs_documents
def test_a_real_document_without_currency_is_refused_where_the_account_has_none():
    document = next(document for document in DOCUMENTS if "no_currency" in document.stem)
    with pytest.raises(MessageMalformed, match="currency"):
        translate(document, currency=None)


def vector():
    return next(entry for entry in json.loads(VECTORS.read_text()) if entry["vendor"] == "standardwebhooks")


def verify(given, *, body=None, secrets=None, off=timedelta(0), **headers):
    signed = {
        "webhook-id": given["id"],
        "webhook-timestamp": str(given["timestamp"]),
        "webhook-signature": given["expected"],
    }
    now = datetime.fromtimestamp(given["timestamp"], UTC) + off
    request = Request(headers={**signed, **headers}, body=(body or given["body"]).encode())
    return PoslogConnector().verify(request, secrets or (given["secret"],), now)


@needs_vectors
def test_the_vector_of_the_signature_standard_is_accepted():
    assert verify(vector()) == vector()["id"]
    assert verify(vector(), secrets=("whsec_" + "b3RoZXIh" * 4, vector()["secret"])) == vector()["id"]


@needs_vectors
def test_one_flipped_byte_is_refused():
    given = vector()
    for place in range(len(given["body"])):
        flipped = given["body"][:place] + chr(ord(given["body"][place]) ^ 1) + given["body"][place + 1 :]
        with pytest.raises(SignatureInvalid):
            verify(given, body=flipped)


@needs_vectors
def test_a_stale_or_incomplete_message_is_refused():
    with pytest.raises(MessageExpired):
        verify(vector(), off=timedelta(minutes=6))
    with pytest.raises(SignatureInvalid, match="webhook-id"):
        verify(vector(), **{"webhook-id": ""})
