"""Reads synthesized templates as data."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Resource:
    stack: str
    id: str
    type: str
    body: dict[str, Any]

    @property
    def properties(self) -> dict[str, Any]:
        return self.body.get("Properties", {})

    def __repr__(self) -> str:
        return f"{self.stack}/{self.id}"


@dataclass(frozen=True)
class Templates:
    """The templates of one environment."""

    environment: str
    directory: Path

    @property
    def stacks(self) -> dict[str, dict[str, Any]]:
        return {
            path.name.removesuffix(".template.json"): json.loads(path.read_text())
            for path in sorted(self.directory.glob("*.template.json"))
        }

    def __iter__(self) -> Iterator[Resource]:
        for stack, template in self.stacks.items():
            for logical_id, body in template["Resources"].items():
                yield Resource(stack, logical_id, body["Type"], body)

    def of(self, kind: str) -> list[Resource]:
        found = [resource for resource in self if resource.type == kind]
        assert found, f"there is no {kind}"
        return found

    def function(self, service: str) -> Resource:
        (found,) = (
            resource
            for resource in self.of("AWS::Lambda::Function")
            if resource.properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == service
        )
        return found

    def policies_of(self, service: str) -> list[dict[str, Any]]:
        """Statements of a function's role."""
        role = self.function(service).properties["Role"]["Fn::GetAtt"][0]
        return [
            statement
            for policy in self.of("AWS::IAM::Policy")
            if {"Ref": role} in policy.properties["Roles"]
            for statement in policy.properties["PolicyDocument"]["Statement"]
        ]


def render(value: Any) -> str:
    """A value as text, with a placeholder for what only a deployment knows."""
    match value:
        case str():
            return value
        case {"Fn::Join": [separator, parts]}:
            return separator.join(map(render, parts))
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::ImportValue": name}:
            return f"<{name}>"
    raise AssertionError(f"unknown intrinsic {value}")


def listed(value: Any) -> list[Any]:
    """What IAM writes as one value or a list, as a list."""
    return value if isinstance(value, list) else [value]
