"""What every command has, whoever added it."""

import click
import pytest
import typer

from cli.main import app

ANSWERS_IN_JSON = {"translate"}
"""Commands that know no other answer."""
CHANGES = {
    "backfill",
    "exceptions resolve",
    "dlq redrive",
    "pause",
    "resume",
    "replay",
    "masterdata import",
    "inventory import",
    "send",
}
"""Commands that change a stack."""


def commands(group=None, words=()):
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


COMMANDS = dict(commands())


def flags(command: click.Command) -> set[str]:
    return {flag for parameter in command.params for flag in parameter.opts}


@pytest.mark.parametrize("name", COMMANDS)
def test_it_answers_scripts_and_says_what_it_does(name, lockstep):
    assert ("--json" in flags(COMMANDS[name])) is (name not in ANSWERS_IN_JSON)
    answer = lockstep(*name.split(), "--help")
    assert answer.code == 0
    assert len(answer.out.splitlines()) > 8


@pytest.mark.parametrize("name", COMMANDS)
def test_it_asks_before_it_changes_anything(name):
    assert ("--yes" in flags(COMMANDS[name])) is (name in CHANGES)


def test_what_changes_is_there():
    assert set(COMMANDS) >= CHANGES


def test_exit_codes_are_told(lockstep):
    told = " ".join(lockstep("--help").out.split())
    assert (
        "0 fine; 1 there is something to look at; 2 the command is written wrongly; 3 the stack cannot be reached"
        in told
    )
