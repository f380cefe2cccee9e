"""Asking before anything is changed, and knowing who asked for it."""

import getpass
from typing import Annotated

import typer

from cli.errors import CommandFailed
from cli.locate import LOCAL

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking; for scripts.", show_default=False)]
"""On every command that changes something."""
ByOption = Annotated[
    str | None, typer.Option("--by", metavar="WHO", help="Who asks for it.  [default: you]", show_default=False)
]
"""Who is kept on record."""


def who(by: str | None) -> str:
    """Who is kept on record: as given, or who runs the command."""
    return by or getpass.getuser()


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if a person says so.

    Raises:
        CommandFailed: They did not, or there is nobody to ask.
    """
    if yes:
        return
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        raise CommandFailed(
            "Nothing was changed: nobody confirmed it.", then="Add --yes where nobody is asked."
        ) from None
    if not agreed:
        raise CommandFailed("Nothing was changed.")


def confirm_deployed(environment: str, question: str, *, yes: bool) -> None:
    """As `confirm`, where it is no stack of one's own machine: what is only tried out need not be confirmed.

    Raises:
        CommandFailed: As for `confirm`.
    """
    if environment != LOCAL:
        confirm(f"{question} (environment {environment})", yes=yes)
