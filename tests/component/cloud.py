"""The deployed platform on AWS as moto plays it: the functions' own handlers, their queues, the bus, the change stream.

What is not AWS is faked: an ERP and a shop that do as they are told. Time is the test's: nothing waits.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING, Any, Final

import boto3
import standardwebhooks
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb import dynamodb_backends

from lockstep.connectors.poslog.inbound import connector
from lockstep.connectors.poslog.manifest import MANIFEST as POSLOG
from lockstep.connectors.shopify.manifest import MANIFEST as SHOPIFY
from lockstep.connectors.shopify.outbound import available
from lockstep.connectors.tryton.manifest import MANIFEST as TRYTON
from lockstep.masterdata.crosswalk import Crosswalk
from lockstep.masterdata.importing import ImportReport, MappingImport
from lockstep.messaging.accept import Acceptor
from lockstep.messaging.breaker import Breaker
from lockstep.messaging.ledger import Outcome, StreamState, breaker_key, identity_key, outcome_key, stream_key
from lockstep.messaging.specs import Role
from lockstep.messaging.topology import consumers, intake_consumer
from lockstep.operations import relay, sweep
from lockstep.operations.inventory_import import import_inventory
from lockstep.operations.reconciliation.reconcile import Reconciler
from lockstep.operations.sqs_dead_letters import SqsDeadLetters
from lockstep.runtime import clients
from lockstep.runtime.aws import DynamoTable, S3Claims, SqsDoorbells
from lockstep.runtime.consumers import document_poster_handler, state_poster_handler, workflow_handler
from lockstep.runtime.doors import inbound_handler
from lockstep.runtime.intake import intake_handler
from lockstep.runtime.memory import ManualClock, MemoryMetrics, SeededRandom
from lockstep.runtime.settings import (
    AccountSettings,
    FunctionSettings,
    InboundSettings,
    IntakeSettings,
    PosterSettings,
    RelaySettings,
    SweepSettings,
    WorkflowSettings,
)
from lockstep.workflows.financial_posting.decide import FinancialPosting
from lockstep.workflows.inventory_availability.decide import InventoryAvailability
from sandbox.retailer import RETAILER
from tests.component.conftest import REGION
from tests.unit.operations.reconciliation.day_world import Books
from tests.unit.operations.retail_world import LEDGER, SHOP, TILL, Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    import pytest

    from lockstep.operations.reconciliation.report import Reconciliation

POSTING: Final = FinancialPosting.spec.consumer
STOCK: Final = InventoryAvailability.spec.consumer
INTAKE: Final = intake_consumer("poslog").id
SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MAX_RECEIVES: Final = 5
OPENED: Final = datetime(2026, 11, 27, 9, tzinfo=UTC)
"""When the stores open."""
_ROUNDS: Final = 60


def mappings(*, without: str) -> str:
    """How tills, shop and ERP call everything but one SKU, which the tills sell and nobody has entered."""
    rows = [("kind", "canonical", "system", "value")]
    for store in RETAILER.stores:
        rows += [(kind, store.code, system, store.code) for kind in ("location",) for system in (TILL, "files.main")]
        rows += [("store", store.code, TILL, store.code), ("store", store.code, LEDGER, f"1{store.code}")]
        rows += [("location", store.code, SHOP, f"gid://shopify/Location/{store.code}")]
    for number, product in enumerate(RETAILER.products, 1):
        rows += [("item", product.sku, "files.main", product.gtin)]
        rows += [("item", product.sku, SHOP, f"gid://shopify/InventoryItem/{number}")]
        rows += [("item", product.sku, LEDGER, str(number))]
        if product.sku != without:
            rows += [("item", product.sku, TILL, product.gtin)]
    for number, tender in enumerate(RETAILER.tenders, 1):
        rows += [("tender", tender.code, TILL, tender.code), ("tender", tender.code, LEDGER, str(number))]
    rows += [("tax", tax.code, TILL, tax.code) for tax in RETAILER.taxes]
    return "".join(",".join(row) + "\n" for row in rows)


class Invocation:
    """What Lambda tells a function about itself."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class Erp(Books):
    """Keeps documents; is down, or fails in a way that nobody foresaw, when told so."""

    broken = False

    def post(self, documents: Any, *, look_up_first: bool) -> Iterator[Any]:
        if self.broken:
            raise RuntimeError("nobody foresaw this")
        yield from super().post(documents, look_up_first=look_up_first)


