"""Serves the ERP until standard input closes. Run by the ERP's own interpreter, never imported.

Whoever started it holds the other end of standard input, so that it cannot outlive them, however they end.

Calls that may write are carried out one at a time. Receipt numbers are gapless: on PostgreSQL who takes one locks the
sequence, and others wait or are told that it is locked. On SQLite trytond locks nothing (8.2), and two that post at the
same time give out the same numbers.
"""

import os
import sys
import threading
from typing import Any

from trytond.cli import main
from werkzeug import serving

_writing = threading.Lock()
_run_simple = serving.run_simple


def _serve_in_turn(hostname: str, port: int, app: Any, **options: Any) -> None:
    def in_turn(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] == "GET":
            return app(environ, start_response)
        with _writing:
            return app(environ, start_response)

    _run_simple(hostname, port, in_turn, **options)


def _leave_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # what was committed is on disk; a request in flight is as if the machine had stopped


if __name__ == "__main__":
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    serving.run_simple = _serve_in_turn  # type: ignore[assignment]  # which trytond takes from there
    main()
