"""Runs the pinned CDK command line: `python -m infra.cdk deploy --all -c env=dev`.

The version is pinned because the command line must understand the cloud assembly that the library writes
(aws-cdk-lib 2.275 writes schema 55; CLI 3.0.0 stops at 43). npx fetches it from npm on first use and caches it.
"""

import os
import subprocess
import sys
from pathlib import Path

from infra.node import node_program, npx_script

CDK_CLI = "aws-cdk@2.1148.1"
_ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Run the CDK command line in the checkout and return its exit code."""
    environ = dict(os.environ)
    environ["PATH"] = f"{node_program().parent}{os.pathsep}{environ.get('PATH', os.defpath)}"
    environ.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # jsii's bindings are large: without .pyc synth takes three times as long
    command = [str(node_program()), str(npx_script()), "--yes", CDK_CLI, *arguments]
    if "--app" not in arguments and "-a" not in arguments:
        command += ["--app", f"{sys.executable} app.py"]
    return subprocess.run(command, cwd=_ROOT, env=environ, check=False).returncode  # noqa: S603  # our own pinned command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
