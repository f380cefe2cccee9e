"""The operator's command line: `lockstep`."""

from importlib.metadata import version
from typing import Annotated, Any, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError
from typer.core import TyperGroup

from cli.commands import dlq, exceptions, inventory, masterdata
from cli.commands.actions import actions
from cli.commands.backfill import backfill
from cli.commands.connectors import connectors
from cli.commands.lanes import lanes
from cli.commands.pause import pause
from cli.commands.reconcile import reconcile
from cli.commands.replay import replay
from cli.commands.resume import resume
from cli.commands.send import send
from cli.commands.simulate import simulate
from cli.commands.trace import trace
from cli.commands.translate import translate
from cli.commands.up import up
from cli.commands.verify import verify
from cli.errors import CommandFailed, StackUnreachable
from cli.output import notes, print_json, told
from cli.session import HELP, EnvironmentOption, JsonOption, Session
from lockstep.masterdata.mapping_file import FileInvalid
from lockstep.messaging.errors import IntegrationError


class LockstepGroup(TyperGroup):
    """Answers foreseen failures in words, with an exit code; anything else is a defect and keeps its stack trace."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        session = ctx.ensure_object(Session)
        try:
            return super().invoke(ctx)
        except (CommandFailed, FileInvalid, IntegrationError, BotoCoreError, ClientError) as error:
            failure = _failure(error)
            if failure is None:
                raise
            if session.json:
                print_json({"error": failure.message, "details": failure.details, "then": failure.then})
            console = notes()
            console.print(told("error:", "bold red"), told(failure.message))
            for detail in failure.details:
                console.print(told(f"  {detail}"))
            if failure.then:
                console.print(told(failure.then))
            raise typer.Exit(failure.code) from error


_REFUSALS: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "NoSuchBucket",
        "ResourceNotFoundException",
        "SignatureDoesNotMatch",
        "ThrottlingException",
        "UnrecognizedClientException",
    }
)
"""What AWS says when the caller or the stack is at fault. Anything else that it says of our request is our defect."""


def _failure(error: Exception) -> CommandFailed | None:
    """The failure in words; None for one that was not foreseen."""
    match error:
        case CommandFailed():
            return error
        case FileInvalid():
            count = len(error.problems)
            return CommandFailed(
                f"The file was not taken: {count} {'problem' if count == 1 else 'problems'}.",
                details=[str(problem) for problem in error.problems],
                then="Nothing was written. Correct the file and run the command again.",
            )
        case IntegrationError():
            return CommandFailed(str(error))
        case ClientError() if error.response["Error"]["Code"] not in _REFUSALS:
            return None
        case _:
            return StackUnreachable(
                f"AWS does not do as asked: {error}",
                then="Check that the stack is up, that your credentials are valid (`aws sts get-caller-identity`) and"
                " may use it.",
            )


app = typer.Typer(
    cls=LockstepGroup,
    no_args_is_help=True,
    context_settings=HELP,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""Keep a retailer's tills, web shops and ledgers in step.

    See what happens (trace, lanes, exceptions, dlq), repair it (masterdata import, exceptions resolve, dlq redrive),
    spare a target (pause, resume), prove that no sale is lost (reconcile), deliver again what a target has lost
    (replay), see who did what (actions), and try it out
    (up, send). Every command works on the local stack unless --env names a deployed one, and answers in JSON with
    --json.

    Exit codes: 0 fine; 1 there is something to look at; 2 the command is written wrongly; 3 the stack cannot be
    reached.

    A first walk, with `make run` open in another terminal:

        lockstep send events/apigateway/poslog.sale.json --new --wait 60

        lockstep lanes

        lockstep exceptions list
    """,
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"lockstep {version('lockstep')}")
        raise typer.Exit


@app.callback()
def main(
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Options for every command."""
    del environment, as_json, show_version


app.command()(trace)
app.command()(lanes)
app.command()(pause)
app.command()(resume)
app.command()(reconcile)
app.command()(replay)
app.add_typer(exceptions.app, name="exceptions")
app.add_typer(dlq.app, name="dlq")
app.command()(actions)
app.add_typer(masterdata.app, name="masterdata")
app.add_typer(inventory.app, name="inventory")
app.command()(send)
app.command()(translate)
app.command()(verify)
app.command()(connectors)
app.command()(backfill)
app.command()(simulate)
app.command()(up)