@dataclass
class Function:
    """A Lambda: its handler, which reads the function's variables at its first call."""

    handler: Callable[[Mapping[str, Any], Any], dict[str, Any]]
    settings: FunctionSettings
    monkeypatch: pytest.MonkeyPatch
    started: bool = False

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        if not self.started:
            for name in [name for name in os.environ if name.startswith("LOCKSTEP_")]:
                self.monkeypatch.delenv(name)
            for name, value in self.settings.variables().items():
                self.monkeypatch.setenv(name, value)
            self.started = True
        return self.handler(event, Invocation())


@dataclass
class Cloud:
    """Everything that is deployed, and what surrounds it."""

    monkeypatch: pytest.MonkeyPatch
    ledger_name: str
    clock: ManualClock = field(default_factory=lambda: ManualClock(OPENED))
    erp: Erp = field(default_factory=Erp)
    shop: Shop = field(default_factory=Shop)
    bus_is_down: bool = False
    """Whether what the change stream brings is lost on its way."""

    def __post_init__(self) -> None:
        self._time_stands_still()
        self.specs = (FinancialPosting.spec, InventoryAvailability.spec)
        self.consumers = (
            *consumers(self.specs, {Role.ERP: (LEDGER,), Role.SHOP: (SHOP,)}),
            intake_consumer("poslog"),
        )
        self.sqs, self.s3 = boto3.client("sqs"), boto3.client("s3")
        self.dlqs = {one.id: self._queue(f"{one.id}-dead") for one in self.consumers}
        self.queues = {one.id: self._queue(one.id, dead=self.dlqs[one.id]) for one in self.consumers}
        self.s3.create_bucket(Bucket="claims", CreateBucketConfiguration={"LocationConstraint": REGION})
        self._create_masterdata()
        for account, secret in ((TILL, {"current": SECRET}), (LEDGER, {"key": "k"}), (SHOP, {"key": "k"})):
            boto3.client("secretsmanager").create_secret(Name=account, SecretString=json.dumps(secret))
        self._create_bus()
        self.table = DynamoTable(boto3.client("dynamodb"), self.ledger_name)
        self.masterdata = DynamoTable(boto3.client("dynamodb"), "masterdata")
        self.doorbells = SqsDoorbells(self.sqs, self.queues, SeededRandom(7).token)
        self.dead_letters = SqsDeadLetters(self.sqs, self.queues, self.dlqs)
        self.functions = self._functions()
        self._stream = _ChangeStream(self.ledger_name)
        self._records: list[Any] = []
        self.invoked: Counter[str] = Counter()

    # ---- from outside ----

    def deliver(self, body: bytes, delivery_id: str, *, secret: str = SECRET) -> dict[str, Any]:
        """A till's webhook, as the HTTP API hands it to the door; the answer's status and body."""
        at = self.clock.now()
        event = {
            "version": "2.0",
            "headers": {
                "webhook-id": delivery_id,
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": standardwebhooks.Webhook(secret).sign(delivery_id, at, body.decode()),
                "content-type": "application/xml",
            },
            "pathParameters": {"account": "main"},
            "body": body.decode(),
            "isBase64Encoded": False,
        }
        answer = self.functions["inbound"].invoke(event)
        return {"status": answer["statusCode"], **json.loads(answer["body"])}

    def count(self, store: str, **on_hand: int) -> None:
        """A count comes in as a file. SKUs are written with underscores."""
        acceptor = Acceptor(
            self.table, S3Claims(lambda: self.s3, "claims"), self.clock, SeededRandom(3), MemoryMetrics()
        )
        rows = [f"{RETAILER.product(sku.replace('_', '-')).gtin},{store},{units}" for sku, units in on_hand.items()]
        text = "\n".join(["item,location,on_hand", *rows])
        import_inventory(text.encode(), acceptor=acceptor, clock=self.clock, counted_at=self.clock.now())

    def map(self, text: str) -> ImportReport:
        """A person imports mappings."""
        importer = MappingImport(
            masterdata=self.masterdata, ledger=self.table, doorbells=self.doorbells, clock=self.clock
        )
        return importer.run(text.encode(), by="the test")

    # ---- time passes ----

    def run(self) -> None:
        """Let stream, bus, queues and functions work until nothing that is due is left."""
        for _ in range(_ROUNDS):
            moved = self.relay() + sum(self._poll(consumer) for consumer in self.queues)
            if not moved:
                return
        raise AssertionError("it never comes to rest")

    def minutes_pass(self, minutes: int, *, every: int = 20) -> None:
        """Let time pass, with the sweep every minute and bells as they become due."""
        for second in range(every, minutes * 60 + 1, every):
            self.clock.advance(seconds=every)
            self.run()
            if second % 60 == 0:
                self.functions["sweep"].invoke({})
                self.run()

    def purge(self, consumer: str) -> int:
        """Somebody purges a queue; how many bells were lost."""
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.queues[consumer], AttributeNames=["All"])["Attributes"]
        self.sqs.purge_queue(QueueUrl=self.queues[consumer])
        return int(attributes["ApproximateNumberOfMessages"])

    # ---- what stands where ----

    def state(self, stream: str) -> StreamState:
        """A stream's one item."""
        key = stream_key(stream)
        return StreamState(stream, self.table.get([key]).get(key, {}))

    def outcome(self, event_id: str, consumer: str) -> Outcome | None:
        """What a consumer made of an event."""
        where = identity_key(event_id)
        place = self.table.get([where])[where]
        key = outcome_key(place["stream"], int(place["seq"]), consumer)
        found = self.table.get([key])
        return Outcome.from_item(found[key]) if key in found else None

    def breaker(self, target: str) -> Breaker:
        """Of a target."""
        key = breaker_key(target)
        return Breaker.of(target, self.table.get([key]).get(key))

    def reconciled(self, day: date) -> Reconciliation:
        """What `lockstep reconcile` works out."""
        reconciler = Reconciler(
            self.table,
            Crosswalk(self.masterdata, self.clock),
            consumers=self.consumers,
            specs=self.specs,
            accounts=(TILL, "files.main"),
            audits=lambda account: self.erp if account == LEDGER else None,
        )
        return reconciler.reconcile(day, self.clock.now(), stores=[store.code for store in RETAILER.stores])

    # ---- how it is put together ----

    def _time_stands_still(self) -> None:
        """Functions and queues go by the test's clock."""
        clients.client.cache_clear()
        clients._session.cache_clear()
        relay._made.cache_clear()
        sweep._made.cache_clear()
        for module in ("lockstep.runtime.parts", "lockstep.runtime.doors", "lockstep.operations.sweep"):
            self.monkeypatch.setattr(f"{module}.SystemClock", lambda: self.clock)
        self.monkeypatch.setattr("moto.sqs.models.unix_time_millis", lambda: self.clock.now().timestamp() * 1000)
        self.monkeypatch.setattr("moto.events.models.EventTemplateParser.parse", staticmethod(_transformed))

    def _queue(self, name: str, *, dead: str = "") -> str:
        attributes = {"VisibilityTimeout": "120"}
        if dead:
            arn = self.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES})
        url: str = self.sqs.create_queue(QueueName=name.replace(".", "-"), Attributes=attributes)["QueueUrl"]
        return url

    def _create_masterdata(self) -> None:
        boto3.client("dynamodb").create_table(
            TableName="masterdata",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        )

    def _create_bus(self) -> None:
        """A rule for each workflow and each intake, as the template has them: it makes a bell of an event."""
        events = boto3.client("events")
        events.create_event_bus(Name="bus")
        rings = {spec.consumer: {"detail-type": list(spec.consumes)} for spec in self.specs}
        rings[INTAKE] = {"detail-type": ["DeliveryReceived"]}
        for consumer, pattern in rings.items():
            arn = self.sqs.get_queue_attributes(QueueUrl=self.queues[consumer], AttributeNames=["QueueArn"])
            events.put_rule(Name=consumer, EventBusName="bus", EventPattern=json.dumps(pattern))
            target = {
                "Id": "queue",
                "Arn": arn["Attributes"]["QueueArn"],
                "InputTransformer": {
                    "InputPathsMap": {"stream": "$.detail.stream", "bell": "$.id"},
                    "InputTemplate": '{"stream": <stream>, "bell": <bell>}',
                },
            }
            events.put_targets(Rule=consumer, EventBusName="bus", Targets=[target])

    def _functions(self) -> dict[str, Function]:
        common: dict[str, Any] = {"environment": "test", "ledger_table": self.ledger_name}
        consumer: dict[str, Any] = {**common, "queues": self.queues, "max_receives": MAX_RECEIVES}
        tills = {TILL: AccountSettings(secret=TILL, currency="USD")}
        by_id = {one.id: one for one in self.consumers}

        def workflow(workflow: Any, role: Role, target: str) -> Function:
            settings = WorkflowSettings(**consumer, masterdata_table="masterdata", roles={role: (target,)})
            return Function(workflow_handler(workflow), settings, self.monkeypatch)

        def poster(account: str) -> PosterSettings:
            return PosterSettings(
                **consumer,
                masterdata_table="masterdata",
                account=account,
                accounts={account: AccountSettings(secret=account)},
                consumer=by_id[account],
            )

        erp = document_poster_handler(TRYTON, lambda *_: self.erp)
        shop = state_poster_handler(SHOPIFY, lambda *_: self.shop, collection="position", value_of=available)
        return {
            "inbound": Function(
                inbound_handler(POSLOG, connector),
                InboundSettings(**common, claims_bucket="claims", accounts=tills),
                self.monkeypatch,
            ),
            INTAKE: Function(
                intake_handler(POSLOG, connector),
                IntakeSettings(**consumer, claims_bucket="claims", accounts=tills),
                self.monkeypatch,
            ),
            POSTING: workflow(FinancialPosting(), Role.ERP, LEDGER),
            STOCK: workflow(InventoryAvailability(), Role.SHOP, SHOP),
            LEDGER: Function(erp, poster(LEDGER), self.monkeypatch),
            SHOP: Function(shop, poster(SHOP), self.monkeypatch),
            "relay": Function(relay.handler, RelaySettings(environment="test", bus_name="bus"), self.monkeypatch),
            "sweep": Function(
                sweep.handler,
                SweepSettings(**common, consumers=self.consumers, queues=self.queues),
                self.monkeypatch,
            ),
        }

    # ---- event sources ----

    def relay(self) -> int:
        """The change stream's news goes to the relay, by the filter of its event source mapping; how much that was."""
        records = [
            record
            for record in self._stream.read()
            if record["dynamodb"].get("NewImage", {}).get("record", {}).get("S") in {"entry", "case"}
        ]
        if records and not self.bus_is_down:
            self.functions["relay"].invoke({"Records": records})
            return len(records)
        return 0

    def _poll(self, consumer: str) -> int:
        """One batch of a queue goes to its function; what it answers for is deleted."""
        url = self.queues[consumer]
        messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]).get(
            "Messages", []
        )
        if not messages:
            return 0
        records = [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "attributes": message["Attributes"],
                "body": message["Body"],
            }
            for message in messages
        ]
        self.invoked[consumer] += 1
        answer = self.functions[consumer].invoke({"Records": records})
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in messages:
            if message["MessageId"] not in failed:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages)


def _transformed(input_template: str | None, input_paths_map: Mapping[str, str], event: Mapping[str, Any]) -> Any:
    """An event as a rule's input transformer makes it, for plain paths: moto's own needs a package more."""
    if input_template is None:
        return event
    for name, path in input_paths_map.items():
        value = reduce(getitem, path.removeprefix("$.").split("."), event)
        input_template = input_template.replace(f"<{name}>", json.dumps(value))
    return json.loads(input_template)


class _ChangeStream:
    """A table's change stream, read to its end and emptied: moto copies it in every transaction.

    Out of moto's own table: its DynamoDB Streams API is not reached at the address that botocore calls (moto 5.2.5).
    """

    def __init__(self, table: str) -> None:
        self._name = table

    def read(self) -> list[Any]:
        """What changed since."""
        # Looked up each time: moto puts another object there when it undoes a transaction.
        shard = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].get_table(self._name).stream_shard
        assert shard is not None
        records = [record.to_json() for record in shard.items]
        shard.items.clear()
        return records
