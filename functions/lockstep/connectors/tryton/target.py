"""The ERP as a target of documents: till sales and returns, each once.

A sale takes three transactions in Tryton: made (`open`), processed (`done`: numbered), posted (`posted`: in the ledger
and out of stock). Only a posted one counts. The unique `external_ref` keeps a second one from being made, so whatever
stands there under a document's key is that document, as far as an earlier attempt got:

    nothing          make it
    open, cancelled  make it say what the document says, and go on
    done             open it again, likewise; it keeps its number
    posted           nothing is left to do
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Self, TypeVar

from lockstep.connectors.tryton import translate
from lockstep.connectors.tryton.client import TrytonClient
from lockstep.connectors.tryton.connection import TrytonConnection
from lockstep.connectors.tryton.manifest import OUTBOUND
from lockstep.connectors.tryton.models import SALE_FIELDS, PeriodRecord, SaleRecord, SaleState
from lockstep.connectors.tryton.translate import Draft
from lockstep.messaging.errors import (
    BusinessError,
    ConcurrentUpdate,
    ConfigurationError,
    DocumentRejected,
    PeriodClosed,
)
from lockstep.messaging.outbound import Document, Posted, Rejected, ResolvedDocument
from lockstep.messaging.references import Reference

_Item = TypeVar("_Item")

_SALE: Final = "model.sale.point.sale"


@dataclass(slots=True)
class _Task:
    """One document on its way."""

    draft: Draft
    sale: int | None = None
    """The ERP's number of the record, once there is one."""
    outcome: Posted | Rejected | None = None

    def reject(self, error: BusinessError) -> None:
        self.outcome = Rejected(error)


