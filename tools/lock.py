"""Writes the lock files: every dependency of each environment, pinned and hashed, without download addresses.

python -m tools.lock            after a change of a requirements/*.in
python -m tools.lock --upgrade  to take what is new
"""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST_PYTHON = "3.11"


def main() -> None:
    """Compile every `.in` beside its `.txt`."""
    parser = argparse.ArgumentParser(description="Write requirements/*.txt from requirements/*.in.")
    parser.add_argument("--upgrade", action="store_true", help="take newer versions of what is not pinned")
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    for source in sorted((ROOT / "requirements").glob("*.in")):
        command = [
            *(str(Path(sys.executable).with_name("uv")), "pip", "compile", "--quiet", "--universal"),
            *("--python-version", OLDEST_PYTHON, "--generate-hashes", "--no-annotate", "--no-header"),
            *("--no-emit-index-url", "--no-emit-find-links", *upgrade),
            *(source.name, "--output-file", source.with_suffix(".txt").name),
        ]
        subprocess.run(command, cwd=source.parent, check=True)  # noqa: S603  # our own command


if __name__ == "__main__":
    main()
