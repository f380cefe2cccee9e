"""The whole world on one laptop: embedded AWS with the deployed stacks, a real ERP, a simulated shop, their crosswalk."""

import hashlib
import json
import os
import secrets
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from lockstep.canonical.events import InventoryLevelReported
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.inventory import InventoryCount, InventoryLevelReport
from lockstep.masterdata.importing import MappingImport
from lockstep.messaging.accept import Acceptor
from lockstep.messaging.inbound import Delivery
from lockstep.runtime.aws import DynamoTable, S3Claims, SqsDoorbells
from lockstep.runtime.observability import EmbeddedMetrics
from lockstep.runtime.system import SystemClock, SystemRandom
from sandbox.aws import environment as aws_environment
from sandbox.aws.deploy import deploy
from sandbox.aws.endpoint import AwsEndpoint
from sandbox.aws.server import EmbeddedAws
from sandbox.aws.template_filter import Difference
from sandbox.crosswalk import crosswalk_csv
from sandbox.erp.server import DATABASE, TrytonErp
from sandbox.retailer import RETAILER
from sandbox.shops.process import SimulatedShop

ROOT: Final = Path(__file__).resolve().parents[1]
STATE: Final = ROOT / ".sandbox"
RUN: Final = STATE / "run"
STACK_FILE: Final = RUN / "stack.json"
_ASSEMBLY: Final = STATE / "cache" / "assembly"
_COUNTED_BEFORE: Final = timedelta(days=1)
"""The opening stock was counted the evening before."""
_SYNTH_INPUTS: Final = ("infra", "functions", "requirements", "app.py", "cdk.json")

Progress = Callable[[str], None]


class StackError(RuntimeError):
    """The stack could not be brought up; says what to do."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a person finds what runs."""

    api: str
    shop: str
    erp: str
    aws: str


