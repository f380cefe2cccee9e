"""Figure 3: what one store sale of five lines asks of AWS, from the till to the ERP and one shop.

The stacks are deployed on the embedded AWS, every call of the functions goes through a proxy that counts it, and tills
send signed sales, one a document, five after the other while the workflows are held, so that every consumer finds five.
What AWS does itself and bills (queues filled by the bus, polled and emptied for a function; invocations) is added from
what the embedded AWS did of it. The sweep's schedule is off meanwhile; it is run once after each five sales, and what
it asks for more than when it finds nothing to do is counted with them. The rest of it costs the same every month.
"""

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, Final
from uuid import uuid4

from bench.capacity import item_bytes
from bench.counting_proxy import CountingProxy
from bench.metering import Counts
from infra.registry import workflows
from lockstep.canonical.events import TransactionClosed
from lockstep.messaging.ledger import StreamState, stream_key
from sandbox.retailer import NEW_ARRIVAL_SKU, RETAILER
from sandbox.stack import STATE, Stack
from sandbox.till import Item, Line, Till

LINES: Final = 5
BATCH: Final = 5
ROUNDS: Final = 10
"""Of five sales each; the first round of each till comes before and is not counted."""
RUN: Final = STATE / "bench"
_TILL_ACCOUNT: Final = "poslog.main"
_ACCEPTED: Final = 200
_DRAINED_WITHIN: Final = 90.0
_HELD_WITHIN: Final = 10.0
_POLL: Final = 0.05
_QUIET: Final = 1.0
"""Seconds without a request after which nothing is under way any more."""
_REPORT: Final = re.compile(r"REPORT RequestId: (\S+)\tDuration: ([0-9.]+) ms")
_STORAGE_OVERHEAD: Final = 100
"""Bytes that DynamoDB adds to each item it stores."""


class BenchFailed(RuntimeError):
    """The run did not do what was to be measured; says what it did instead."""


@dataclass(frozen=True, slots=True)
class Invocations:
    """What a function's log says of its invocations."""

    number: int = 0
    seconds: float = 0.0
    """All of them together, as billed."""
    log_bytes: int = 0

    def __sub__(self, other: "Invocations") -> "Invocations":
        return Invocations(self.number - other.number, self.seconds - other.seconds, self.log_bytes - other.log_bytes)


@dataclass(frozen=True, slots=True)
class SaleRun:
    """What a number of sales took, all together."""

    sales: int
    keys_moved: int
    """SKUs at a location whose stock moved, counted once a batch."""
    counts: Counts
    invocations: Mapping[str, Invocations]
    """By service name."""
    memory_gb: Mapping[str, float]
    """By service name."""
    bells_by_bus: int
    """Messages that the bus put into queues."""
    stored_bytes: int
    """By which the ledger grew."""
    resources: Mapping[str, int] = field(default_factory=dict)
    """Deployed resources by CloudFormation type."""
    metric_series: int = 0
    """Seen in the logs."""
    sweep: Counts = field(default_factory=Counts)
    """What one sweep asks for while nothing waits."""
    sweep_invocation: Invocations = field(default_factory=Invocations)


def measure(*, rounds: int = ROUNDS, progress: Callable[[str], None] = lambda _step: None) -> SaleRun:
    """Bring everything up, sell, count, and take everything down.

    Args:
        rounds: How many times five sales.
        progress: Told each step in a few words.

    Raises:
        BenchFailed: A sale was refused, or did not reach the ERP and the shop in time.
        sandbox.stack.StackError: The stack could not be brought up.
    """
    stacks: list[Stack] = []
    with CountingProxy(lambda: stacks[0].endpoint) as proxy:
        stack = Stack(run_dir=RUN, progress=progress, function_environment=proxy.function_environment)
        stacks.append(stack)
        with stack:
            return _Bench(stack, proxy, progress).run(rounds)


