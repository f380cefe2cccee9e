"""Reads back which sales stand in the books, for the proof that none is lost; a `DocumentAudit`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, Self

from lockstep.canonical.money import Money
from lockstep.connectors.tryton import translate
from lockstep.connectors.tryton.client import TrytonClient
from lockstep.connectors.tryton.connection import TrytonConnection
from lockstep.connectors.tryton.manifest import OUTBOUND
from lockstep.connectors.tryton.models import AUDIT_FIELDS, PAYMENT_FIELDS, AuditedSale, PaymentRecord, SaleState
from lockstep.messaging.outbound import Document, ResolvedDocument, StandingDay, StandingDocument
from lockstep.messaging.references import Reference

_PAGE: Final = 500
"""Sales read in one call, and payments."""


class TrytonAudit:
    """Reads one Tryton database."""

    def __init__(self, account: str, client: TrytonClient) -> None:
        """Args:
        account: As in `tryton.main`.
        client: Speaks to the ERP.
        """
        self._account = account
        self._client = client

    @classmethod
    def connect(cls, account: str, secret: Mapping[str, Any], *, allowed_hosts: Iterable[str] = ()) -> Self:
        """For one account; as `TrytonTarget.connect`.

        Raises:
            ConfigurationError: The secret is incomplete, or names a host that nobody allowed.
        """
        connection = TrytonConnection.of(secret, allowed_hosts)
        return cls(account, TrytonClient(connection, timeout=OUTBOUND.call_timeout))

    def references(self, document: Document) -> Sequence[Reference]:
        """The point of sale, the products, the taxes, the payment methods."""
        return translate.references(document, self._account)

    def expected(self, document: ResolvedDocument) -> StandingDocument:
        """Total and payments that the sale must have; see `DocumentAudit.expected`.

        Raises:
            BusinessError: A counterpart is no number of a Tryton record, or there is nothing to be booked.
        """
        draft = translate.draft(document, self._account)
        paid = ((str(payment["method"]), payment["amount"]) for payment in draft.payments)
        return StandingDocument(draft.document.key, draft.total, _sums(paid, draft.receipt.currency))

    def standing(self, day: date, stores: Sequence[str]) -> StandingDay:
        """The posted sales of a day at some points of sale; see `DocumentAudit.standing`.

        Raises:
            TransientEndpointError: Try later.
            ConfigurationError: The ERP does not let us read.
        """
        points = [int(store) for store in stores if store.isascii() and store.isdecimal()]
        domain = [
            ["point", "in", points],
            ["date", "=", day],
            ["external_ref", "!=", None],
            ["state", "=", SaleState.POSTED.value],
        ]
        found = [AuditedSale.model_validate(row) for row in self._search("sale.point.sale", domain, AUDIT_FIELDS)]
        payments: dict[int, list[PaymentRecord]] = {}
        names: dict[str, str] = {}
        for start in range(0, len(found), _PAGE):
            ids = [sale.id for sale in found[start : start + _PAGE]]
            for row in self._search("sale.point.payment", [["sale", "in", ids]], PAYMENT_FIELDS):
                payment = PaymentRecord.model_validate(row)
                payments.setdefault(payment.sale, []).append(payment)
                names[str(payment.method)] = payment.method_record.name
        return StandingDay(tuple(_standing(sale, payments.get(sale.id, ())) for sale in found), names)

    def _search(self, model: str, domain: Sequence[object], fields: Sequence[str]) -> Iterator[dict[str, Any]]:
        start = 0
        while True:
            arguments = (domain, start, _PAGE, [["id", "ASC"]], fields)
            rows = self._client.read(f"model.{model}.search_read", *arguments)
            yield from rows
            if len(rows) < _PAGE:
                return
            start += _PAGE


def connect(account: str, secret: Mapping[str, Any], *, allowed_hosts: Iterable[str] = ()) -> TrytonAudit:
    """What reads the books of one account back; raises as `TrytonAudit.connect`."""
    return TrytonAudit.connect(account, secret, allowed_hosts=allowed_hosts)


def _standing(sale: AuditedSale, payments: Iterable[PaymentRecord]) -> StandingDocument:
    currency = sale.currency.code
    return StandingDocument(
        key=sale.external_ref,
        total=Money.of(sale.total, currency),
        tenders=_sums(((str(payment.method), payment.amount) for payment in payments), currency),
        number=sale.number or "",
    )


def _sums(amounts: Iterable[tuple[str, Decimal]], currency: str) -> dict[str, Money]:
    sums: dict[str, Money] = {}
    for name, amount in amounts:
        sums[name] = sums.get(name, Money.zero(currency)) + Money.of(amount, currency)
    return {name: total for name, total in sums.items() if total}
