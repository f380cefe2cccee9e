"""`lockstep up`."""

from importlib import import_module

import typer


def up() -> None:
    """Start the whole world on this machine and leave it up until Ctrl-C: the same as `make run`.

    The embedded AWS with the deployed stacks, a real ERP, a simulated shop. The other commands find it by themselves.
    """
    # The sandbox is what the laptop has and an operator's machine may not: imported only when asked for.
    raise typer.Exit(int(import_module("sandbox.run").up() or 0))
