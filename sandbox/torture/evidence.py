"""What can be seen of a stack that has come to rest: the whole ledger, what the shop shows, what the ERP holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lockstep.canonical.streams import StreamId
from lockstep.messaging.ledger import LAST, Entry, StreamState, entry_from, stream_key
from lockstep.messaging.ports import Item, Key
from lockstep.messaging.topology import Consumer
from lockstep.runtime.aws import from_value
from lockstep.runtime.memory import MemoryTable
from sandbox.erp.books import ErpBooks, ErpSale
from sandbox.retailer import RETAILER
from sandbox.stack import Stack
from sandbox.torture.floor import Done, Place


@dataclass(frozen=True, slots=True)
class ErpStock:
    """Units of one SKU in one store, by the ERP's own count."""

    for_sale: int
    returned: int
    """Brought back, and lying apart until somebody has looked at them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that the promises are held against."""

    ledger: MemoryTable
    """A copy of the whole ledger."""
    consumers: tuple[Consumer, ...]
    shown: Mapping[Place, int]
    """By the shop."""
    sales: tuple[ErpSale, ...]
    """In the order in which they were made in the ERP."""
    without_key: int
    """Sales in the ERP that nobody can tell where they came from."""
    erp_stock: Mapping[Place, ErpStock]
    opening: Mapping[Place, ErpStock]
    """The same before the first sale."""
    done: Done
    """What the tills know."""

    def items(self, prefix: str) -> Iterator[tuple[Key, Item]]:
        """Items whose sort key begins so."""
        return ((key, item) for key, item in self.ledger.items.items() if key.sk.startswith(prefix))

    def states(self) -> list[StreamState]:
        """Every stream's one item."""
        return [StreamState(key.pk.removeprefix("S#"), item) for key, item in self.items("STREAM")]

    def state(self, stream: str) -> StreamState:
        """One stream's item."""
        return StreamState(stream, self.ledger.items.get(stream_key(stream), {}))

    def readers(self, stream: str) -> list[Consumer]:
        """Who reads a stream."""
        return [consumer for consumer in self.consumers if consumer.reads(StreamId.parse(stream))]

    def entries(self, stream: str) -> list[tuple[Key, Entry]]:
        """A stream's entries in order, without what became of them."""
        found = self.ledger.query(f"S#{stream}", "E#", "E#" + LAST)
        return [(key, entry_from(key, item)) for key, item in found if key.sk.count("#") == 1]

    def is_case_open(self, case: str) -> bool:
        """Whether a case is there, and open."""
        return self.ledger.items.get(Key(f"C#{case}", "CASE"), {}).get("state") == "open"


def gather(stack: Stack, done: Done, opening: Mapping[Place, ErpStock]) -> Evidence:
    """Read everything. What still moves meanwhile is seen in pieces: wait for rest first.

    Raises:
        EndpointError: The ERP does not answer.
    """
    books = ErpBooks(stack.erp)
    return Evidence(
        ledger=_whole_ledger(stack),
        consumers=stack.consumers,
        shown=stack.shop.control.levels(),
        sales=tuple(books.sales()),
        without_key=books.count_without_reference(),
        erp_stock=erp_stock(stack),
        opening=opening,
        done=done,
    )


def erp_stock(stack: Stack) -> dict[Place, ErpStock]:
    """What the ERP says lies where; raises as `gather`."""
    books = ErpBooks(stack.erp)
    return {
        (sku, store.code): ErpStock(books.stock(sku, store.code), books.returned(sku, store.code))
        for store in RETAILER.stores
        for sku in store.opening_stock
    }


def _whole_ledger(stack: Stack) -> MemoryTable:
    client, copy = stack.endpoint.client("dynamodb"), MemoryTable()
    found: dict[Key, Item] = {}
    after: dict[str, Any] = {}
    while True:
        page = client.scan(TableName=stack.topology["ledger_table"], ConsistentRead=True, **after)
        for raw in page["Items"]:
            item = {name: from_value(value) for name, value in raw.items()}
            found[Key(item.pop("pk"), item.pop("sk"))] = item
        if "LastEvaluatedKey" not in page:
            copy.items = found
            return copy
        after = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
