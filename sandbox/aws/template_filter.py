"""The one place that says what the embedded AWS cannot take from the deployed template.

Everything else in the template is executed as it was synthesized. `python -m sandbox.aws.template_filter` prints the list.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
class LeftOut:
    """A resource that was taken out of a template, and why."""

    logical_id: str
    resource_type: str
    reason: str


UNSUPPORTED: tuple[Unsupported, ...] = (
    Unsupported(
        "AWS::Events::Archive",
        "the type is not known and the whole template would be refused; events are not archived locally",
    ),
    Unsupported(
        "AWS::Logs::QueryDefinition",
        "the type is not known and the whole template would be refused; saved queries are for people in the console",
    ),
    Unsupported(
        "AWS::CloudWatch::CompositeAlarm",
        "the type is not known and the whole template would be refused; no alarm means anything locally",
    ),
    Unsupported(
        "AWS::CloudWatch::Alarm",
        "an alarm on a metric expression is refused; no alarm means anything locally, as no AWS metrics appear",
        applies=lambda properties: bool(properties.get("Metrics")),
    ),
)

ABSENT = "absent-in-the-sandbox"
"""What stands in the place of a reference to a resource that was left out, followed by its logical id."""


def filter_template(template: Mapping[str, Any]) -> tuple[Template, list[LeftOut]]:
    """A copy of ``template`` without what the embedded AWS cannot take, and the list of what was left out.

    ``DependsOn`` entries that name a removed resource go; any other reference to it (Ref, Fn::GetAtt, Fn::Sub,
    in resources and outputs alike) becomes a literal that says so, which matches nothing in a policy and is
    recognisable wherever it turns up.
    """
    filtered: Template = copy.deepcopy(dict(template))
    resources: dict[str, Any] = filtered.get("Resources", {})
    left_out = [
        LeftOut(logical_id, entry.resource_type, entry.reason)
        for logical_id, resource in resources.items()
        for entry in UNSUPPORTED
        if entry.resource_type == resource.get("Type") and entry.applies(resource.get("Properties", {}))
    ]
    removed = {item.logical_id for item in left_out}
    for logical_id in removed:
        del resources[logical_id]
    for resource in resources.values():
        _drop_dependencies(resource, removed)
    for section in ("Resources", "Outputs"):
        if section in filtered:
            filtered[section] = _without_references(filtered[section], removed)
    return filtered, left_out


def _drop_dependencies(resource: dict[str, Any], removed: set[str]) -> None:
    depends_on = resource.get("DependsOn")
    if depends_on is None:
        return
    names = [depends_on] if isinstance(depends_on, str) else depends_on
    kept = [name for name in names if name not in removed]
    if kept:
        resource["DependsOn"] = kept
    else:
        del resource["DependsOn"]


def _without_references(value: Any, removed: set[str]) -> Any:
    if isinstance(value, list):
        return [_without_references(item, removed) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((function, argument),) = value.items()
        if function in ("Ref", "Fn::GetAtt"):
            target = argument[0] if isinstance(argument, list) else str(argument).partition(".")[0]
            return f"{ABSENT}-{target}" if target in removed else value
        if function == "Fn::Sub":
            return {function: _without_substitutions(argument, removed)}
    return {key: _without_references(item, removed) for key, item in value.items()}


def _without_substitutions(argument: Any, removed: set[str]) -> Any:
    def literal(match: re.Match[str]) -> str:
        return f"{ABSENT}-{match[1]}" if match[1] in removed else match[0]

    text, *variables = argument if isinstance(argument, list) else [argument]
    text = re.sub(r"\$\{([A-Za-z0-9]+)(?:\.[^}]+)?\}", literal, text)
    return [text, *_without_references(variables, removed)] if variables else text


if __name__ == "__main__":
    for unsupported in UNSUPPORTED:
        print(f"{unsupported.resource_type}: {unsupported.reason}")
