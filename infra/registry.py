"""Finds the connectors and workflows there are, by their folders. Adding one edits nothing in this package."""

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import lockstep.connectors
import lockstep.workflows
from lockstep.messaging.conformance import Conformance
from lockstep.messaging.inbound import InboundConnector, Reader
from lockstep.messaging.specs import ConnectorManifest, WorkflowSpec
from lockstep.runtime.settings import AccountSettings

MakeConnector = Callable[[AccountSettings], InboundConnector]
MakeReader = Callable[[str, Mapping[str, str], AccountSettings], Reader]


class RegistryError(LookupError):
    """A folder under `connectors/` or `workflows/` does not declare what it must."""


def connectors() -> Mapping[str, ConnectorManifest]:
    """Every connector's manifest, by system.

    Raises:
        RegistryError: A folder has no `manifest.py`, or its manifest names another system.
    """
    return {system: manifest(system) for system in systems()}


def systems() -> tuple[str, ...]:
    """Every folder under `connectors/`, complete or not."""
    return tuple(_folders(lockstep.connectors))


def manifest(system: str) -> ConnectorManifest:
    """One connector's manifest.

    Raises:
        RegistryError: There is none, or it names another system.
    """
    declared: ConnectorManifest = _declared(lockstep.connectors, system, "manifest", "MANIFEST")
    if declared.system != system:
        raise RegistryError(f"connectors/{system}: its manifest says it is {declared.system!r}")
    return declared


def workflows() -> Mapping[str, WorkflowSpec]:
    """Every workflow's spec, by folder. The folder may be renamed; the spec's `consumer` may not.

    Raises:
        RegistryError: A folder has no `spec.py`.
    """
    return {name: _declared(lockstep.workflows, name, "spec", "SPEC") for name in _folders(lockstep.workflows)}


def inbound_connector(system: str) -> MakeConnector:
    """What makes a connector for one account: `connector` of its `inbound.py`.

    Raises:
        RegistryError: There is none.
    """
    return cast("MakeConnector", _part(system, "inbound", "connector"))


def reader(system: str) -> MakeReader:
    """What makes the reading side of one account: `reader` of its `client.py`.

    Raises:
        RegistryError: There is none.
    """
    return cast("MakeReader", _part(system, "client", "reader"))


def conformance(system: str) -> Conformance:
    """What a connector's folder tells those who try it out: `CONFORMANCE` of its `conformance.py`.

    Raises:
        RegistryError: There is none.
    """
    return cast("Conformance", _part(system, "conformance", "CONFORMANCE"))


def folder(system: str) -> Path:
    """A connector's folder."""
    return Path(lockstep.connectors.__path__[0]) / system


def _part(system: str, module: str, name: str) -> Any:
    qualified = f"{lockstep.connectors.__name__}.{system}.{module}"
    if find_spec(qualified) is None:
        raise RegistryError(f"connectors/{system}: there is no {module}.py")
    part = getattr(import_module(qualified), name, None)
    if part is None:
        raise RegistryError(f"connectors/{system}: {module}.py holds no {name}")
    return part


def _folders(package: ModuleType) -> Iterator[str]:
    return (folder.name for folder in pkgutil.iter_modules(package.__path__) if folder.ispkg)


def _declared(package: ModuleType, folder: str, module: str, name: str) -> Any:
    kind = package.__name__.rpartition(".")[2]
    qualified = f"{package.__name__}.{folder}.{module}"
    if find_spec(qualified) is None:
        raise RegistryError(f"{kind}/{folder}: there is no {module}.py, so nothing can be built from it")
    declared = getattr(import_module(qualified), name, None)
    if declared is None:
        raise RegistryError(f"{kind}/{folder}: {module}.py holds no {name}")
    return declared
