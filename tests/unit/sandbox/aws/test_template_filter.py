from __future__ import annotations

import copy
from typing import Any

import pytest

from sandbox.aws.template_filter import ABSENT, UNSUPPORTED, filter_template

ARCHIVE = {"Type": "AWS::Events::Archive", "Properties": {"SourceArn": "a"}}
PLAIN_HTTP_DENIED = {
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "sqs:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
ALLOWED = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}


def _queue_policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "AWS::SQS::QueuePolicy", "Properties": {"PolicyDocument": {"Statement": list(statements)}}}


@pytest.mark.parametrize("entry", UNSUPPORTED, ids=lambda entry: entry.resource_type)
def test_each_unsupported_resource_is_left_out_with_its_reason(entry: Any) -> None:
    resource = {"Type": entry.resource_type, "Properties": {"Metrics": [{"Id": "m"}]}}

    filtered, differences = filter_template({"Resources": {"Gone": resource}})

    assert filtered == {"Resources": {}}
    assert [(item.logical_id, item.kind, item.reason) for item in differences] == [("Gone", "left out", entry.reason)]


def test_an_alarm_on_one_metric_stays() -> None:
    template = {"Resources": {"A": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "m"}}}}

    assert filter_template(template) == (template, [])


def test_a_template_without_anything_to_change_stays_as_it_is_and_the_original_is_never_touched() -> None:
    template = {
        "Resources": {
            "Archive": ARCHIVE,
            "Policy": _queue_policy(PLAIN_HTTP_DENIED, ALLOWED),
            "Queue": {"Type": "AWS::SQS::Queue", "DependsOn": ["Archive"]},
        },
        "Outputs": {"Archive": {"Value": {"Ref": "Archive"}}},
    }
    before = copy.deepcopy(template)

    filter_template(template)

    assert template == before


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"Ref": "Archive"}, f"{ABSENT}-Archive"),
        ({"Fn::GetAtt": ["Archive", "Arn"]}, f"{ABSENT}-Archive"),
        ({"Fn::GetAtt": "Archive.Arn"}, f"{ABSENT}-Archive"),
        ({"Fn::Sub": "x/${Archive.Arn}/${Queue}"}, {"Fn::Sub": f"x/{ABSENT}-Archive/${{Queue}}"}),
        (
            {"Fn::Sub": ["${v}/${Archive}", {"v": {"Ref": "Archive"}}]},
            {"Fn::Sub": [f"${{v}}/{ABSENT}-Archive", {"v": f"{ABSENT}-Archive"}]},
        ),
        ({"Fn::Join": ["", ["a", {"Ref": "Archive"}]]}, {"Fn::Join": ["", ["a", f"{ABSENT}-Archive"]]}),
        ({"Ref": "Queue"}, {"Ref": "Queue"}),
        ({"Ref": "AWS::Region"}, {"Ref": "AWS::Region"}),
        ({"Fn::Sub": "${AWS::Region}"}, {"Fn::Sub": "${AWS::Region}"}),
    ],
)
def test_references_to_what_was_left_out_say_so(reference: Any, expected: Any) -> None:
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": {"V": reference}}}}
    template = {"Resources": {"Archive": ARCHIVE, "F": function}, "Outputs": {"O": {"Value": reference}}}

    filtered, _ = filter_template(template)

    assert filtered["Resources"]["F"]["Properties"]["Environment"]["Variables"]["V"] == expected
    assert filtered["Outputs"]["O"]["Value"] == expected


@pytest.mark.parametrize(
    ("depends_on", "expected"),
    [("Archive", None), (["Archive"], None), (["Archive", "Queue"], ["Queue"]), ("Queue", ["Queue"])],
)
def test_dependencies_on_what_was_left_out_go(depends_on: Any, expected: Any) -> None:
    template = {"Resources": {"Archive": ARCHIVE, "F": {"Type": "AWS::SQS::Queue", "DependsOn": depends_on}}}

    filtered, _ = filter_template(template)

    assert filtered["Resources"]["F"].get("DependsOn") == expected


def test_only_the_statement_that_asks_for_tls_is_dropped() -> None:
    other_denial = {**PLAIN_HTTP_DENIED, "Condition": {"Bool": {"aws:ViaAWSService": "false"}}}
    conditional = {**ALLOWED, "Condition": PLAIN_HTTP_DENIED["Condition"]}
    template = {"Resources": {"P": _queue_policy(PLAIN_HTTP_DENIED, ALLOWED, other_denial, conditional)}}

    filtered, differences = filter_template(template)

    assert filtered["Resources"]["P"] == _queue_policy(ALLOWED, other_denial, conditional)
    assert [(item.logical_id, item.kind) for item in differences] == [("P", "adjusted")]


def test_a_policy_that_only_asks_for_tls_is_left_out_with_the_references_to_it() -> None:
    template = {
        "Resources": {
            "P": _queue_policy(PLAIN_HTTP_DENIED),
            "F": {"Type": "AWS::SQS::Queue", "DependsOn": ["P"]},
        }
    }

    filtered, differences = filter_template(template)

    assert filtered == {"Resources": {"F": {"Type": "AWS::SQS::Queue"}}}
    assert [(item.logical_id, item.kind) for item in differences] == [("P", "left out")]


def test_a_reference_to_a_secret_becomes_its_arn() -> None:
    template = {
        "Resources": {"S": {"Type": "AWS::SecretsManager::Secret", "Properties": {}}},
        "Outputs": {
            "Ref": {"Value": {"Ref": "S"}, "Export": {"Name": "s"}},
            "Sub": {"Value": {"Fn::Sub": "${S}:key"}},
            "Already": {"Value": {"Fn::GetAtt": ["S", "Id"]}},
        },
    }

    filtered, differences = filter_template(template)

    arn = {"Fn::GetAtt": ["S", "Id"]}
    assert filtered["Outputs"] == {
        "Ref": {"Value": arn, "Export": {"Name": "s"}},
        "Sub": {"Value": {"Fn::Sub": "${S.Id}:key"}},
        "Already": {"Value": arn},
    }
    assert [(item.logical_id, item.kind) for item in differences] == [("S", "adjusted")]


def test_who_may_send_one_message_may_send_several() -> None:
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    template = {
        "Resources": {
            "P": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Statement": [statement]}}},
            "Q": {
                "Type": "AWS::IAM::Policy",
                "Properties": {"PolicyDocument": {"Statement": [{**statement, "Action": ["sqs:ReceiveMessage"]}]}},
            },
        }
    }

    filtered, differences = filter_template(template)

    actions = filtered["Resources"]["P"]["Properties"]["PolicyDocument"]["Statement"][0]["Action"]
    assert actions == ["sqs:SendMessage", "sqs:SendMessageBatch"]
    assert [difference.logical_id for difference in differences] == ["P"]
