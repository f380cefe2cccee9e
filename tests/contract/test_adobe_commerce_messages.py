"""What real messages of Adobe Commerce become. The table is what a person would say of each."""

import pytest

from tests.contract.kit.outcomes import outcome
from tests.contract.kit.shared import PAYLOADS

FOLDER = PAYLOADS / "adobe_commerce"

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="real messages are not beside the checkout")

# Carts, pick-up places and hooks that ask before saving say nothing that has happened.
BECOMES: dict[str, list[str]] = {
    "api__4.json": ["ignored: topic not declared: none"],
    "commands__16.json": ["ignored: a hook that asks before something is saved: nothing has happened"],
    "debugging__10.json": ["ProductReported", "PriceReported"],
    "deployment__11.json": ["ProductReported", "PriceReported"],
    "hooks__17.json": ["ignored: a hook that asks before something is saved: nothing has happened"],
    "nested-event__1.json": ["PaymentRecorded capture 1100.00 USD"],
    "product-generate-content__22.json": ["ignored: a hook that asks before something is saved: nothing has happened"],
    "product-update-validation__23.json": ["ignored: a hook that asks before something is saved: nothing has happened"],
    "product-update-validation__24.json": ["ignored: a hook that asks before something is saved: nothing has happened"],
    "rest.in-store-pickup__6.json": ["ignored: topic not declared: none"],
    "rest.in-store-pickup__9.json": ["ignored: topic not declared: none"],
    "rest.manage-sources__7.json": ["ignored: topic not declared: none"],
    "rest.negotiable-order-workflow__4.json": ["ignored: topic not declared: none"],
    "rest.negotiable-order-workflow__5.json": ["ignored: topic not declared: none"],
    "rest.order-create-invoice__13.json": ["PaymentRecorded capture 165.00 USD"],
    "rest.order-prepare-checkout__14.json": ["ignored: topic not declared: none"],
    "shipping-use-cases__12.json": ["ignored: topic not declared: none"],
    "testing__20.json": ["ignored: a hook that asks before something is saved: nothing has happened"],
    "totals-collector-fees__14.json": ["ignored: topic not declared: none"],
}


def topic_of(file: str) -> str:
    """Empty: the body names it."""
    del file
    return ""


@pytest.mark.parametrize("file", sorted(BECOMES))
def test_a_real_message_becomes_what_a_person_would_say(file):
    if not (FOLDER / file).exists():
        pytest.skip(f"{file} is not there")
    assert outcome("adobe_commerce", topic_of(file), file) == BECOMES[file]


def test_every_real_message_is_in_the_table():
    assert {path.name for path in FOLDER.glob("*.json")} <= set(BECOMES)
