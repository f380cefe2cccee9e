"""What we send, and what the simulated shop is, held against the vendor's published schema."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import graphql
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    build_schema,
    parse,
    specified_directives,
    validate,
)

from lockstep.connectors.shopify import documents, translate
from lockstep.connectors.shopify.manifest import OUTBOUND
from lockstep.connectors.shopify.reports.finance import DISPUTES, PAYOUTS
from lockstep.connectors.shopify.reports.fulfilment import PROGRESS, RETURNS, STATUSES
from lockstep.connectors.shopify.reports.orders import FULFILMENT, PAYMENT
from lockstep.connectors.shopify.reports.payments import KINDS
from lockstep.connectors.shopify.reports.refunds import RESTOCK
from lockstep.connectors.shopify.topics import IGNORED, WEBHOOKS
from lockstep.connectors.shopify.user_errors import MEANINGS
from lockstep.messaging.outbound import StateChange, StateKey

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT.parent / "shared" / "contracts" / "shopify" / f"admin_{OUTBOUND.api_version}.json.gz"
SIMULATED = build_schema((ROOT / "sandbox" / "shops" / "schema.graphql").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def vendor() -> GraphQLSchema:
    if not CONTRACT.exists():
        pytest.skip(f"the vendor's schema {CONTRACT.name} is not at hand")
    with gzip.open(CONTRACT) as file:
        content = json.load(file)
    # Assumed to be valid: some implementations are deprecated where their interface is not, which the library refuses.
    return build_client_schema(content.get("data", content), assume_valid=True)


@pytest.fixture(params=["vendor", "simulated"])
def schema(request: pytest.FixtureRequest) -> GraphQLSchema:
    """Both, so that the documents are held against a schema even where the vendor's is not at hand."""
    return request.getfixturevalue("vendor") if request.param == "vendor" else SIMULATED


def a_change(expected: int | None) -> StateChange:
    key = StateKey("COAT", "101")
    return StateChange(
        key,
        expected,
        1,
        {
            translate.item_reference(key, "shopify.main"): "gid://shopify/InventoryItem/1",
            translate.location_reference(key, "shopify.main"): "gid://shopify/Location/1",
        },
    )


@pytest.mark.parametrize("document", [documents.SET_QUANTITIES, documents.AVAILABLE_AT])
def test_the_documents_are_valid(schema: GraphQLSchema, document: str) -> None:
    assert validate(schema, parse(document)) == []


def test_the_query_for_a_return_is_valid(vendor: GraphQLSchema) -> None:
    """The simulated shop has no returns: only the vendor's schema can say so."""
    assert validate(vendor, parse(documents.RETURN)) == []
    assert validate(vendor, parse(documents.RETURN.replace("closedAt", "updatedAt")))


def test_every_status_of_a_return_has_a_meaning(vendor: GraphQLSchema) -> None:
    kind = vendor.get_type("ReturnStatus")
    assert isinstance(kind, GraphQLEnumType)
    assert {name.lower() for name in kind.values} <= set(RETURNS)


def test_every_declared_topic_is_one_of_the_vendor_s(vendor: GraphQLSchema) -> None:
    kind = vendor.get_type("WebhookSubscriptionTopic")
    assert isinstance(kind, GraphQLEnumType)
    declared = {topic.replace("/", "_").upper() for topic in (*WEBHOOKS, *IGNORED)}
    assert declared <= set(kind.values)


@pytest.mark.parametrize(
    ("name", "meanings", "not_in_messages"),
    [
        ("OrderDisplayFinancialStatus", PAYMENT, set()),
        ("OrderDisplayFulfillmentStatus", FULFILMENT, {"FULFILLMENT_NOT_REQUIRED"}),
        ("ShopifyPaymentsPayoutStatus", PAYOUTS, set()),
        ("DisputeStatus", DISPUTES, set()),
        ("RefundLineItemRestockType", RESTOCK, set()),
        ("OrderTransactionKind", KINDS, {"SUGGESTED_REFUND"}),
        ("FulfillmentStatus", STATUSES, set()),
        ("FulfillmentEventStatus", PROGRESS, set()),
    ],
)
def test_every_word_of_the_vendor_s_has_a_meaning(
    vendor: GraphQLSchema, name: str, meanings: dict[str, object], not_in_messages: set[str]
) -> None:
    """Messages write them in lower case."""
    kind = vendor.get_type(name)
    assert isinstance(kind, GraphQLEnumType)
    assert {word.lower() for word in set(kind.values) - not_in_messages} <= set(meanings)


def test_the_directive_is_checked_and_not_overlooked(schema: GraphQLSchema) -> None:
    for wrong in ("@idempotent(uniqueKey: $key)", "@idempotent"):
        assert validate(schema, parse(documents.SET_QUANTITIES.replace("@idempotent(key: $key)", wrong)))


@pytest.mark.parametrize("expected", [3, None])
def test_the_input_coerces(schema: GraphQLSchema, expected: int | None) -> None:
    variables = translate.set_quantities([a_change(expected)], "shopify.main", "key")
    kind = schema.get_type("InventorySetQuantitiesInput")
    assert isinstance(kind, GraphQLInputObjectType)
    assert graphql.coerce_input_value(variables["input"], kind) == variables["input"]
    wrong = {**variables["input"], "ignoreCompareQuantity": True}
    assert graphql.coerce_input_value(wrong, kind) is graphql.Undefined
    assert all("changeFromQuantity" in quantity for quantity in variables["input"]["quantities"])


def test_every_code_has_a_meaning_and_no_code_is_made_up(vendor: GraphQLSchema) -> None:
    kind = vendor.get_type("InventorySetQuantitiesUserErrorCode")
    assert isinstance(kind, GraphQLEnumType)
    assert set(MEANINGS) == set(kind.values)


def test_the_vendor_still_says_what_it_asks_at_run_time(vendor: GraphQLSchema) -> None:
    """Both are mandatory although the types say otherwise; the descriptions are all the schema has on that."""
    assert vendor.mutation_type is not None
    assert "idempotency key is required" in (vendor.mutation_type.fields["inventorySetQuantities"].description or "")
    quantity = vendor.get_type("InventoryQuantityInput")
    assert isinstance(quantity, GraphQLInputObjectType)
    assert "mandatory" in (quantity.fields["changeFromQuantity"].description or "")


def test_the_simulated_shop_has_nothing_the_vendor_has_not(vendor: GraphQLSchema) -> None:
    for name, ours in SIMULATED.type_map.items():
        if name.startswith("__"):
            continue
        theirs = vendor.type_map[name]
        assert type(ours) is type(theirs), name
        if isinstance(ours, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field, definition in ours.fields.items():
                assert str(definition.type) == str(theirs.fields[field].type), f"{name}.{field}"  # type: ignore[union-attr]
                for argument, declared in getattr(definition, "args", {}).items():
                    known = theirs.fields[field].args[argument]  # type: ignore[union-attr]
                    assert str(declared.type) == str(known.type), f"{name}.{field}({argument})"
        if isinstance(ours, GraphQLEnumType):
            assert set(ours.values) <= set(theirs.values), name  # type: ignore[union-attr]


def test_the_simulated_shop_s_directive_is_the_vendor_s(vendor: GraphQLSchema) -> None:
    (ours,) = [d for d in SIMULATED.directives if d not in specified_directives]
    theirs = vendor.get_directive(ours.name)
    assert theirs is not None
    assert {name: str(a.type) for name, a in ours.args.items()} == {
        name: str(a.type) for name, a in theirs.args.items()
    }
    assert ours.locations == theirs.locations
