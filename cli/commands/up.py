"""`lockstep up`."""

import typer


def up() -> None:
    """Start the whole world on this machine, and leave it up until Ctrl-C.

    The embedded AWS with the deployed stacks, a real ERP, a simulated shop: what `make run` starts, without the
    scenario that it plays. The other commands find it by themselves.
    """
    # The sandbox is what a checkout has and an installed operator's tool may not: imported only when asked for.
    from sandbox.run import up as bring_up  # noqa: PLC0415

    raise typer.Exit(bring_up())
