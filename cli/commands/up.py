"""`lockstep up`."""

import typer

from cli.session import JsonOption, session_of


def up(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Start the whole world on this machine, and leave it up until Ctrl-C.

    The embedded AWS with the deployed stacks, a real ERP, a simulated shop: what `make run` starts, without the
    scenario that it plays. The other commands find it by themselves. With --json it says where everything is, once it
    is there.
    """
    del as_json
    # The sandbox is what a checkout has and an installed operator's tool may not: imported only when asked for.
    from sandbox.run import up as bring_up  # noqa: PLC0415

    raise typer.Exit(bring_up(as_json=session_of(context).json))
