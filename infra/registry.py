"""Finds the connectors and workflows there are, by their folders. Adding one edits nothing in this package."""

import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import lockstep.connectors
import lockstep.workflows
from lockstep.messaging.specs import ConnectorManifest, WorkflowSpec


class RegistryError(LookupError):
    """A folder under `connectors/` or `workflows/` does not declare what it must."""


def connectors() -> Mapping[str, ConnectorManifest]:
    """Every connector's manifest, by system.

    Raises:
        RegistryError: A folder has no `manifest.py`, or its manifest names another system.
    """
    found: dict[str, ConnectorManifest] = {}
    for folder, declared in _declarations(lockstep.connectors, "manifest", "MANIFEST"):
        if declared.system != folder:
            raise RegistryError(f"connectors/{folder}: its manifest says it is {declared.system!r}")
        found[folder] = declared
    return found


def workflows() -> Mapping[str, WorkflowSpec]:
    """Every workflow's spec, by folder. The folder may be renamed; the spec's `consumer` may not.

    Raises:
        RegistryError: A folder has no `spec.py`.
    """
    return dict(_declarations(lockstep.workflows, "spec", "SPEC"))


def _declarations(package: ModuleType, module: str, name: str) -> Iterator[tuple[str, Any]]:
    kind = package.__name__.rpartition(".")[2]
    for folder in pkgutil.iter_modules(package.__path__):
        if not folder.ispkg:
            continue
        qualified = f"{package.__name__}.{folder.name}.{module}"
        if find_spec(qualified) is None:
            raise RegistryError(f"{kind}/{folder.name}: there is no {module}.py, so nothing can be built from it")
        declared = getattr(import_module(qualified), name, None)
        if declared is None:
            raise RegistryError(f"{kind}/{folder.name}: {module}.py holds no {name}")
        yield folder.name, declared
