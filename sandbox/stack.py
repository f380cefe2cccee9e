"""The whole world on one machine: embedded AWS with the deployed stacks, a real ERP, a shop, their crosswalk."""

import fcntl
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Self

from infra import environments, registry
from infra.plan import make_plan
from lockstep.masterdata.importing import ImportReport, MappingImport
from lockstep.messaging.accept import Acceptor
from lockstep.messaging.topology import Consumer
from lockstep.operations.inventory_import import import_inventory
from lockstep.operations.lanes import LanesReport, lanes_report
from lockstep.runtime.aws import DynamoTable, S3Claims, SqsDoorbells
from lockstep.runtime.observability import EmbeddedMetrics
from lockstep.runtime.system import SystemClock, SystemRandom
from sandbox.aws import environment as aws_environment
from sandbox.aws.deploy import deploy
from sandbox.aws.endpoint import AwsEndpoint
from sandbox.aws.server import EmbeddedAws
from sandbox.channels import example_secret
from sandbox.crosswalk import crosswalk_csv
from sandbox.erp.server import DATABASE, TrytonErp
from sandbox.retailer import RETAILER
from sandbox.shops.process import SimulatedShop
from sandbox.square import SimulatedSquare

if TYPE_CHECKING:
    from sandbox.aws.template_filter import Difference