class TrytonTarget:
    """Books till transactions in one Tryton database; a `DocumentTarget`."""

    def __init__(self, account: str, client: TrytonClient) -> None:
        """Args:
        account: As in `tryton.main`; the system its references are looked up in.
        client: Speaks to the ERP.
        """
        self._account = account
        self._client = client

    @classmethod
    def connect(cls, account: str, secret: Mapping[str, Any], *, allowed_hosts: Iterable[str] = ()) -> Self:
        """For one account; no connection is opened before the first call.

        Args:
            account: As in `tryton.main`.
            secret: The account's secret: `base_url`, `database`, `user` and `password`.
            allowed_hosts: Hosts it may name.

        Raises:
            ConfigurationError: The secret is incomplete, or names a host that nobody allowed.
        """
        connection = TrytonConnection.of(secret, allowed_hosts)
        return cls(account, TrytonClient(connection, timeout=OUTBOUND.call_timeout))

    def references(self, document: Document) -> Sequence[Reference]:
        """The point of sale, the products, the taxes, the payment methods."""
        return translate.references(document, self._account)

    def post(self, documents: Sequence[ResolvedDocument], *, look_up_first: bool) -> Iterator[Posted | Rejected]:
        """Make them stand in the ledger, in this order, exactly once in effect; see `DocumentTarget.post`.

        They go through the three steps together, a batch in one call each; where the ERP refuses a call for one of
        them, the call is halved until that one stands alone.

        Raises:
            ValueError: One is no sales receipt.
            EndpointUnavailable, EndpointTimeout, RateLimited, OutcomeUnknown, ConcurrentUpdate, ConfigurationError:
                The result of the next document is not known; nothing of it counts, or it is posted.
        """
        for start in range(0, len(documents), OUTBOUND.batch_size):
            yield from self._post_together(documents[start : start + OUTBOUND.batch_size], look_up_first=look_up_first)

    def _post_together(
        self, documents: Sequence[ResolvedDocument], *, look_up_first: bool
    ) -> Iterator[Posted | Rejected]:
        results: list[_Task | Rejected] = [self._begin(document) for document in documents]
        tasks = [result for result in results if isinstance(result, _Task)]
        if look_up_first:
            self._resume(tasks)
        self._refuse_closed_periods(tasks)
        self._create([task for task in _unsettled(tasks) if task.sale is None])
        self._compare(_unsettled(tasks))
        for step in ("process", "post"):
            self._step(step, _unsettled(tasks))
        self._read_numbers(_unsettled(tasks))
        for result in results:
            outcome = result.outcome if isinstance(result, _Task) else result
            if outcome is None:
                raise AssertionError("every task is settled by its number or by an error")
            yield outcome

    def _begin(self, document: ResolvedDocument) -> _Task | Rejected:
        try:
            return _Task(translate.draft(document, self._account))
        except BusinessError as error:
            return Rejected(error)

    def _resume(self, tasks: Sequence[_Task]) -> None:
        """Find what stands there already; bring what is half made back to open, saying what the document says."""
        found = {sale.external_ref: sale for sale in self._find([task.draft.document.key for task in tasks])}
        half_made = []
        for task in tasks:
            sale = found.get(task.draft.document.key)
            if sale is None:
                continue
            task.sale = sale.id
            if sale.state is SaleState.POSTED:
                self._settle_posted(task, sale)
            else:
                half_made.append((task, sale))
        self._step("open", [task for task, sale in half_made if sale.state is not SaleState.OPEN])
        rewritable = []
        for task, sale in half_made:
            if task.outcome is None and sale.point != task.draft.point:
                self._abandon(task, sale)
            elif task.outcome is None:
                rewritable.append((task, sale))
        self._rewrite(rewritable)

    def _abandon(self, task: _Task, sale: SaleRecord) -> None:
        """Let go of a sale made at another store than the document now says: it cannot move, nor can its number."""
        try:
            self._withdraw(sale.id, forget=True)
        except DocumentRejected as error:
            task.reject(self._in_case(task, error))
        else:
            task.sale = None

    def _rewrite(self, half_made: Sequence[tuple[_Task, SaleRecord]]) -> None:
        if not half_made:
            return
        pairs = [([sale.id], task.draft.to_rewrite(sale)) for task, sale in half_made]
        try:
            self._client.change(f"{_SALE}.write", *chain.from_iterable(pairs))
        except DocumentRejected as error:
            if len(half_made) > 1:
                for half in _halves(half_made):
                    self._rewrite(half)
            else:
                self._reject(half_made[0][0], error)

    def _find(self, keys: Sequence[str]) -> list[SaleRecord]:
        if not keys:
            return []
        domain = [["external_ref", "in", list(keys)]]
        rows = self._client.read(f"{_SALE}.search_read", domain, 0, None, None, SALE_FIELDS)
        return [SaleRecord.model_validate(row) for row in rows]

    def _settle_posted(self, task: _Task, sale: SaleRecord) -> None:
        error = translate.disagreement(task.draft, sale, self._account)
        if error:
            task.reject(error)
        else:
            task.outcome = Posted(number=sale.number or "")

    def _refuse_closed_periods(self, tasks: Sequence[_Task]) -> None:
        """Before anything is made: a sale on a closed day would only be refused once it has its number."""
        unsettled = _unsettled(tasks)
        if not unsettled:
            return
        days = [task.draft.receipt.business_day for task in unsettled]
        domain = [
            ["company", "=", self._company],
            ["type", "=", "standard"],
            ["state", "=", "open"],
            ["start_date", "<=", max(days)],
            ["end_date", ">=", min(days)],
        ]
        rows = self._client.read("model.account.period.search_read", domain, 0, None, None, ["start_date", "end_date"])
        periods = [PeriodRecord.model_validate(row) for row in rows]
        for task in unsettled:
            day = task.draft.receipt.business_day
            if not any(period.holds(day) for period in periods):
                message = f"receipt {task.draft.receipt.called}: the ERP has no open period for {day}"
                self._settle_rejected(task, PeriodClosed(message, translate.period_case(task.draft, self._account)))

    @property
    def _company(self) -> int:
        company = self._client.context.get("company")
        if company is None:
            raise ConfigurationError("the ERP's user belongs to no company")
        return int(company)

    def _create(self, tasks: Sequence[_Task]) -> None:
        if not tasks:
            return
        values = [task.draft.to_create(self._company) for task in tasks]
        try:
            ids = self._client.change(f"{_SALE}.create", values)
        except DocumentRejected as error:
            if len(tasks) > 1:
                for half in _halves(tasks):
                    self._create(half)
                return
            (task,) = tasks
            self._resume(tasks)  # the key may be taken: by an attempt that nobody remembers
            if task.sale is None:
                task.reject(self._in_case(task, error))
            return
        for task, number in zip(tasks, ids, strict=True):
            task.sale = number

    def _compare(self, tasks: Sequence[_Task]) -> None:
        """Hold that the ERP adds up to the till's figures, before anything is numbered."""
        if not tasks:
            return
        ids = [task.sale for task in tasks]
        sales = {
            row["id"]: SaleRecord.model_validate(row) for row in self._client.read(f"{_SALE}.read", ids, SALE_FIELDS)
        }
        by_rule = self._client.read(f"{_SALE}.taxes_by_rule", ids)
        for task, taxes in zip(tasks, by_rule, strict=True):
            sale = sales[task.sale]
            amounts: dict[int, Any] = {}
            for number, amount in taxes:
                amounts[number] = amounts.get(number, 0) + amount
            error = translate.disagreement(task.draft, sale, self._account) or translate.tax_disagreement(
                task.draft, amounts, self._account
            )
            if error:
                self._settle_rejected(task, error)

    def _step(self, step: str, tasks: Sequence[_Task]) -> None:
        """Take them all one step further, those that the ERP refuses excepted."""
        if not tasks:
            return
        try:
            self._client.change(f"{_SALE}.{step}", [task.sale for task in tasks])
        except DocumentRejected as error:
            if len(tasks) > 1:
                for half in _halves(tasks):
                    self._step(step, half)
            else:
                self._reject(tasks[0], error)

    def _read_numbers(self, tasks: Sequence[_Task]) -> None:
        if not tasks:
            return
        rows = self._client.read(f"{_SALE}.read", [task.sale for task in tasks], ["number", "state"])
        by_id = {row["id"]: row for row in rows}
        for task in tasks:
            row = by_id[task.sale]
            if row["state"] != SaleState.POSTED:
                raise ConcurrentUpdate(f"sale {task.draft.document.key} was posted and is {row['state']}")
            task.outcome = Posted(number=row["number"])

    def _reject(self, task: _Task, error: DocumentRejected) -> None:
        self._settle_rejected(task, self._in_case(task, error))

    def _in_case(self, task: _Task, error: DocumentRejected) -> DocumentRejected:
        receipt = task.draft.receipt.called
        return DocumentRejected(f"receipt {receipt}: {error}", translate.rejection(task.draft.document, self._account))

    def _settle_rejected(self, task: _Task, error: BusinessError) -> None:
        """Reject, and leave nothing behind that would count.

        A sale without a number is deleted. Numbers are gapless, so one that has its number stays, cancelled and without
        payments; should the document come back repaired, it is the same sale that goes on.
        """
        task.reject(error)
        if task.sale is None:
            return
        try:
            self._withdraw(task.sale)
        except DocumentRejected as refusal:
            # It is not posted, so it does not count; whoever takes up the case has to know that it is there.
            task.reject(type(error)(f"{error}; it is left behind unposted, because {refusal}", *error.cases))

    def _withdraw(self, sale: int, *, forget: bool = False) -> None:
        """Delete it, or cancel it if it has its number; `forget` gives its key free, too."""
        (row,) = self._client.read(f"{_SALE}.read", [sale], ["number", "state", "payments"])
        if row["state"] == SaleState.DONE:
            self._client.change(f"{_SALE}.open", [sale])
        if row["number"] is None:
            self._client.change(f"{_SALE}.delete", [sale])
            return
        values: dict[str, Any] = {"payments": [["delete", list(row["payments"])]]} if row["payments"] else {}
        if forget:
            values["external_ref"] = None
        if values:
            self._client.change(f"{_SALE}.write", [sale], values)
        if row["state"] != SaleState.CANCELLED:
            self._client.change(f"{_SALE}.cancel", [sale])


def _unsettled(tasks: Sequence[_Task]) -> list[_Task]:
    return [task for task in tasks if task.outcome is None]


def _halves(items: Sequence[_Item]) -> tuple[Sequence[_Item], Sequence[_Item]]:
    middle = len(items) // 2
    return items[:middle], items[middle:]
