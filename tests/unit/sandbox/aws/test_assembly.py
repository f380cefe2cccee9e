from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.aws.assembly import AssemblyError, read_assembly

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = "aws://111122223333/eu-west-1"


def _file(path: str, packaging: str, key: str) -> dict[str, Any]:
    destination = {"bucketName": "assets-${AWS::AccountId}-${AWS::Region}", "objectKey": key}
    return {
        "displayName": f"{path} shown",
        "source": {"path": path, "packaging": packaging},
        "destinations": {"d": destination},
    }


def _stack(
    directory: Path, name: str, *depends_on: str, environment: str = ENVIRONMENT, **properties: Any
) -> dict[str, Any]:
    template = f"{name}.template.json"
    (directory / template).write_text(json.dumps({"Resources": {}, "Description": name}))
    files = {"t": _file(template, "file", f"{name}.json"), "c": _file("asset.code", "zip", "code.zip")}
    (directory / f"{name}.assets.json").write_text(json.dumps({"files": files}))
    return {
        f"{name}.assets": {"type": "cdk:asset-manifest", "properties": {"file": f"{name}.assets.json"}},
        name: {
            "type": "aws:cloudformation:stack",
            "environment": environment,
            "properties": {"templateFile": template, **properties},
            "dependencies": [f"{name}.assets", *depends_on],
        },
    }


def _manifest(directory: Path, *artifacts: dict[str, Any]) -> Path:
    merged = {name: artifact for group in artifacts for name, artifact in group.items()}
    (directory / "manifest.json").write_text(json.dumps({"artifacts": merged}))
    return directory


def test_stacks_come_after_those_they_depend_on(tmp_path: Path) -> None:
    directory = _manifest(
        tmp_path,
        _stack(tmp_path, "observability", "integration", "stateful"),
        _stack(tmp_path, "integration", "stateful"),
        _stack(tmp_path, "stateful"),
    )

    assert [stack.name for stack in read_assembly(directory)] == ["stateful", "integration", "observability"]


def test_a_stack_carries_all_that_its_deployment_needs(tmp_path: Path) -> None:
    properties = {
        "stackName": "shown-name",
        "parameters": {"P": "v"},
        "tags": {"t": "v"},
        "requiresBootstrapStackVersion": 6,
        "bootstrapStackVersionSsmParameter": "/cdk-bootstrap/q/version",
    }
    (stack,) = read_assembly(_manifest(tmp_path, _stack(tmp_path, "id", **properties)))

    assert (stack.name, stack.account, stack.region) == ("shown-name", "111122223333", "eu-west-1")
    assert (stack.parameters, stack.tags) == ({"P": "v"}, {"t": "v"})
    assert (stack.bootstrap_parameter, stack.bootstrap_version) == ("/cdk-bootstrap/q/version", 6)
    assert stack.template()["Description"] == "id"
    assert stack.template_asset.key == "id.json"
    (code,) = stack.assets
    assert (code.name, code.key) == ("asset.code shown", "code.zip")
    assert (code.source, code.bucket) == (tmp_path / "asset.code", "assets-111122223333-eu-west-1")


def test_stacks_of_a_stage_are_found(tmp_path: Path) -> None:
    nested = tmp_path / "assembly-stage"
    nested.mkdir()
    _manifest(nested, _stack(nested, "inner"))
    stage = {"stage": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-stage"}}}

    assert [stack.name for stack in read_assembly(_manifest(tmp_path, stage))] == ["inner"]


def test_other_artifacts_are_passed_over(tmp_path: Path) -> None:
    tree = {"Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}}}

    assert len(read_assembly(_manifest(tmp_path, tree, _stack(tmp_path, "only")))) == 1


def test_a_stack_without_an_environment_is_refused(tmp_path: Path) -> None:
    stack = _stack(tmp_path, "loose", environment="aws://unknown-account/unknown-region")

    with pytest.raises(AssemblyError, match="loose was synthesized without an account"):
        read_assembly(_manifest(tmp_path, stack))


def test_docker_images_are_refused(tmp_path: Path) -> None:
    stack = _stack(tmp_path, "s")
    (tmp_path / "s.assets.json").write_text(json.dumps({"dockerImages": {"i": {}}}))

    with pytest.raises(AssemblyError, match="Docker image"):
        read_assembly(_manifest(tmp_path, stack))


def test_a_circle_of_stacks_is_refused(tmp_path: Path) -> None:
    directory = _manifest(tmp_path, _stack(tmp_path, "a", "b"), _stack(tmp_path, "b", "a"))

    with pytest.raises(AssemblyError, match="in a circle"):
        read_assembly(directory)


def test_a_directory_that_is_no_assembly_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError, match=r"manifest\.json cannot be read"):
        read_assembly(tmp_path)