ROOT: Final = Path(__file__).resolve().parents[1]
STATE: Final = ROOT / ".sandbox"
RUN: Final = STATE / "run"
STACK_FILE: Final = RUN / "stack.json"
_ASSEMBLY: Final = STATE / "cache" / "assembly"
_COUNTED_BEFORE: Final = timedelta(days=1)
"""The opening stock was counted the evening before."""
_LEVEL_WITHIN: Final = 60.0
_POLL: Final = 0.1
ENVIRONMENT: Final = "local"
_CHANNELS: Final = frozenset({"poslog", "shopify", "square"})
"""Those that the demo retailer sells through; the others' doors are there for samples."""
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

    def __init__(
        self,
        *,
        run_dir: Path = RUN,
        progress: Progress = lambda _step: None,
        function_timeouts: Mapping[str, timedelta] | None = None,
        function_environment: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing is started yet.

        Args:
            run_dir: For logs, databases and the description of the stack that the command line reads.
            progress: Told each step in a few words.
            function_timeouts: Other timeouts than the template's, by service. A lease lasts as long as its holder's
                function may run, so a test that kills the holder shortens what it has to wait.
            function_environment: Variables that every function gets besides its own.
        """
        self._function_timeouts = dict(function_timeouts or {})
        self._function_environment = dict(function_environment or {})
        self._run_dir = run_dir
        self._progress = progress
        self.erp = TrytonErp(run_dir=run_dir)
        self.shop = SimulatedShop(run_dir)
        self.square = SimulatedSquare()
        self.signing_secret = "whsec_" + b64encode(secrets.token_bytes(24)).decode()
        """What the tills sign with; good for this run."""
        self._webhook_secret = secrets.token_urlsafe(24)
        """What the web shop signs with."""
        self._lock: IO[bytes] | None = None
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
    def run_dir(self) -> Path:
        """Holds the logs of everything, its databases, and the description that the command line reads."""
        return self._run_dir

    @property
    def endpoint(self) -> AwsEndpoint:
        """Where the embedded AWS answers."""
        return self.aws.endpoint

    @property
    def api_url(self) -> str:
        """Where webhooks are sent."""
        return self.endpoint.api_url(self.topology["api_url"])

    def webhook_url(self, account: str) -> str:
        """Where an account's channel sends its webhooks."""
        system, _, name = account.partition(".")
        return f"{self.api_url.rstrip('/')}/webhooks/{system}/{name}"

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

    @cached_property
    def consumers(self) -> tuple[Consumer, ...]:
        """Everyone who reads streams here."""
        return make_plan(environments.load(ENVIRONMENT), registry.connectors(), registry.workflows()).consumers

    def import_mappings(self, content: str) -> ImportReport:
        """Take mappings into the crosswalk, as `lockstep masterdata import` does; raises as `MappingImport.run`."""
        importer = MappingImport(
            masterdata=self.masterdata(),
            ledger=self.ledger(),
            doorbells=self.doorbells(),
            clock=SystemClock(),
            write_only=_is_write_only,
        )
        return importer.run(content.encode(), by="sandbox")

    def count(self, store: str, on_hand: Mapping[str, int], *, counted_at: datetime | None = None) -> None:
        """What lies in a store (units by SKU) enters as a count, through the same accept as everything.

        Args:
            store: Code of the store.
            on_hand: Units by SKU.
            counted_at: UTC; now when left out.
        """
        clock = SystemClock()
        claims = S3Claims(lambda: self.endpoint.client("s3"), self.topology["claims_bucket"])
        acceptor = Acceptor(self.ledger(), claims, clock, SystemRandom(), EmbeddedMetrics(ENVIRONMENT))
        rows = [f"{RETAILER.product(sku).gtin},{store},{units}" for sku, units in on_hand.items()]
        import_inventory(
            "\n".join(["item,location,on_hand", *rows]).encode(),
            acceptor=acceptor,
            clock=clock,
            counted_at=counted_at or clock.now(),
        )

    def lanes(self) -> LanesReport:
        """Who is behind on what, and which target is being spared."""
        return lanes_report(self.ledger(), self.consumers, SystemClock().now())

    def wait_level(self, *, within: float) -> None:
        """Return once no consumer has anything left to take.

        Args:
            within: Seconds it may take.

        Raises:
            StackError: Somebody is still behind; says who.
        """
        deadline = time.monotonic() + within
        while behind := [lane for lane in self.lanes().lanes if lane.oldest is not None]:
            if time.monotonic() > deadline:
                told = "; ".join(f"{lane.consumer} by {lane.backlog} on {lane.stream}" for lane in behind[:5])
                raise StackError(f"after {within:g} s somebody is still behind: {told}; see {self.aws.log}")
            time.sleep(_POLL)

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
        self._hold_run_dir()
        with ThreadPoolExecutor(max_workers=4) as pool:
            erp = pool.submit(self._start_erp)
            shop = pool.submit(self.shop.start)
            self.square.start()
            aws = pool.submit(self._start_aws)
            assembly = self._synthesized()
            _all_of((aws,))
            self._progress("deploying the stacks")
            deployment = deploy(assembly, self.endpoint, cache=STATE / "cache" / "assets", progress=lambda _step: None)
            self.topology = json.loads(deployment.output("LockstepTopology"))
            self.differences = deployment.differences
            self._set_timeouts()
            self._progress("waking the functions")
            awake = pool.submit(self._warm)  # before anything is accepted, or its bells would start them a second time
            _all_of((erp, shop))
            self._progress("telling the connectors where their systems are")
            self._put_secrets()
            self._progress("importing the crosswalk")
            self._import_crosswalk()
            _all_of((awake,))
        self._subscribe()
        self._progress("counting the opening stock")
        self._count_opening_stock()
        self._describe()
        self.wait_level(within=_LEVEL_WITHIN)

    def down(self) -> None:
        """End everything, in the opposite order."""
        if self._lock is not None:  # ours to remove
            (self._run_dir / STACK_FILE.name).unlink(missing_ok=True)
        if self._aws is not None:
            self._aws.stop()
            self._aws = None
        self.shop.stop()
        self.square.stop()
        self.erp.stop()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # ---- parts ----

    def _hold_run_dir(self) -> None:
        """Hold the run's directory, before anything in it is touched, until `down` or the end of this process."""
        lock = (self._run_dir / "stack.lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise StackError(f"another run uses {self._run_dir}: end it first (Ctrl-C where it runs)") from None
        self._lock = lock

    def _start_erp(self) -> None:
        self.erp.prepare(lambda step: self._progress(f"ERP: {step}"))
        self.erp.reset()
        self.erp.start()

    def _start_aws(self) -> None:
        environment = aws_environment.prepare()
        aws = EmbeddedAws(environment, self._run_dir, function_environment=self._function_environment)
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
            [sys.executable, "app.py", "--env", ENVIRONMENT, "--out", str(assembly)],
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

    def _set_timeouts(self) -> None:
        client = self.endpoint.client("lambda")
        for service, timeout in self._function_timeouts.items():
            name = self.topology["functions"][service]
            client.update_function_configuration(FunctionName=name, Timeout=int(timeout.total_seconds()))

    def _put_secrets(self) -> None:
        client = self.endpoint.client("secretsmanager")
        facts = self.erp.facts
        values = {
            "poslog.main": {"current": self.signing_secret},
            "shopify.main": {**self.shop.secret, "current": self._webhook_secret},
            "square.main": self.square.secret,
            "tryton.main": {
                "base_url": self.erp.url,
                "database": DATABASE,
                "user": facts.user,
                "password": facts.password,
            },
        }
        for account, secret in self.topology["secrets"].items():
            value = values.get(account) or example_secret(account)
            client.put_secret_value(SecretId=secret, SecretString=json.dumps(value))

    def _subscribe(self) -> None:
        """Have the channels send their webhooks here."""
        self.shop.control.subscribe(self.webhook_url("shopify.main"), self._webhook_secret)
        square = environments.load(ENVIRONMENT).accounts["square.main"]
        url = self.webhook_url("square.main")
        self.square.subscribe(url, registered=square.notification_url or url)

    def _import_crosswalk(self) -> None:
        content = crosswalk_csv(RETAILER, self.erp.facts)
        (self._run_dir / "crosswalk.csv").write_text(content, encoding="utf-8")
        self.import_mappings(content)

    def _count_opening_stock(self) -> None:
        midnight = datetime.combine(SystemClock().now().date(), datetime.min.time(), UTC)
        for store in RETAILER.stores:
            self.count(store.code, store.opening_stock, counted_at=midnight - _COUNTED_BEFORE)

    def _warm(self) -> None:
        """Start a worker for every function that the demo retailer waits for, side by side; others start when called.

        Raises:
            StackError: One cannot be loaded, or fails with nothing to do.
        """
        client = self.endpoint.client("lambda")
        names = [name for service, name in self.topology["functions"].items() if _is_awaited(service)]

        def wake(name: str) -> None:
            answer = client.invoke(FunctionName=name, Payload=b'{"Records": []}')
            if "FunctionError" in answer:
                said = json.loads(answer["Payload"].read() or b"{}").get("errorMessage", "it does not say why")
                raise StackError(f"{name} does not start: {said}")

        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            list(pool.map(wake, names))

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


def _is_awaited(service: str) -> bool:
    """Whether somebody waits for its first answer: not for what runs by a schedule, or serves other channels."""
    kind, _, system = service.partition(".")
    if kind in {"inbound", "intake"}:
        return system in _CHANNELS
    return kind not in {"sweep", "polling", "bus"}


def _is_write_only(account: str) -> bool:
    manifest = registry.connectors().get(account.partition(".")[0])
    return manifest is not None and manifest.inbound is None


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
