"""What one call of the command line carries from its options to its command."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import typer

from cli.environment import Deployed, connect
from cli.locate import LOCAL


@dataclass
class Session:
    """One call: which environment, how to answer, and how to reach the stack."""

    environment: str = LOCAL
    json: bool = False
    connect: Callable[[str], Deployed] = field(default=connect)

    def open(self) -> Deployed:
        """The stack.

        Raises:
            StackUnreachable: It is not there.
        """
        return self.connect(self.environment)


def session_of(context: typer.Context) -> Session:
    """The session of a call; tests bring their own as the context's object."""
    return context.ensure_object(Session)


def _environment(context: typer.Context, value: str | None) -> str | None:
    if value is not None:
        session_of(context).environment = value
    return value


def _json(context: typer.Context, value: bool) -> bool:
    if value:
        session_of(context).json = True
    return value


EnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--env",
        metavar="NAME",
        callback=_environment,
        help="Which stack: local, or one deployed with `make deploy ENV=NAME`.  [default: local]",
        show_default=False,
    ),
]
"""On every command, and before it."""
JsonOption = Annotated[
    bool,
    typer.Option("--json", callback=_json, help="Answer with one JSON object on standard output.", show_default=False),
]
"""On every command, and before it."""
HELP: Final[dict[str, Any]] = {"help_option_names": ["-h", "--help"]}
