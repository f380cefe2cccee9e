"""Starts ministack under an interpreter that cannot import ministack's own packages.

Run by `sandbox.aws.server` as ``<functions python> -I _launch.py <site-packages of the aws environment>``. ministack
starts every Lambda worker with its own ``sys.executable``. If that were the interpreter ministack is installed in, a
function could import boto3, PyYAML and the rest from there, and a module missing from the bundle would go
unnoticed until it is deployed. So the process runs on an empty environment's interpreter, and only this process is
shown ministack's packages.

The process group ends when standard input does: whoever started it may be killed, and must not leave a server and
its workers behind.
"""

import os
import runpy
import shutil
import signal
import site
import sys
import threading


def _end_with_parent() -> None:
    while os.read(0, 1):  # not sys.stdin: its lock, held by this thread, would abort an orderly exit
        pass
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)  # which may be memory
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True, name="end-with-parent").start()
    site.addsitedir(sys.argv[1])
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__")
