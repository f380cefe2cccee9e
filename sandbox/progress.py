"""Tells the person who waits what is being done, and for how long, on standard error.

On a terminal one live line, and a line for each thing done; anywhere else a line for each thing, without control codes.
"""

import threading
import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

WIDTH: Final = 100
_REPEAT_AFTER: Final = 10.0
"""Seconds after which a log is told again how a wait stands."""


def console(*, stderr: bool = False) -> Console:
    """Where people read: as wide as their terminal, or 100 columns of plain text."""
    made = Console(stderr=stderr, highlight=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, width=WIDTH, no_color=True)


class Progress:
    """What is being done; use it as a context manager around everything that takes long. Safe to tell from threads."""

    def __init__(self, out: Console | None = None) -> None:
        """Args:
        out: Standard error when not given.
        """
        self._out = out or console(stderr=True)
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._current = ""
        self._standing = ""
        self._since = self._started
        self._told = self._started
        self._live: Live | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since it was made."""
        return time.monotonic() - self._started

    def tell(self, step: str, standing: str = "") -> None:
        """Say what is being done now, and how it stands; the same step told again only stands otherwise."""
        with self._lock:
            now = time.monotonic()
            same = step == self._current
            if self._live is not None and not same:
                self._done()
            if self._live is None and (not same or now - self._told >= _REPEAT_AFTER):
                self._told = now
                self._out.print(Text(f"{self.elapsed:7.1f} s  {step}{': ' if standing else ''}{standing}"))
            if not same:
                self._since = now
            self._current, self._standing = step, standing

    def _done(self) -> None:
        if self._current:
            took = time.monotonic() - self._since
            line = Text.assemble(("  done  ", "green"), self._current, (f"  {took:.1f} s", "dim"))
            self._out.print(line)

    def __enter__(self) -> Self:
        if self._out.is_terminal:
            self._live = Live(
                console=self._out, refresh_per_second=8, transient=True, get_renderable=self._now, redirect_stdout=False
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()
            if error is None:
                self._done()
        self._current = ""

    def _now(self) -> Spinner | Text:
        if not self._current:
            return Text("")
        took = f"  {time.monotonic() - self._since:.0f} s"
        text = Text.assemble(
            f" {self._current}", (f"  {self._standing}" if self._standing else "", "cyan"), (took, "dim")
        )
        self._spinner.update(text=text)
        return self._spinner

    _spinner = Spinner("dots")
