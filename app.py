"""CDK's way in.

.venv/bin/python app.py --env dev                           writes cdk.out
.venv/bin/python -m infra.cdk deploy --all -c env=dev       deploys
"""

import argparse
import logging
import sys
from pathlib import Path

from infra.application import synthesize
from infra.bundle import BundleError
from infra.environments import EnvironmentInvalid
from infra.registry import RegistryError


def main() -> None:
    """Synthesize one environment."""
    parser = argparse.ArgumentParser(description="Synthesize one environment's stacks.")
    parser.add_argument("--env", help="name of the environment; the CDK command line passes -c env=")
    parser.add_argument("--account", help="AWS account, where the environment names none")
    parser.add_argument("--out", type=Path, help="directory to write to (cdk.out)")
    given = parser.parse_args()
    logging.basicConfig(format="%(levelname)s: %(message)s")
    try:
        outdir = synthesize(given.env, account=given.account, outdir=given.out)
    except (EnvironmentInvalid, RegistryError, BundleError) as error:
        sys.exit(f"error: {error}")
    if given.env:
        sys.stderr.write(f"{given.env}: templates in {outdir}, no findings of cdk-nag\n")


if __name__ == "__main__":
    main()
