"""Figure 2: what a cold start of an inbound function costs, beside what boto3 alone would.

Both run from the bundle that is deployed, in an interpreter of their own that sees nothing else (no site-packages, no
writing of bytecode), one after the other and many times: only the ratio within a pair means anything, as the machine
is faster one second and slower the next. CPU time of the process, not elapsed time.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.bundle import Target, build
from lockstep.messaging.specs import ConnectorManifest
from lockstep.runtime.settings import AccountSettings, InboundSettings

PAIRS: Final = 9
_REGION: Final = "us-east-1"
_NO_ACCOUNT: Final = 404
"""What a door answers for an account that there is not, where its vendor does not punish it for that."""

_MEASURE: Final = """
import sys, time
sys.path.insert(0, sys.argv[1])
started = time.process_time()
{work}
print(time.process_time() - started)
"""
_BASELINE: Final = _MEASURE.format(work="import boto3\nboto3.client('dynamodb')")
_OURS: Final = _MEASURE.format(
    # An account that does not exist: everything is made as for any first call, and no AWS is asked.
    work="""
from importlib import import_module
handler = import_module(sys.argv[2]).handler
answer = handler({"pathParameters": {"account": "nobody"}, "headers": {}, "body": ""}, None)
assert answer["statusCode"] == int(sys.argv[3]), answer
"""
)


@dataclass(frozen=True, slots=True)
class ColdStarts:
    """Pairs of CPU seconds: ours, and the baseline's a moment before."""

    pairs: tuple[tuple[float, float], ...]

    @property
    def ratio(self) -> float:
        """The median of the pairwise ratios."""
        return statistics.median(ours / baseline for ours, baseline in self.pairs)

    @property
    def ours_ms(self) -> float:
        """The median of ours, in milliseconds."""
        return statistics.median(ours for ours, _ in self.pairs) * 1000

    @property
    def baseline_ms(self) -> float:
        """The median of the baseline, in milliseconds."""
        return statistics.median(baseline for _, baseline in self.pairs) * 1000

    @property
    def spread(self) -> tuple[float, float]:
        """The quartiles of the pairwise ratios: half of all pairs lie between them."""
        first, _, third = statistics.quantiles((ours / baseline for ours, baseline in self.pairs), n=4)
        return first, third


@contextmanager
def unpacked_bundle() -> Iterator[str]:
    """The bundle that is deployed, unpacked for as long as it is needed.

    Raises:
        infra.bundle.BundleError: It could not be built.
    """
    with tempfile.TemporaryDirectory(prefix="lockstep-bench-") as directory:
        with zipfile.ZipFile(build(Target.LOCAL)) as archive:
            archive.extractall(directory)
        yield directory


def measure(manifest: ConnectorManifest, bundle: str, *, pairs: int = PAIRS) -> ColdStarts:
    """Start the inbound function of a connector cold, many times, each after the baseline.

    Args:
        manifest: The connector.
        bundle: Where the bundle is unpacked.
        pairs: How many times.

    Raises:
        RuntimeError: An interpreter failed; carries its own words.
    """
    system = manifest.system
    module, answers = f"lockstep.connectors.{system}.inbound", manifest.inbound.answers if manifest.inbound else {}
    environment = _environment(system)
    found = []
    for number in range(pairs + 1):
        baseline = _run(_BASELINE, bundle, environment)
        ours = _run(_OURS, bundle, environment, module, str(answers.get(_NO_ACCOUNT, _NO_ACCOUNT)))
        if number:  # the first pair reads the files from disk for all that follow
            found.append((ours, baseline))
    return ColdStarts(tuple(found))


def _environment(system: str) -> Mapping[str, str]:
    """What Lambda gives the function, as far as it is read before AWS is asked."""
    settings = InboundSettings(
        environment="bench",
        ledger_table="bench-ledger",
        claims_bucket="bench-claims",
        accounts={f"{system}.main": AccountSettings(secret=f"lockstep/bench/{system}.main", currency="USD")},
    )
    return {
        "AWS_REGION": _REGION,
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_LAMBDA_FUNCTION_NAME": f"lockstep-bench-inbound-{system}",
        "POWERTOOLS_SERVICE_NAME": f"inbound.{system}",
        "POWERTOOLS_METRICS_NAMESPACE": "Lockstep",
        **settings.variables(),
    }


def _run(program: str, bundle: str, environment: Mapping[str, str], *arguments: str) -> float:
    command = [_interpreter(), "-I", "-S", "-B", "-c", program, bundle, *arguments]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"a cold start failed: {done.stderr.strip()}")
    return float(json.loads(done.stdout.splitlines()[-1]))


def _interpreter() -> str:
    """The interpreter itself, not that of a virtual environment."""
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    return str(base) if os.access(base, os.X_OK) else shutil.which("python3") or sys.executable