class Stack:
    """Everything, up together and down together; use it as a context manager.

    The order of its parts is the order in which they need each other; what does not is made side by side.
    """

    def __init__(self, *, run_dir: Path = RUN, progress: Progress = lambda _step: None) -> None:
        """Nothing is started yet.

        Args:
            run_dir: For logs, databases and the description of the stack that the command line reads.
            progress: Told each step in a few words.
        """
        self._run_dir = run_dir
        self._progress = progress
        self.erp = TrytonErp(run_dir=run_dir)
        self.shop = SimulatedShop(run_dir)
        self._aws: EmbeddedAws | None = None
        self.topology: dict[str, Any] = {}
        self.differences: tuple[Difference, ...] = ()

    @property
    def aws(self) -> EmbeddedAws:
        """The embedded AWS.

        Raises:
            StackError: The stack is not up.
        """
        if self._aws is None:
            raise StackError("the stack is not up")
        return self._aws

    @property
    def endpoint(self) -> AwsEndpoint:
        """Where the embedded AWS answers."""
        return self.aws.endpoint

    @property
    def api_url(self) -> str:
        """Where webhooks are sent."""
        return self.endpoint.api_url(self.topology["api_url"])

    @property
    def addresses(self) -> Addresses:
        """Where a person finds what runs."""
        return Addresses(self.api_url, self.shop.base_url, self.erp.url, self.endpoint.url)

    def ledger(self) -> DynamoTable:
        """The ledger, with the administrator's rights."""
        return DynamoTable(self.endpoint.client("dynamodb"), self.topology["ledger_table"])

    def masterdata(self) -> DynamoTable:
        """The master data, with the administrator's rights."""
        return DynamoTable(self.endpoint.client("dynamodb"), self.topology["masterdata_table"])

    def doorbells(self) -> SqsDoorbells:
        """Every consumer's bell."""
        return SqsDoorbells(self.endpoint.client("sqs"), self.topology["queues"], SystemRandom().token)

    def __enter__(self) -> Self:
        try:
            self.up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        """Bring everything up.

        Raises:
            StackError: A part could not be made or started; says which, and what to do.
        """
        self._run_dir.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(max_workers=3) as pool:
            erp = pool.submit(self._start_erp)
            shop = pool.submit(self.shop.start)
            aws = pool.submit(self._start_aws)
            assembly = self._synthesized()
            _all_of((erp, shop, aws))
        self._progress("deploying the stacks")
        deployment = deploy(assembly, self.endpoint, cache=STATE / "cache" / "assets", progress=lambda _step: None)
        self.topology = json.loads(deployment.output("LockstepTopology"))
        self.differences = deployment.differences
        self._progress("telling the connectors where their systems are")
        self._put_secrets()
        self._progress("importing the crosswalk and the opening stock")
        self._import_crosswalk()
        self._count_opening_stock()
        self._describe()
        self._progress("waking the functions")
        self._warm()

    def down(self) -> None:
        """End everything, in the opposite order."""
        (self._run_dir / STACK_FILE.name).unlink(missing_ok=True)
        if self._aws is not None:
            self._aws.stop()
            self._aws = None
        self.shop.stop()
        self.erp.stop()

    # ---- parts ----

    def _start_erp(self) -> None:
        self.erp.prepare(lambda step: self._progress(f"ERP: {step}"))
        self.erp.reset()
        self.erp.start()

    def _start_aws(self) -> None:
        environment = aws_environment.prepare()
        aws = EmbeddedAws(environment, self._run_dir)
        aws.start()
        self._aws = aws

    def _synthesized(self) -> Path:
        """The local environment's cloud assembly, made anew when anything that goes into it has changed."""
        digest = hashlib.sha256(sys.version.encode())
        for path in _files(_SYNTH_INPUTS):
            digest.update(str(path.relative_to(ROOT)).encode())
            digest.update(path.read_bytes())
        assembly = _ASSEMBLY.with_name(f"assembly-{digest.hexdigest()[:16]}")
        if (assembly / "complete").exists():
            return assembly
        self._progress("synthesizing the template and bundling the functions")
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        made = subprocess.run(
            [sys.executable, "app.py", "--env", "local", "--out", str(assembly)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise StackError(f"the template could not be synthesized:\n{made.stdout}{made.stderr}")
        (assembly / "complete").touch()
        return assembly

    def _put_secrets(self) -> None:
        client = self.endpoint.client("secretsmanager")
        facts = self.erp.facts
        signing = "whsec_" + b64encode(secrets.token_bytes(24)).decode()
        values = {
            "poslog.main": {"current": signing},
            "shopify.main": self.shop.secret,
            "tryton.main": {
                "base_url": self.erp.url,
                "database": DATABASE,
                "user": facts.user,
                "password": facts.password,
            },
        }
        for account, value in values.items():
            client.put_secret_value(SecretId=self.topology["secrets"][account], SecretString=json.dumps(value))

    def _import_crosswalk(self) -> None:
        content = crosswalk_csv(RETAILER, self.erp.facts)
        (self._run_dir / "crosswalk.csv").write_text(content, encoding="utf-8")
        importer = MappingImport(
            masterdata=self.masterdata(), ledger=self.ledger(), doorbells=self.doorbells(), clock=SystemClock()
        )
        importer.run(content.encode(), by="sandbox")

    def _count_opening_stock(self) -> None:
        """What lies in the stores when the day begins enters as counts, through the same accept as everything."""
        clock = SystemClock()
        claims = S3Claims(lambda: self.endpoint.client("s3"), self.topology["claims_bucket"])
        acceptor = Acceptor(self.ledger(), claims, clock, SystemRandom(), EmbeddedMetrics("local"))
        now = clock.now()
        for store in RETAILER.stores:
            report = InventoryLevelReport(
                document="opening",
                location=store.code,
                counted_at=datetime.combine(now.date(), datetime.min.time(), UTC) - _COUNTED_BEFORE,
                counts=tuple(
                    InventoryCount(item=ItemReference(value=RETAILER.product(sku).gtin), on_hand=quantity)
                    for sku, quantity in store.opening_stock.items()
                ),
            )
            delivery = Delivery("files.main", f"opening-{store.code}", report.model_dump_json().encode(), now)
            event = InventoryLevelReported.create(
                report, source=delivery.account, received_at=now, causation_id=delivery.delivery_id
            )
            acceptor.accept(delivery, [event], within=timedelta(seconds=10))

    def _warm(self) -> None:
        """Start a worker for every function, side by side: a first call would otherwise wait for it."""
        client = self.endpoint.client("lambda")
        calls = {"Records": []}
        names = [name for service, name in self.topology["functions"].items() if service != "sweep"]
        with ThreadPoolExecutor(max_workers=2) as pool:
            list(pool.map(lambda name: client.invoke(FunctionName=name, Payload=json.dumps(calls).encode()), names))

    def _describe(self) -> None:
        """What the command line reads to find the stack. It holds the sandbox's keys, so only its owner may read it."""
        description = {
            "endpoint_url": self.endpoint.url,
            "region": self.endpoint.region,
            "access_key_id": self.endpoint.access_key_id,
            "secret_access_key": self.endpoint.secret_access_key,
            "topology": {**self.topology, "api_url": self.api_url},
            "urls": {"shop": self.shop.base_url, "erp": self.erp.url},
        }
        file = self._run_dir / STACK_FILE.name
        file.touch(mode=0o600)
        file.write_text(json.dumps(description, indent=2), encoding="utf-8")


def _files(names: Iterable[str]) -> Iterator[Path]:
    for name in names:
        path = ROOT / name
        if path.is_file():
            yield path
        else:
            yield from sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def _all_of(futures: Iterable[Future[Any]]) -> None:
    """Wait for all, then raise what the first that failed raised."""
    futures = tuple(futures)
    failed = [error for future in futures if (error := future.exception()) is not None]
    if failed:
        raise failed[0]
