"""Finds what decides for a workflow, by its folder: the one class of its `decide.py`."""

from importlib import import_module
from typing import Any, cast

from cli.errors import CommandFailed
from infra import registry
from lockstep.messaging.workflow import Workflow


def decider(consumer: str) -> Workflow:
    """The workflow of a consumer, as it decides today.

    Raises:
        CommandFailed: There is none, or its folder does not hold exactly one.
    """
    folder = next((name for name, spec in registry.workflows().items() if spec.consumer == consumer), None)
    if folder is None:
        raise CommandFailed(f"There is no workflow {consumer}.")
    module = import_module(f"lockstep.workflows.{folder}.decide")
    found: list[Any] = [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__ and {"decide", "spec"} <= set(dir(kind))
    ]
    if len(found) != 1:
        raise CommandFailed(f"workflows/{folder}/decide.py holds {len(found)} workflows, not one.")
    return cast("Workflow", found[0]())
