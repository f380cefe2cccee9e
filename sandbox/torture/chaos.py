"""What goes wrong on the stack, when the script says so, and how it is put right again."""

import json
import threading
import time
import urllib.error
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from lockstep.operations.dead_letters import DeadLetterQueues, redrive, start_lost, stopped_lanes
from lockstep.operations.resume import pause_target, resume_target
from lockstep.operations.sqs_dead_letters import SqsDeadLetters
from lockstep.runtime.system import SystemClock
from sandbox.crosswalk import HEADER, TILL
from sandbox.shops.faults import FaultKind
from sandbox.shops.process import ShopProcessError
from sandbox.shops.stock import NotEnough
from sandbox.stack import Stack
from sandbox.torture.floor import Done
from sandbox.torture.script import LABELLED_SKU, TARGETS, Fault, Script, Strike

WHO: Final = "torture"
_NOWHERE: Final = "no-such-table"
_FEW_RECEIVES: Final = 2
_SEEN_AGAIN_AFTER: Final = 4
"""Receives of a bell, and seconds after one, while a deployment is broken: it is a dead letter soon."""
_QUEUE: Final = ("RedrivePolicy", "VisibilityTimeout")


@dataclass(slots=True)
class Damage:
    """What was done to the stack."""

    faults: Counter[str] = field(default_factory=Counter)
    """By kind, with what it hit."""
    redriven: int = 0
    """Dead letters that were sent back."""
    started: int = 0
    """Lanes that stood for one of them."""
    started_without: int = 0
    """Lanes that stood for a dead letter that was gone, and were started without it."""


