"""The one place that says where the embedded AWS departs from the deployed template.

Everything else is executed as it was synthesized. ``python -m sandbox.aws.template_filter`` prints the list.
Each entry was observed on ministack 1.5.33; when the version changes, take an entry out and deploy to see whether
it is still needed.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Template = dict[str, Any]


def _always(_properties: Mapping[str, Any]) -> bool:
    return True


@dataclass(frozen=True)
class Unsupported:
    """One kind of resource that is left out locally.

    Attributes:
        resource_type: the CloudFormation type.
        reason: what the embedded AWS does with it, and what its absence means for a local run.
        applies: tells from the resource's properties whether it is one of those; all of the type by default.
    """

    resource_type: str
    reason: str
    applies: Callable[[Mapping[str, Any]], bool] = _always


@dataclass(frozen=True)
class Adjustment:
    """One thing that is deployed differently from what the template says.

    Attributes:
        what: the change, as a sentence.
        reason: why the template cannot be taken literally.
    """

    what: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """What was done to one resource of a template, and why."""

    logical_id: str
    resource_type: str
    kind: Literal["left out", "adjusted"]
    reason: str


UNSUPPORTED: tuple[Unsupported, ...] = (
    Unsupported(
        "AWS::Events::Archive",
        "the type is unknown and the whole template would be refused; events are not archived locally",
    ),
    Unsupported(
        "AWS::Logs::QueryDefinition",
        "the type is unknown and the whole template would be refused; saved queries are for people in the console",
    ),
    Unsupported(
        "AWS::CloudWatch::CompositeAlarm",
        "the type is unknown and the whole template would be refused; no local alarm means anything",
    ),
    Unsupported(
        "AWS::CloudWatch::Alarm",
        "an alarm on a metric expression is refused; no local alarm means anything, as no AWS metrics appear",
        applies=lambda properties: bool(properties.get("Metrics")),
    ),
)

PLAIN_HTTP = Adjustment(
    "Deny statements for requests without TLS are dropped from queue, topic and bucket policies",
    "the embedded AWS listens on loopback without TLS, and would refuse every call to the queue or bucket",
)
SECRET_REFERENCE = Adjustment(
    "Ref of a secret is written as Fn::GetAtt Id",
    "both are the ARN in AWS; Ref answers the secret's name here, so policies built on it match nothing",
)
BATCHES = Adjustment(
    "sqs:SendMessageBatch is allowed wherever sqs:SendMessage is",
    "in AWS the one permission covers both calls; the embedded AWS asks for a permission of each call's own name",
)
ADJUSTMENTS: tuple[Adjustment, ...] = (PLAIN_HTTP, SECRET_REFERENCE, BATCHES)

ABSENT = "absent-in-the-sandbox"
"""What stands in the place of a reference to a resource that was left out, followed by its logical id."""

_POLICIES = frozenset({"AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy"})
_SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 -- a resource type
_SUBSTITUTION = re.compile(r"\$\{([A-Za-z0-9]+)(\.[^}]+)?\}")


def filter_template(template: Mapping[str, Any]) -> tuple[Template, list[Difference]]:
    """A copy of ``template`` that the embedded AWS takes, and the list of what differs from the original.

    ``DependsOn`` entries that name a removed resource go; any other reference to it (Ref, Fn::GetAtt, Fn::Sub,
    in resources and outputs alike) becomes a literal that says so, which matches nothing in a policy and is
    recognisable wherever it turns up.
    """
    filtered: Template = copy.deepcopy(dict(template))
    resources: dict[str, Any] = filtered.get("Resources", {})
    secrets = {name for name, resource in resources.items() if resource.get("Type") == _SECRET}
    differences = _leave_out(resources)
    differences += _allow_plain_http(resources)
    differences += _allow_batches(resources)
    removed = {difference.logical_id for difference in differences if difference.kind == "left out"}
    for resource in resources.values():
        _drop_dependencies(resource, removed)
    rewritten: set[str] = set()

    def rewrite(logical_id: str, attribute: str | None) -> Any:
        if logical_id in removed:
            return f"{ABSENT}-{logical_id}"
        if logical_id in secrets and attribute is None:
            rewritten.add(logical_id)
            return {"Fn::GetAtt": [logical_id, "Id"]}
        return None

    for section in ("Resources", "Outputs"):
        if section in filtered:
            filtered[section] = _rewritten(filtered[section], rewrite)
    differences += [Difference(name, _SECRET, "adjusted", SECRET_REFERENCE.reason) for name in sorted(rewritten)]
    return filtered, differences


def _leave_out(resources: dict[str, Any]) -> list[Difference]:
    found = [
        Difference(logical_id, entry.resource_type, "left out", entry.reason)
        for logical_id, resource in resources.items()
        for entry in UNSUPPORTED
        if entry.resource_type == resource.get("Type") and entry.applies(resource.get("Properties", {}))
    ]
    for difference in found:
        del resources[difference.logical_id]
    return found


def _allow_plain_http(resources: dict[str, Any]) -> list[Difference]:
    differences = []
    for logical_id, resource in list(resources.items()):
        if resource.get("Type") not in _POLICIES:
            continue
        document = resource["Properties"]["PolicyDocument"]
        statements = document["Statement"]
        kept = [statement for statement in statements if not _denies_plain_http(statement)]
        if len(kept) == len(statements):
            continue
        document["Statement"] = kept
        # A policy has to have a statement; one that only asked for TLS goes with it.
        kind: Literal["left out", "adjusted"] = "adjusted" if kept else "left out"
        if not kept:
            del resources[logical_id]
        differences.append(Difference(logical_id, resource["Type"], kind, PLAIN_HTTP.reason))
    return differences


def _allow_batches(resources: dict[str, Any]) -> list[Difference]:
    differences = []
    for logical_id, resource in resources.items():
        if resource.get("Type") != "AWS::IAM::Policy":
            continue
        touched = False
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
            actions = statement.get("Action", [])
            actions = [actions] if isinstance(actions, str) else list(actions)
            if "sqs:SendMessage" in actions and "sqs:SendMessageBatch" not in actions:
                statement["Action"] = [*actions, "sqs:SendMessageBatch"]
                touched = True
        if touched:
            differences.append(Difference(logical_id, resource["Type"], "adjusted", BATCHES.reason))
    return differences


def _denies_plain_http(statement: Mapping[str, Any]) -> bool:
    return statement.get("Effect") == "Deny" and statement.get("Condition") == {
        "Bool": {"aws:SecureTransport": "false"}
    }


def _drop_dependencies(resource: dict[str, Any], removed: set[str]) -> None:
    depends_on = resource.pop("DependsOn", [])
    names = [depends_on] if isinstance(depends_on, str) else depends_on
    if kept := [name for name in names if name not in removed]:
        resource["DependsOn"] = kept


def _rewritten(value: Any, rewrite: Callable[[str, str | None], Any]) -> Any:
    """``value`` with each reference replaced by what ``rewrite(logical id, attribute)`` returns, unless None."""
    if isinstance(value, list):
        return [_rewritten(item, rewrite) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((function, argument),) = value.items()
        if function == "Ref":
            return rewrite(argument, None) or value
        if function == "Fn::GetAtt":
            parts = argument if isinstance(argument, list) else argument.split(".", 1)
            return rewrite(parts[0], str(parts[1])) or value
        if function == "Fn::Sub":
            return {function: _rewritten_text(argument, rewrite)}
    return {key: _rewritten(item, rewrite) for key, item in value.items()}


def _rewritten_text(argument: Any, rewrite: Callable[[str, str | None], Any]) -> Any:
    def replacement(match: re.Match[str]) -> str:
        attribute = match[2].removeprefix(".") if match[2] else None
        new = rewrite(match[1], attribute)
        if isinstance(new, dict):
            return "${" + ".".join(new["Fn::GetAtt"]) + "}"
        return str(new or match[0])

    text, *variables = argument if isinstance(argument, list) else [argument]
    text = _SUBSTITUTION.sub(replacement, text)
    return [text, *_rewritten(variables, rewrite)] if variables else text


if __name__ == "__main__":
    for unsupported in UNSUPPORTED:
        print(f"left out   {unsupported.resource_type}: {unsupported.reason}")
    for adjustment in ADJUSTMENTS:
        print(f"adjusted   {adjustment.what}: {adjustment.reason}")
