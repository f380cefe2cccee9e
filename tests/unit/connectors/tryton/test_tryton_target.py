"""What the target makes of answers that the real ERP does not give on demand; the rest is proven against the real one."""

from decimal import Decimal
from typing import Any

import pytest

from lockstep.connectors.tryton.target import TrytonTarget
from lockstep.messaging.errors import BusinessError, ConcurrentUpdate, ConfigurationError, DocumentRejected
from lockstep.messaging.outbound import Posted, Rejected
from tests.unit.connectors.tryton.test_tryton_translate import ACCOUNT, load, resolved


class ScriptedErp:
    """One sale that the ERP adds up as the till did; single calls can be made to go otherwise."""

    def __init__(self) -> None:
        self.context: dict[str, Any] = {"company": 1}
        self.sale: dict[str, Any] = {
            "id": 7,
            "point": 1,
            "external_ref": load("sale")["sale"]["external_ref"],
            "number": None,
            "state": "open",
            "total": Decimal("128.17"),
            "total_tax": Decimal("9.57"),
            "amount_paid": Decimal("128.17"),
            "currency.": {"code": "USD"},
            "lines": [1],
            "payments": [2],
        }
        self.taxes: list[list[Any]] = [[301, Decimal("6.83")], [302, Decimal("2.46")], [303, Decimal("0.28")]]
        self.refuse: dict[str, str] = {}
        self.after_post = "posted"
        self.changes: list[str] = []

    def read(self, method: str, *arguments: Any, **context: Any) -> Any:
        match method.rpartition(".")[2], method:
            case "search_read", "model.account.period.search_read":
                return [{"start_date": "2026-11-01", "end_date": "2026-11-30", "id": 1}]
            case "search_read", _:
                return []
            case "taxes_by_rule", _:
                return [self.taxes]
            case _:
                return [self.sale]

    def change(self, method: str, *arguments: Any) -> Any:
        step = method.rpartition(".")[2]
        self.changes.append(step)
        if step in self.refuse:
            raise DocumentRejected(self.refuse[step])
        if step == "process":
            self.sale |= {"state": "done", "number": "R1"}
        if step == "post":
            self.sale["state"] = self.after_post
        if step == "open":
            self.sale["state"] = "open"
        return [7] if step == "create" else None


def post(erp: ScriptedErp) -> Posted | Rejected:
    target = TrytonTarget(ACCOUNT, erp)  # type: ignore[arg-type]
    (result,) = target.post([resolved(load("sale"))], look_up_first=False)
    return result


def error_of(result: Posted | Rejected) -> BusinessError:
    assert isinstance(result, Rejected)
    return result.error


def test_a_sale_goes_through_three_steps_and_ends_with_its_number() -> None:
    erp = ScriptedErp()

    assert post(erp) == Posted(number="R1")
    assert erp.changes == ["create", "process", "post"]


@pytest.mark.parametrize("field", ["total", "total_tax", "amount_paid"])
def test_a_sale_that_the_erp_adds_up_otherwise_is_deleted_before_it_has_a_number(field: str) -> None:
    erp = ScriptedErp()
    erp.sale[field] += Decimal("0.01")

    assert str(erp.sale[field]) in str(error_of(post(erp)))
    assert erp.changes == ["create", "delete"]


def test_taxes_that_differ_are_noticed_before_the_sale_has_a_number() -> None:
    erp = ScriptedErp()
    erp.taxes[0][1] += Decimal("0.50")

    assert [str(case) for case in error_of(post(erp)).cases] == ["invalid_tax_code/tax/STATE/tryton.main"]
    assert erp.changes == ["create", "delete"]


def test_two_rows_of_one_tax_are_added_up() -> None:
    erp = ScriptedErp()
    erp.taxes[0:1] = [[301, Decimal("6.00")], [301, Decimal("0.83")]]

    assert isinstance(post(erp), Posted)


def test_a_sale_that_has_its_number_when_it_is_refused_is_cancelled_without_payments() -> None:
    erp = ScriptedErp()
    erp.refuse["post"] = "the account is closed"

    error = error_of(post(erp))

    assert "the account is closed" in str(error)
    assert [str(case) for case in error.cases] == [f"document_rejected/{ACCOUNT}/{erp.sale['external_ref']}"]
    assert erp.changes == ["create", "process", "post", "open", "write", "cancel"]


def test_a_refused_sale_that_cannot_be_withdrawn_is_named_in_the_case() -> None:
    erp = ScriptedErp()
    erp.refuse = {"post": "the account is closed", "write": "the cash session is closed"}

    error = error_of(post(erp))

    assert "the account is closed" in str(error)
    assert "left behind unposted, because the cash session is closed" in str(error)
    assert error.cases


def test_a_sale_that_somebody_reopens_while_it_is_posted_is_not_said_to_be_posted() -> None:
    erp = ScriptedErp()
    erp.after_post = "done"

    with pytest.raises(ConcurrentUpdate, match="done"):
        post(erp)


def test_a_user_without_a_company_is_a_fault_of_ours() -> None:
    erp = ScriptedErp()
    erp.context = {"company": None}

    with pytest.raises(ConfigurationError, match="company"):
        post(erp)
