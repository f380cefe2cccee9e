"""Runs the pinned CDK command line: `python -m infra.cdk deploy --all -c env=dev`.

The version is pinned because the command line must understand the cloud assembly that the library writes
(aws-cdk-lib 2.275 writes schema 55; CLI 3.0.0 stops at 43). npx fetches it from npm on first use and caches it.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra import environments
from infra.environments import EnvironmentInvalid
from infra.node import node_program, npx_script

CDK_CLI = "aws-cdk@2.1148.1"
_ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Run the CDK command line in the checkout and return its exit code; 2 when the environment is not there."""
    try:
        _check_environment(arguments)
    except EnvironmentInvalid as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    command = [str(node_program()), str(npx_script()), "--yes", CDK_CLI, *arguments]
    if "--app" not in arguments and "-a" not in arguments:
        command += ["--app", f"{sys.executable} app.py"]
    return subprocess.run(command, cwd=_ROOT, env=_variables(os.environ), check=False).returncode  # noqa: S603  # our own pinned command


def _check_environment(arguments: Sequence[str]) -> None:
    """Say that an environment is not there before anything is fetched."""
    for argument in arguments:
        name, given, value = argument.partition("=")
        if name == "env" and given:
            environments.load(value)


def _variables(given: Mapping[str, str]) -> dict[str, str]:
    variables = {
        # As for uv: behind a company's proxy only the machine's certificates are right, and Node brings its own.
        "NODE_USE_SYSTEM_CA": "1",
        "NPM_CONFIG_UPDATE_NOTIFIER": "false",
        **given,
        "PATH": f"{node_program().parent}{os.pathsep}{given.get('PATH', os.defpath)}",
    }
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # without .pyc jsii's bindings make synth three times as slow
    return variables


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
