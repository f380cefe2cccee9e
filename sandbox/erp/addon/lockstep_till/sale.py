"""What the record of a closed till transaction needs over Tryton's own point of sale."""

from typing import Any, ClassVar

from trytond.model import Index, Unique, fields
from trytond.pool import PoolMeta
from trytond.pyson import Bool, Eval
from trytond.rpc import RPC
from trytond.transaction import without_check_access


class Sale(metaclass=PoolMeta):  # type: ignore[metaclass]  # known to the ERP's interpreter only
    """A point of sale transaction that knows the till transaction it came from."""

    __name__ = "sale.point.sale"

    external_ref = fields.Char(
        "External Reference",
        strip=False,
        states={"readonly": Eval("state") != "open"},
        help="The name under which the sender knows this transaction; unique.",
    )
    __rpc__: ClassVar[dict[str, RPC]]
    _sql_constraints: ClassVar[list[tuple[str, Unique, str]]]
    _buttons: ClassVar[dict[str, dict[str, Any]]]
    _sql_indexes: ClassVar[set[Index]]

    @classmethod
    def __setup__(cls) -> None:
        super().__setup__()  # type: ignore[misc]
        table = cls.__table__()
        cls._sql_constraints += [
            ("external_ref_unique", Unique(table, table.external_ref), "lockstep_till.msg_external_ref_unique")
        ]
        cls._sql_indexes.add(Index(table, (table.external_ref, Index.Equality(cardinality="high"))))
        cls.__rpc__["taxes_by_rule"] = RPC(instantiate=0)
        # Tryton processes no sale without lines. Stored value sold alone is one: two payments that cancel each other.
        cls._buttons["process"]["readonly"] = Bool(Eval("amount_to_pay", 0))

    @classmethod
    def copy(cls, sales: list[Any], default: dict[str, Any] | None = None) -> Any:
        """Copy without the reference: it belongs to one transaction."""
        return super().copy(sales, default={"external_ref": None, **(default or {})})  # type: ignore[misc]

    @classmethod
    def taxes_by_rule(cls, sales: list[Any]) -> list[list[list[Any]]]:
        """For each sale: `[tax id, amount]` for every tax that the products' own rules give.

        `total_tax` is gross less net as the sender stated them, and posting spreads any difference
        over the taxes without a word. These are the amounts before that, so that the sender can compare.
        """
        with without_check_access():
            return [[[tax.tax.id, tax.amount] for tax in sale._get_taxes().values()] for sale in sales]  # noqa: SLF001


class Payment(metaclass=PoolMeta):  # type: ignore[metaclass]  # known to the ERP's interpreter only
    """A tender, which may also be money given back."""

    __name__ = "sale.point.payment"

    @classmethod
    def __setup__(cls) -> None:
        super().__setup__()  # type: ignore[misc]
        # Tryton lets only cash go back over the counter, for it plays the till. Here the till is another
        # one, and refunded a card days ago: refusing the record would not undo the refund.
        cls.method.domain = [("company", "=", Eval("company", -1))]
