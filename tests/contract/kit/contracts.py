"""Validates messages against vendors' OpenAPI or JSON Schema documents."""

import json
from functools import cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from lockstep.messaging.conformance import Contract
from tests.contract.kit.shared import CONTRACTS


def satisfy(contract: Contract, message: Any, name: str) -> None:
    """Hold a message, or a part of it, to a schema.

    Raises:
        AssertionError: It does not satisfy it; says where.
    """
    part = _at(message, contract.at)
    errors = sorted(_validator(contract.file, contract.schema).iter_errors(part), key=lambda error: list(error.path))
    found = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors[:5]]
    assert not found, f"{name} is not what {contract.file}#{contract.schema} says:\n" + "\n".join(found)


@cache
def _validator(file: str, schema: str) -> Draft202012Validator:
    resource = Resource(contents=_document(file), specification=DRAFT202012)
    registry: Any = Registry().with_resource("urn:contract", resource)
    return Draft202012Validator({"$ref": f"urn:contract#{schema}"}, registry=registry)


@cache
def _document(file: str) -> Any:
    path = CONTRACTS / file
    text = path.read_text(encoding="utf-8")
    loaded = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=yaml.CSafeLoader)
    return _nullable(loaded)


def _nullable(part: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema has a type `null`; `x-nullable` is what Swagger 2.0 writes."""
    if isinstance(part, list):
        return [_nullable(value) for value in part]
    if not isinstance(part, dict):
        return part
    made = {name: _nullable(value) for name, value in part.items()}
    if (made.get("nullable") is True or made.get("x-nullable") is True) and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if isinstance(made.get("enum"), list) and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
    return made


def _at(message: Any, pointer: str) -> Any:
    for place in pointer.split("/")[1:]:
        message = message[int(place)] if isinstance(message, list) else message[place]
    return message
