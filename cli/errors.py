"""What the command line answers when it cannot do what was asked, and the exit codes scripts can count on."""

from collections.abc import Sequence
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes."""

    OK = 0
    FINDING = 1
    """It ran, and there is something to look at: not found, refused, held, stopped."""
    USAGE = 2
    """The command was written wrongly."""
    UNREACHABLE = 3
    """The stack cannot be reached."""


class CommandFailed(Exception):
    """A failure that is foreseen: no stack trace, but what to do next."""

    def __init__(self, message: str, *, then: str = "", details: Sequence[str] = (), code: Exit = Exit.FINDING) -> None:
        """Args:
        message: What is wrong, in a sentence.
        then: What to do next.
        details: Further lines, one each.
        code: Exit code.
        """
        super().__init__(message)
        self.message = message
        self.then = then
        self.details = tuple(details)
        self.code = code


class StackUnreachable(CommandFailed):
    """The stack is not there, or does not answer."""

    def __init__(self, message: str, *, then: str = "") -> None:
        """Args:
        message: What is wrong.
        then: What to do next.
        """
        super().__init__(message, then=then, code=Exit.UNREACHABLE)
