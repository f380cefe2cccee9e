"""Serves the ERP until standard input closes. Run by the ERP's own interpreter, never imported.

Whoever started it holds the other end of standard input, so that it cannot outlive them, however they end.
"""

import os
import sys
import threading

from trytond.cli import main


def _leave_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # what was committed is on disk; a request in flight is as if the machine had stopped


if __name__ == "__main__":
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    main()
