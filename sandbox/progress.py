"""Tells the person who waits what is being done, and for how long, on standard error.

A line for each thing that begins, and on a terminal a live line below them that says how the newest stands.
"""

import threading
import time
from collections.abc import Callable
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

    def __init__(self, out: Console | None = None, *, lasting: bool = True) -> None:
        """Args:
        out: Standard error when not given.
        lasting: Whether lines stay on a terminal; a log keeps them anyway.
        """
        self._out = out or console(stderr=True)
        self._lines = lasting or not self._out.is_terminal
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._current = ""
        self._standing = ""
        self._since = self._started
        self._told = self._started
        self._live: Live | None = None
        self._spinner = Spinner("dots")

    @property
    def elapsed(self) -> float:
        """Seconds since it was made."""
        return time.monotonic() - self._started

    def tell(self, step: str, standing: str = "") -> None:
        """Say what begins now, and how it stands; the same step told again only stands otherwise."""
        with self._lock:
            now = time.monotonic()
            begins = step != self._current
            repeats = self._live is None and now - self._told >= _REPEAT_AFTER
            if begins:
                self._since = now
            self._current, self._standing = step, standing
            if self._lines and (begins or repeats):
                self._told = now
                shown = f": {standing}" if standing and self._live is None else ""
                self._out.print(Text(f"{self.elapsed:7.1f} s  {step}{shown}", "dim"))

    def aside(self, say: Callable[[], None]) -> None:
        """Let something be printed that belongs on the screen for good, and go on."""
        was_live = self._live is not None
        self.__exit__(None, None, None)
        say()
        if was_live:
            self.__enter__()

    def __enter__(self) -> Self:
        if self._out.is_terminal:
            self._live = Live(console=self._out, refresh_per_second=8, transient=True, get_renderable=self._now)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()
        self._current = ""

    def _now(self) -> Spinner | Text:
        """The live line; drawn by a thread of its own."""
        step, standing, since = self._current, self._standing, self._since
        if not step:
            return Text()
        took = f"  {time.monotonic() - since:.0f} s"
        self._spinner.update(
            text=Text.assemble(f" {step}", (f"  {standing}" if standing else "", "cyan"), (took, "dim"))
        )
        return self._spinner
