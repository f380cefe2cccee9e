from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from lockstep.canonical.identifiers import (
    Gln,
    Gtin,
    ItemReference,
    Sku,
    StoreId,
    TransactionId,
    check_digit,
    is_gtin,
    normalize_gtin,
)

BODIES = st.sampled_from([7, 11, 12, 13]).flatmap(
    lambda length: st.text(alphabet="0123456789", min_size=length, max_size=length)
)
PARTS = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9 .:_-]{0,20}[A-Za-z0-9])?", fullmatch=True)


@pytest.mark.parametrize("gtin", ["96385074", "036000291452", "4006381333931", "9521000000018", "10614141000415"])
def test_gtins_of_all_lengths_are_known_by_their_check_digit(gtin):
    assert is_gtin(gtin)
    assert normalize_gtin(gtin) == gtin.zfill(14)


@pytest.mark.parametrize(
    "wrong",
    [
        "4006381333932",
        "400638133393",
        "",
        "0",
        "40063813339310",
        "40063813E3931",
        "4006381333931".replace("4", "\N{FULLWIDTH DIGIT FOUR}"),
    ],
)
def test_what_is_no_gtin_is_refused(wrong):
    assert not is_gtin(wrong)
    with pytest.raises(ValidationError, match="GTIN"):
        TypeAdapter(Gtin).validate_python(wrong)


@given(BODIES)
def test_every_number_has_one_right_check_digit(body):
    right = check_digit(body)
    assert [digit for digit in range(10) if is_gtin(f"{body}{digit}")] == [right]


@given(BODIES, st.data())
def test_one_wrong_digit_is_always_found(body, data):
    number = f"{body}{check_digit(body)}"
    place = data.draw(st.integers(min_value=0, max_value=len(number) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))
    assert not is_gtin(number[:place] + other + number[place + 1 :])


def test_a_gln_has_thirteen_digits_and_a_check_digit():
    assert TypeAdapter(Gln).validate_python("9521000101012") == "9521000101012"
    for wrong in ("9521000101013", "96385074", "952100010101"):
        with pytest.raises(ValidationError, match="GLN"):
            TypeAdapter(Gln).validate_python(wrong)


def test_an_item_is_looked_up_by_its_gtin_in_one_form_and_by_anything_else_as_written():
    assert ItemReference(value="036000291452").lookup == ItemReference(value="0036000291452").lookup
    assert ItemReference(value="SHIRT-M").lookup == "SHIRT-M"


@pytest.mark.parametrize("wrong", ["", " ", " A", "A ", "A\nB", "A\tB", "x" * 65])
def test_identifiers_are_printable_and_bounded(wrong):
    with pytest.raises(ValidationError):
        TypeAdapter(Sku).validate_python(wrong)


def test_a_store_holds_no_slash_or_two_transactions_could_share_one_text():
    with pytest.raises(ValidationError, match="slash"):
        TypeAdapter(StoreId).validate_python("12/3")


@given(PARTS, PARTS, st.dates(), st.integers(min_value=0, max_value=10**12))
def test_a_transaction_identity_there_and_back(store, workstation, business_day, sequence):
    identity = TransactionId(store=store, workstation=workstation, business_day=business_day, sequence=sequence)
    assert TransactionId.parse(str(identity)) == identity


@pytest.mark.parametrize(
    "text",
    [
        "",
        "101/1/2026-11-23",
        "101/1/2026-11-23/7/8",
        "101/1/20261123/7",
        "101/1/2026-11-23/007",
        "101/1/2026-11-31/7",
        "/1/2026-11-23/7",
    ],
)
def test_a_text_that_is_not_how_an_identity_is_written_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        TransactionId.parse(text)


def test_an_identity_is_immutable():
    identity = TransactionId(store="101", workstation="1", business_day=date(2026, 11, 23), sequence=7)
    with pytest.raises(ValidationError, match="frozen"):
        identity.sequence = 8