class Chaos:
    """Strikes as a script says, and mends what it struck."""

    def __init__(self, stack: Stack, script: Script, done: Done, damage: Damage) -> None:
        """Args:
        stack: What is struck.
        script: When, and with what.
        done: Gets what customers bought on the web.
        damage: Gets what was done.
        """
        self._stack = stack
        self._script = script
        self._done = done
        self._damage = damage
        self._ledger = stack.ledger()
        self._doorbells = stack.doorbells()
        self._sqs = stack.endpoint.client("sqs")
        self._functions = stack.endpoint.client("lambda")
        self._dead_letters: DeadLetterQueues = SqsDeadLetters(
            self._sqs, stack.topology["queues"], stack.topology["dlqs"]
        )
        self._broken: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
        self._over = threading.Event()
        self.now = ""
        """What is broken at the moment, for whoever watches."""

    def play(self) -> None:
        """Strike and mend in the order of time, until the script is through or `end` is called."""
        started = time.monotonic()
        for at, strike, act in self._moments():
            if self._over.wait(max(0.0, started + at - time.monotonic())):
                return
            self.now = f"{strike.fault.value} {strike.what}".strip()
            act(strike)

    def end(self) -> None:
        """Strike no more."""
        self._over.set()

    def _moments(self) -> list[tuple[float, Strike, Callable[[Strike], None]]]:
        mends: dict[Fault, Callable[[Strike], None]] = {
            Fault.ERP_STOPPED: self._start_erp,
            Fault.ERP_KILLED: self._start_erp,
            Fault.SHOP_RESTARTED: self._start_shop,
            Fault.RELAY_OFF: self._switch_relay_on,
            Fault.DEPLOYMENT_BROKEN: self._mend_deployment,
            Fault.TARGET_PAUSED: self._resume,
        }
        moments: list[tuple[float, Strike, Callable[[Strike], None]]] = []
        for strike in self._script.strikes:
            moments.append((strike.at, strike, self._strike))
            if strike.fault in mends:
                moments.append((strike.at + strike.lasts, strike, mends[strike.fault]))
        return sorted(moments, key=lambda moment: moment[0])

    def _strike(self, strike: Strike) -> None:
        strikes: dict[Fault, Callable[[Strike], int]] = {
            Fault.WORKERS_KILLED: self._kill_workers,
            Fault.ERP_STOPPED: self._stop_erp,
            Fault.ERP_KILLED: self._kill_erp,
            Fault.SHOP_RESTARTED: self._stop_shop,
            Fault.SHOP_FAULT: self._trouble_shop,
            Fault.RELAY_OFF: self._switch_relay_off,
            Fault.QUEUE_PURGED: self._purge,
            Fault.DEAD_LETTERS_PURGED: self._purge_dead_letters,
            Fault.DEPLOYMENT_BROKEN: self._break_deployment,
            Fault.TARGET_PAUSED: self._pause,
            Fault.MAPPING_LATE: self._import_mapping,
            Fault.WEB_SALE: self._buy,
        }
        times = strikes[strike.fault](strike)
        self._damage.faults[strike.fault.value] += times

    # ---- what goes wrong: each tells how often it did ----

    def _kill_workers(self, strike: Strike) -> int:
        workers = self._stack.aws.workers(self._stack.topology["functions"][strike.what])
        for worker in workers:
            worker.kill()
        return len(workers)

    def _stop_erp(self, _: Strike) -> int:
        self._stack.erp.stop()
        return 1

    def _kill_erp(self, _: Strike) -> int:
        self._stack.erp.kill()
        return 1

    def _start_erp(self, _: Strike | None = None) -> None:
        if not self._stack.erp.running:
            self._stack.erp.start()

    def _stop_shop(self, _: Strike) -> int:
        self._stack.shop.stop()
        return 1

    def _start_shop(self, _: Strike | None = None) -> None:
        if not self._stack.shop.running:
            self._stack.shop.start(again=True)

    def _trouble_shop(self, strike: Strike) -> int:
        with suppress(ShopProcessError, urllib.error.URLError):  # it is closed: that is trouble enough
            self._stack.shop.control.order_fault(FaultKind(strike.what), times=strike.times, seconds=strike.lasts)
            return strike.times
        return 0

    def _switch_relay_off(self, _: Strike) -> int:
        self._switch_relay(on=False)
        return 1

    def _switch_relay_on(self, _: Strike | None = None) -> None:
        self._switch_relay(on=True)

    def _switch_relay(self, *, on: bool) -> None:
        name = self._stack.topology["functions"]["relay"]
        for mapping in self._functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]:
            self._functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)

    def _purge(self, strike: Strike) -> int:
        self._sqs.purge_queue(QueueUrl=self._stack.topology["queues"][strike.what])
        return 1

    def _purge_dead_letters(self, strike: Strike) -> int:
        self._sqs.purge_queue(QueueUrl=self._stack.topology["dlqs"][strike.what])
        return 1

    def _break_deployment(self, strike: Strike) -> int:
        """A release that looks for its master data in the wrong place: bells with work fail, to their last receive."""
        url = self._stack.topology["queues"][strike.what]
        name = self._stack.topology["functions"][strike.what]
        variables = self._functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        queue = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_QUEUE))["Attributes"]
        self._broken[strike.what] = (variables, {name: queue[name] for name in _QUEUE})
        few = json.loads(queue["RedrivePolicy"]) | {"maxReceiveCount": _FEW_RECEIVES}
        self._deploy(
            strike.what,
            {**variables, "LOCKSTEP_MASTERDATA_TABLE": _NOWHERE, "LOCKSTEP_MAX_RECEIVES": str(_FEW_RECEIVES)},
            {"RedrivePolicy": json.dumps(few), "VisibilityTimeout": str(_SEEN_AGAIN_AFTER)},
        )
        return 1

    def _mend_deployment(self, strike: Strike) -> None:
        self._mend(strike.what)

    def _mend(self, consumer: str) -> None:
        kept = self._broken.pop(consumer, None)
        if kept is not None:
            self._deploy(consumer, *kept)
            self.redrive(consumer)

    def _deploy(self, consumer: str, variables: dict[str, str], queue: dict[str, str]) -> None:
        name = self._stack.topology["functions"][consumer]
        self._functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        self._sqs.set_queue_attributes(QueueUrl=self._stack.topology["queues"][consumer], Attributes=queue)

    def _pause(self, strike: Strike) -> int:
        clock = SystemClock()
        pause_target(strike.what, table=self._ledger, clock=clock, until=None, reason="a new release", by=WHO)
        return 1

    def _resume(self, strike: Strike) -> None:
        self._resume_target(strike.what)

    def _resume_target(self, target: str) -> None:
        resume_target(
            target,
            consumers=self._stack.consumers,
            table=self._ledger,
            doorbells=self._doorbells,
            clock=SystemClock(),
            by=WHO,
        )

    def _import_mapping(self, _: Strike | None = None) -> int:
        rows = (HEADER, ("item", LABELLED_SKU, TILL, self._script.late_label))
        self._stack.import_mappings("".join(",".join(row) + "\n" for row in rows))
        return 1

    def _buy(self, strike: Strike) -> int:
        sku, _, store = strike.what.rpartition("@")
        with suppress(NotEnough, ShopProcessError, urllib.error.URLError):  # sold out or closed: nothing is bought
            self._stack.shop.control.sell(sku, store)
            self._done.web[sku, store] += 1
            return 1
        return 0

    # ---- and how it is put right ----

    def mend_all(self) -> None:
        """Nothing is broken any more: what the script has not mended is mended, in whatever state it is."""
        self.end()
        self._start_erp()
        self._start_shop()
        self._stack.shop.control.clear_faults()
        self._switch_relay_on()
        for consumer in list(self._broken):
            self._mend(consumer)
        for target in TARGETS:
            self._resume_target(target)
        self._import_mapping()

    def redrive_all(self, *, lost: bool) -> None:
        """Send every dead letter back, as `lockstep dlq redrive --all` does.

        Args:
            lost: Start the lanes whose dead letter is gone, too.
        """
        for consumer in self._stack.consumers:
            if self._dead_letters.count(consumer.id):
                self.redrive(consumer.id)
        if not lost:
            return
        stopped = {lane.consumer for lane in stopped_lanes(self._ledger, self._stack.consumers) if lane.bell}
        for consumer in (one for one in self._stack.consumers if one.id in stopped):
            self._damage.started_without += len(start_lost(self._ledger, self._doorbells, consumer))

    def redrive(self, consumer: str) -> None:
        """Send one consumer's dead letters back."""
        redriven = redrive(self._ledger, self._dead_letters, consumer)
        self._damage.redriven += redriven.sent
        self._damage.started += len(redriven.started)