class _Bench:
    def __init__(self, stack: Stack, proxy: CountingProxy, progress: Callable[[str], None]) -> None:
        self._stack = stack
        self._proxy = proxy
        self._progress = progress
        self._lambda = stack.endpoint.client("lambda")
        self._logs = stack.endpoint.client("logs")
        self._ledger = stack.ledger()
        self._functions: Mapping[str, str] = stack.topology["functions"]
        settings = {
            name: self._lambda.get_function_configuration(FunctionName=f) for name, f in self._functions.items()
        }
        self._log_groups = {name: s["LoggingConfig"]["LogGroup"] for name, s in settings.items()}
        self._memory = {name: s["MemorySize"] / 1024 for name, s in settings.items()}
        first = int(time.time()) % 100_000 * 100 + 1
        self._tills = [
            Till(store.code, workstation, first=first)
            for store in RETAILER.stores
            for workstation in store.workstations
        ]
        self._stock = {
            store.code: {sku: n for sku, n in store.opening_stock.items() if sku != NEW_ARRIVAL_SKU}
            for store in RETAILER.stores
        }
        self._line = Line(stack.api_url, stack.signing_secret)
        self._random = random.Random(5)  # noqa: S311  # the same sales every time

    def run(self, rounds: int) -> SaleRun:
        with self._sweep_held():
            self._settle()
            for till in self._tills:
                self._progress(f"warming up: till {till.store}/{till.workstation}")
                self._round(till)
                self._swept()
            invoked, stored = self._invocations(), self._stored_bytes()
            counts, tidied, moved = Counts(), Counts(), 0
            for number, till in zip(range(rounds), cycle(self._tills), strict=False):
                self._progress(f"selling: {number * BATCH} of {rounds * BATCH}")
                self._proxy.take()
                moved += self._round(till)
                counts.add(self._proxy.take())
                tidied.add(self._swept())
            after = self._invocations()
            grown = self._stored_bytes() - stored
            self._proxy.take()
            sweep = self._swept()
            swept = self._invocations()["sweep"] - after["sweep"]
            counts.add(tidied)
            counts.add(sweep, times=-rounds)
        consuming = sum(TransactionClosed.type_name() in spec.consumes for spec in workflows().values())
        return SaleRun(
            sales=rounds * BATCH,
            keys_moved=moved,
            counts=counts,
            invocations={name: after[name] - invoked[name] for name in after if name != "sweep"},
            memory_gb=self._memory,
            bells_by_bus=counts.events * consuming,
            stored_bytes=grown,
            resources=self._resources(),
            metric_series=self._metric_series(),
            sweep=sweep,
            sweep_invocation=swept,
        )

    def _swept(self) -> Counts:
        """What one sweep asks for."""
        self._settle()
        self._proxy.take()
        self._lambda.invoke(FunctionName=self._functions["sweep"], Payload=b"{}")
        return self._proxy.take()

    # ---- selling ----

    def _round(self, till: Till) -> int:
        """Five sales at one till, all the way; how many SKUs they moved."""
        moved: set[str] = set()
        with self._workflows_held():
            for _ in range(BATCH):
                basket = self._basket(till.store)
                moved |= {item.sku for item in basket}
                answer = self._line.send(till.sale(basket).body, f"bench-{uuid4()}")
                if answer.status != _ACCEPTED:
                    raise BenchFailed(f"a sale was answered {answer.status}: {answer.body}")
            self._settle()
        self._wait_for(till)
        return len(moved)

    def _basket(self, store: str) -> list[Item]:
        """Five different SKUs, what lies there most sold most, and never more than lies there."""
        stock = self._stock[store]
        left = dict(stock)
        basket = []
        for _ in range(LINES):
            (sku,) = self._random.choices(list(left), weights=list(left.values()))
            del left[sku]
            stock[sku] -= 1
            basket.append(Item(sku))
        return basket

    def _wait_for(self, till: Till) -> None:
        """Until every consumer of the till's stream has come to its head, and nothing is under way."""
        stream = f"till:{_TILL_ACCOUNT}/{till.store}/{till.workstation}".replace("main/", "main:", 1)
        key = stream_key(stream)
        consumers = self._consumers()
        deadline = time.monotonic() + _DRAINED_WITHIN
        while True:
            state = StreamState(stream, self._ledger.get([key]).get(key, {}))
            cursors = {name: state.cursor(name).seq for name in consumers}
            if state.head and all(seq == state.head for seq in cursors.values()):
                break
            if time.monotonic() > deadline:
                raise BenchFailed(f"{stream} did not drain: head {state.head}, {cursors}")
            time.sleep(_POLL)
        self._settle()

    def _consumers(self) -> list[str]:
        return [name for name in self._stack.topology["queues"] if not name.startswith("intake.")]

    def _settle(self) -> None:
        """Until no request has come for a while."""
        while self._proxy.idle_for() < _QUIET:
            time.sleep(_POLL)

    # ---- holding ----

    @contextmanager
    def _workflows_held(self) -> Iterator[None]:
        names = {spec.consumer for spec in workflows().values()}
        mappings = [
            mapping["UUID"]
            for mapping in self._lambda.list_event_source_mappings()["EventSourceMappings"]
            if any(mapping["FunctionArn"].endswith(f":{self._functions[name]}") for name in names)
        ]
        self._switch(mappings, enabled=False)
        try:
            yield
        finally:
            self._switch(mappings, enabled=True)

    def _switch(self, mappings: Iterable[str], *, enabled: bool) -> None:
        for uuid in mappings:
            self._lambda.update_event_source_mapping(UUID=uuid, Enabled=enabled)

    @contextmanager
    def _sweep_held(self) -> Iterator[None]:
        events = self._stack.endpoint.client("events")
        rules = [rule["Name"] for rule in events.list_rules()["Rules"] if rule.get("ScheduleExpression")]
        for name in rules:
            events.disable_rule(Name=name)
        try:
            yield
        finally:
            for name in rules:
                events.enable_rule(Name=name)

    # ---- looking ----

    def _messages(self, service: str) -> Iterator[str]:
        pages = self._logs.get_paginator("filter_log_events").paginate(logGroupName=self._log_groups[service])
        return (event["message"] for page in pages for event in page["events"])

    def _invocations(self) -> dict[str, Invocations]:
        found = {}
        for service in self._functions:
            messages = list(self._messages(service))
            reports = [match for message in messages if (match := _REPORT.match(message))]
            seconds = sum(float(report[2]) for report in reports) / 1000
            found[service] = Invocations(len(reports), seconds, sum(len(message.encode()) for message in messages))
        return found

    def _metric_series(self) -> int:
        series: set[tuple[str, ...]] = set()
        for service in self._functions:
            for message in self._messages(service):
                if '"_aws"' in message:
                    series.update(_series_of(json.loads(message)))
        return len(series)

    def _stored_bytes(self) -> int:
        pages = (
            self._stack.endpoint.client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=self._stack.topology["ledger_table"])
        )
        return sum(item_bytes(item) + _STORAGE_OVERHEAD for page in pages for item in page["Items"])

    def _resources(self) -> dict[str, int]:
        client = self._stack.endpoint.client("cloudformation")
        found: Counter[str] = Counter()
        for stack in client.describe_stacks()["Stacks"]:
            pages = client.get_paginator("list_stack_resources").paginate(StackName=stack["StackName"])
            found.update(resource["ResourceType"] for page in pages for resource in page["StackResourceSummaries"])
        return dict(found)


def _series_of(line: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The series that a line of CloudWatch's embedded metric format writes to."""
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for dimensions in directive["Dimensions"]:
            values = tuple(str(line[name]) for name in sorted(dimensions))
            yield from ((directive["Namespace"], metric["Name"], *values) for metric in directive["Metrics"])
