"""Prints, at the end of a run, what became of the real messages of each connector."""

from collections.abc import Iterator

import pytest


def _counted(terminalreporter: pytest.TerminalReporter) -> Iterator[str]:
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "real messages" and getattr(report, "when", "") == "call":
                    yield str(value)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a connector."""
    lines = sorted(set(_counted(terminalreporter)))
    if lines:
        terminalreporter.section("real messages: what became of them")
        for line in lines:
            terminalreporter.write_line(line)
