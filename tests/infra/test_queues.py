"""No message can get lost quietly: every queue, rule, stream and dead letter has somewhere to go and somebody to tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.plan import Plan
    from tests.infra.conftest import Resource, Templates

ALARM_ON_VISIBLE = "ApproximateNumberOfMessagesVisible"


def dead_letter_queues(templates: Templates) -> list[Resource]:
    return [queue for queue in templates.of("AWS::SQS::Queue") if "RedrivePolicy" not in queue.properties]


def working_queues(templates: Templates) -> list[Resource]:
    return [queue for queue in templates.of("AWS::SQS::Queue") if "RedrivePolicy" in queue.properties]


def alarms_on(templates: Templates, queue: Resource, metric: str) -> list[Resource]:
    dimension = {"Name": "QueueName", "Value": {"Fn::GetAtt": [queue.id, "QueueName"]}}
    return [
        alarm
        for alarm in templates.of("AWS::CloudWatch::Alarm")
        if alarm.properties.get("MetricName") == metric and dimension in alarm.properties["Dimensions"]
    ]


def queues_of_consumers(templates: Templates) -> list[Resource]:
    """All but the one that a ticket system reads."""
    return [queue for queue in working_queues(templates) if not queue.properties["QueueName"].endswith("-exceptions")]


def test_there_is_one_queue_a_consumer(templates: Templates, plan: Plan) -> None:
    names = {queue.properties["QueueName"] for queue in queues_of_consumers(templates)}
    assert names == {f"lockstep-{plan.environment.name}-{consumer.replace('.', '-')}" for consumer in plan.consumer_ids}


def test_business_exceptions_have_a_queue_of_their_own_where_somebody_takes_them(
    templates: Templates, plan: Plan
) -> None:
    queues = [queue for queue in working_queues(templates) if queue not in queues_of_consumers(templates)]
    rules = [
        rule
        for rule in templates.of("AWS::Events::Rule")
        if rule.properties.get("EventPattern", {}).get("source") == ["lockstep"]
    ]
    assert len(queues) == len(rules) == (1 if plan.environment.ticket_queue else 0)
    for rule, queue in zip(rules, queues, strict=True):
        assert rule.properties["EventPattern"]["detail-type"] == ["ExceptionOpened", "ExceptionResolved"]
        (target,) = rule.properties["Targets"]
        assert target["Arn"] == {"Fn::GetAtt": [queue.id, "Arn"]}


def test_every_queue_ends_in_a_dead_letter_queue(templates: Templates, plan: Plan) -> None:
    dead = {queue.id for queue in dead_letter_queues(templates)}
    for queue in working_queues(templates):
        redrive = queue.properties["RedrivePolicy"]
        assert redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] in dead, queue
        assert redrive["maxReceiveCount"] == plan.environment.max_receives, queue


def test_nothing_is_a_dead_letter_queue_of_nothing(templates: Templates) -> None:
    text = json.dumps([resource.body for resource in templates])
    for queue in dead_letter_queues(templates):
        arn = json.dumps({"Fn::GetAtt": [queue.id, "Arn"]})
        used = text.count(f'"deadLetterTargetArn": {arn}') + text.count(f'{{"Arn": {arn}}}')
        assert used + text.count(f'"Destination": {arn}'), queue


def test_every_dead_letter_queue_has_an_alarm(templates: Templates) -> None:
    for queue in dead_letter_queues(templates):
        (alarm,) = alarms_on(templates, queue, ALARM_ON_VISIBLE)
        assert alarm.properties["Threshold"] == 1
        assert alarm.properties["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


def test_every_queue_has_an_alarm_on_age(templates: Templates) -> None:
    for queue in working_queues(templates):
        (alarm,) = alarms_on(templates, queue, "ApproximateAgeOfOldestMessage")
        assert alarm.properties["Threshold"] > queue.properties["VisibilityTimeout"], (
            "a bell that comes back is not late"
        )


def test_every_alarm_tells_somebody(templates: Templates) -> None:
    for alarm in templates.of("AWS::CloudWatch::Alarm"):
        assert alarm.properties["AlarmActions"], alarm
        assert alarm.properties["OKActions"], alarm
        assert len(alarm.properties["AlarmDescription"]) > 40, alarm


def test_every_rule_target_has_a_dead_letter_queue_it_may_write_to(templates: Templates) -> None:
    policies = templates.of("AWS::SQS::QueuePolicy")
    for rule in templates.of("AWS::Events::Rule"):
        for target in rule.properties["Targets"]:
            dead = target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]
            allowed = [
                statement
                for policy in policies
                if {"Ref": dead} in policy.properties["Queues"]
                for statement in policy.properties["PolicyDocument"]["Statement"]
                if statement["Effect"] == "Allow"
            ]
            arn = {"Fn::GetAtt": [rule.id, "Arn"]}
            assert any(arn in statement["Condition"]["ArnEquals"].values() for statement in allowed), rule


def test_the_bus_may_put_away_what_it_cannot_encrypt(templates: Templates) -> None:
    (bus,) = templates.of("AWS::Events::EventBus")
    dead = bus.properties["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]
    arns = [
        statement.get("Condition", {}).get("ArnEquals", {}).get("aws:SourceArn")
        for policy in templates.of("AWS::SQS::QueuePolicy")
        if {"Ref": dead} in policy.properties["Queues"]
        for statement in policy.properties["PolicyDocument"]["Statement"]
    ]
    assert {"Fn::GetAtt": [bus.id, "Arn"]} in arns


def test_queue_consumers_acknowledge_each_bell_by_itself(templates: Templates, plan: Plan) -> None:
    queues = {queue.id: queue for queue in queues_of_consumers(templates)}
    functions = {function.id: function for function in templates.of("AWS::Lambda::Function")}
    served = set()
    for source in templates.of("AWS::Lambda::EventSourceMapping"):
        assert source.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"], source
        queue = queues.get(source.properties["EventSourceArn"].get("Fn::GetAtt", [""])[0])
        if queue is None:
            continue
        function = functions[source.properties["FunctionName"]["Ref"]]
        served.add(queue.id)
        assert queue.properties["QueueName"] == function.properties["FunctionName"]
        assert queue.properties["VisibilityTimeout"] > function.properties["Timeout"]
        assert source.properties["ScalingConfig"]["MaximumConcurrency"] >= 2
        assert function.properties["RecursiveLoop"] == "Allow", "it rings its own queue, to go on later"
    assert served == set(queues)


def test_a_poster_does_not_call_more_at_once_than_its_vendor_allows(templates: Templates, plan: Plan) -> None:
    for target in plan.targets:
        function = templates.function(target.account)
        (source,) = (
            source
            for source in templates.of("AWS::Lambda::EventSourceMapping")
            if source.properties["FunctionName"] == {"Ref": function.id}
        )
        allowed = max(2, target.outbound.max_concurrency)
        assert source.properties["ScalingConfig"]["MaximumConcurrency"] == allowed
        assert function.properties["Timeout"] > target.outbound.call_timeout.total_seconds()


def test_the_relay_reads_new_entries_and_changed_cases_only_and_puts_away_what_it_cannot_publish(
    templates: Templates,
) -> None:
    relay = templates.function("relay")
    (source,) = (
        source
        for source in templates.of("AWS::Lambda::EventSourceMapping")
        if source.properties["FunctionName"] == {"Ref": relay.id}
    )
    case = {"record": {"S": ["case"]}}
    opened, resolved, expected = ({**case, "state": {"S": [state]}} for state in ("open", "resolved", "expected"))
    assert [json.loads(found["Pattern"]) for found in source.properties["FilterCriteria"]["Filters"]] == [
        {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"record": {"S": ["entry"]}}}},
        {"eventName": ["INSERT"], "dynamodb": {"NewImage": opened}},
        {"dynamodb": {"OldImage": opened, "NewImage": resolved}},
        {"dynamodb": {"OldImage": resolved, "NewImage": opened}},
        {"dynamodb": {"OldImage": expected, "NewImage": opened}},
    ]
    assert source.properties["StartingPosition"] == "TRIM_HORIZON"
    assert source.properties["BisectBatchOnFunctionError"] is True
    assert "relay-dead" in next(
        queue.properties["QueueName"]
        for queue in dead_letter_queues(templates)
        if {"Fn::GetAtt": [queue.id, "Arn"]} == source.properties["DestinationConfig"]["OnFailure"]["Destination"]
    )
    assert "StreamArn" in templates.render(source.properties["EventSourceArn"])
