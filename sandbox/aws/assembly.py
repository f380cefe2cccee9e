"""Reads a CDK cloud assembly (``cdk.out``): its stacks in deployment order, their templates and file assets.

The format is that of ``aws-cdk.cloud-assembly-schema``: ``manifest.json`` lists artifacts; a stack artifact names its
template and depends on an asset manifest, whose files say what has to be uploaded where. Stages nest as assemblies.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class AssemblyError(ValueError):
    """The directory is not a cloud assembly this deployer can read; the message says what is missing."""


@dataclass(frozen=True)
class FileAsset:
    """A file or directory to be uploaded before its stack is deployed.

    ``name`` is the construct path CDK shows for it, ``<construct>/Code`` for a function's code; a ``source`` that is
    a directory is to be uploaded as a zip.
    """

    name: str
    source: Path
    bucket: str
    key: str


@dataclass(frozen=True)
class Stack:
    """A stack of the assembly, ready to be deployed to the account and Region it was synthesized for."""

    name: str
    account: str
    region: str
    template_file: Path
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    assets: tuple[FileAsset, ...]
    template_asset: FileAsset
    bootstrap_parameter: str | None = None
    bootstrap_version: int = 0
    depends_on: frozenset[str] = field(default=frozenset())

    def template(self) -> dict[str, Any]:
        """The synthesized template.

        Raises:
            AssemblyError: the file is not there, or is no JSON.
        """
        return _read(self.template_file)


def read_assembly(directory: Path) -> list[Stack]:
    """The stacks of the assembly in ``directory``, each after those it depends on.

    Raises:
        AssemblyError: it is no assembly, a stack has no fixed account and Region, uses Docker assets, or the
            dependencies form a cycle.
    """
    stacks = {stack.name: stack for stack in _stacks(directory)}
    if not stacks:
        raise AssemblyError(f"{directory} holds no stack")
    graph = {name: stack.depends_on & stacks.keys() for name, stack in stacks.items()}
    try:
        return [stacks[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise AssemblyError(f"the stacks depend on each other in a circle: {error.args[1]}") from error


def _stacks(directory: Path) -> list[Stack]:
    artifacts: dict[str, Any] = _read(directory / "manifest.json").get("artifacts", {})
    names = {
        artifact_id: artifact["properties"].get("stackName", artifact_id)
        for artifact_id, artifact in artifacts.items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    found = [_stack(directory, artifact_id, artifacts, names) for artifact_id in names]
    for artifact in artifacts.values():
        if artifact["type"] == "cdk:cloud-assembly":
            found += _stacks(directory / artifact["properties"]["directoryName"])
    return found


def _stack(directory: Path, artifact_id: str, artifacts: dict[str, Any], names: Mapping[str, str]) -> Stack:
    artifact = artifacts[artifact_id]
    properties = artifact["properties"]
    account, region = artifact["environment"].removeprefix("aws://").split("/")
    if account.startswith("unknown") or region.startswith("unknown"):
        raise AssemblyError(f"stack {artifact_id} was synthesized without an account and a Region")
    dependencies = artifact.get("dependencies", [])
    manifests = [
        directory / artifacts[name]["properties"]["file"]
        for name in dependencies
        if artifacts[name]["type"] == "cdk:asset-manifest"
    ]
    assets = [asset for manifest in manifests for asset in _file_assets(directory, manifest, account, region)]
    template_file = directory / properties["templateFile"]
    template_assets = [asset for asset in assets if asset.source == template_file]
    if not template_assets:
        raise AssemblyError(f"stack {artifact_id} does not publish its template as an asset")
    return Stack(
        name=names[artifact_id],
        account=account,
        region=region,
        template_file=template_file,
        parameters=properties.get("parameters", {}),
        tags=properties.get("tags", {}),
        assets=tuple(asset for asset in assets if asset.source != template_file),
        template_asset=template_assets[0],
        bootstrap_parameter=properties.get("bootstrapStackVersionSsmParameter"),
        bootstrap_version=properties.get("requiresBootstrapStackVersion", 0),
        depends_on=frozenset(names[name] for name in dependencies if name in names),
    )


def _file_assets(directory: Path, manifest: Path, account: str, region: str) -> list[FileAsset]:
    content = _read(manifest)
    if content.get("dockerImages"):
        raise AssemblyError(f"{manifest.name} asks for a Docker image; only file assets can be deployed")

    def literal(text: str) -> str:
        for placeholder, value in (("Partition", "aws"), ("AccountId", account), ("Region", region)):
            text = text.replace(f"${{AWS::{placeholder}}}", value)
        return text

    found = []
    for asset in content.get("files", {}).values():
        source = asset["source"]
        if "path" not in source:
            raise AssemblyError(f"{manifest.name} has an asset made by a command, which is not supported")
        found += [
            FileAsset(
                name=asset.get("displayName", source["path"]),
                source=directory / source["path"],
                bucket=literal(destination["bucketName"]),
                key=literal(destination["objectKey"]),
            )
            for destination in asset["destinations"].values()
        ]
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AssemblyError(f"{path} cannot be read: {error}") from error
    return content
