"""Makes the demo retailer's Tryton database. Run by the ERP's own interpreter, never imported.

    python -m build --order ORDER.json --database FILE.sqlite --result RESULT.json

ORDER.json holds the retailer (see `sandbox/retailer.py`), `first_day` and `last_day` of the books, and
the passwords to set. RESULT.json gets the numbers Tryton gave to what an integration has to name. Each
line on standard output is one step done, for whoever shows the progress.
"""

import argparse
import datetime as dt
import gc
import json
import logging
import os
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from unittest import mock

MODULES = ["lockstep_till"]
"""Activated with everything they stand on (point of sale, sale, invoice, stock, account ...)."""

CLEARING_ACCOUNT = "1.1.1"
TAX_ACCOUNT = "2.2.3"
LIABILITY_ACCOUNT = "2.2.2"
"""Accounts of Tryton's universal chart that the retailer's own accounts are modelled on."""

ADMIN_EMAIL = "admin@example.com"

PRICE_DIGITS = Decimal("0.0001")


def main() -> None:
    """Build the database, or leave none behind."""
    parser = argparse.ArgumentParser()
    for name in ("order", "database", "result"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    order = json.loads(arguments.order.read_text())

    gc.disable()  # a short life with nothing to give back: a tenth of the time is saved
    arguments.database.unlink(missing_ok=True)
    arguments.database.touch()
    _configure(arguments.database)
    _activate(arguments.database.stem, order["admin_password"])
    result = _fill(arguments.database.stem, order)
    arguments.result.write_text(json.dumps(result, indent=1))


def _step(text: str) -> None:
    print(text, flush=True)


def _configure(database: Path) -> None:
    os.environ["TRYTOND_DATABASE_URI"] = "sqlite://"
    from trytond import config  # noqa: PLC0415  the configuration must stand before anything else is imported

    config.update_etc()
    config.set("database", "path", str(database.resolve().parent))


class _ModuleSteps(logging.Handler):
    """Reports each module that Tryton loads."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == "%s load":
            _step(f"module {record.getMessage().removesuffix(' load')}")


def _activate(database: str, password: str) -> None:
    """What `trytond-admin --update` does, in this process and with the shipped records taken on trust."""
    from trytond import commandline  # noqa: PLC0415
    from trytond.admin import run  # noqa: PLC0415
    from trytond.model import ModelStorage  # noqa: PLC0415
    from trytond.pool import Pool  # noqa: PLC0415

    loading = logging.getLogger("trytond.modules")
    loading.setLevel(logging.INFO)
    loading.propagate = False
    loading.addHandler(_ModuleSteps())
    Pool.start()
    options = commandline.get_parser_admin().parse_args(
        ["-d", database, "-u", *MODULES, "--activate-dependencies", "--indexes", "--email", ADMIN_EMAIL]
    )
    with NamedTemporaryFile("w") as password_file:
        password_file.write(password)
        password_file.flush()
        os.environ["TRYTONPASSFILE"] = password_file.name
        # Half the time goes into checking the records that Tryton itself ships. They are known to be right.
        with mock.patch.object(ModelStorage, "_validate", classmethod(lambda *_args, **_kwargs: None)):
            run(options)
    loading.handlers.clear()


def _fill(database: str, order: dict[str, Any]) -> dict[str, Any]:
    from proteus import Model, config  # noqa: PLC0415

    config.set_trytond(database=f"sqlite:///{database}")
    retailer = order["retailer"]
    books = _Books(Model)
    _step("company")
    books.make_company(retailer)
    _step("chart of accounts")
    books.make_chart()
    _step("fiscal years")
    first, last = (dt.date.fromisoformat(order[key]) for key in ("first_day", "last_day"))
    books.make_years(first, last)
    _step("taxes and tenders")
    taxes = books.make_taxes(retailer["taxes"])
    tenders = books.make_tenders(retailer["tenders"])
    _step("products")
    products = books.make_products(retailer["products"], retailer["taxes"], taxes)
    _step("stores and opening stock")
    stores = books.make_stores(retailer["stores"], products, first)
    _step("integration user")
    key = books.make_user(order)
    return {
        "bearer_key": key,
        "company": books.company.id,
        "stores": stores,
        "products": {sku: product.id for sku, product in products.items()},
        "tenders": {code: tender.id for code, tender in tenders.items()},
        "charges": {
            charge["kind"]: f"product:{products[charge['sku']].id}"
            if charge["sku"]
            else f"payment_method:{tenders[charge['tender']].id}"
            for charge in retailer["charges"]
        },
        "taxes": {code: tax.id for code, tax in taxes.items()},
    }


class _Books:
    """The records of one company, made through Tryton's own client library so that its rules apply."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.company: Any = None

    def _get(self, name: str) -> Any:
        return self._model.get(name)

    def _one(self, name: str, *domain: tuple[Any, ...]) -> Any:
        (record,) = self._get(name).find(list(domain))
        return record

    def make_company(self, retailer: dict[str, Any]) -> None:
        from proteus import Wizard  # noqa: PLC0415
        from proteus.config import get_config  # noqa: PLC0415

        currency = self._get("currency.currency")(
            name=retailer["currency"],
            code=retailer["currency"],
            symbol=retailer["currency"],
            digits=2,
            rounding=Decimal("0.01"),
        )
        currency.save()
        party = self._get("party.party")(name=retailer["name"])
        party.save()
        wizard = Wizard("company.company.config")
        wizard.execute("company")
        wizard.form.party, wizard.form.currency = party, currency
        wizard.execute("add")
        get_config()._context = self._get("res.user").get_preferences(True, {})  # noqa: SLF001
        self.company = self._one("company.company")

    def make_chart(self) -> None:
        from proteus import Wizard  # noqa: PLC0415

        root = self._get("ir.model.data").get_id("account.account_template_root_en", {})
        wizard = Wizard("account.create_chart")
        wizard.execute("account")
        wizard.form.account_template = self._get("account.account.template")(root)
        wizard.form.company = self.company
        wizard.execute("create_account")
        for kind in ("receivable", "payable"):
            setattr(wizard.form, f"account_{kind}", self._first_account(kind))
        for kind in ("expense", "revenue"):
            field = f"category_account_{kind}"
            if hasattr(wizard.form, field):
                setattr(wizard.form, field, self._first_account(kind))
        wizard.execute("create_properties")

    def _first_account(self, kind: str) -> Any:
        found = self._get("account.account").find(
            [(f"type.{kind}", "=", True), ("closed", "!=", True), ("company", "=", self.company.id)], limit=1
        )
        return found[0]

    def _account_like(self, code: str, own_code: str, name: str) -> Any:
        (copy,) = self._one("account.account", ("code", "=", code)).duplicate(default={"code": own_code, "name": name})
        return copy

    def _sequence(self, name: str, kind: str, prefix: str = "") -> Any:
        sequence_type = self._one("ir.sequence.type", ("name", "=", kind))
        sequence = self._get("ir.sequence.strict")(
            name=name, sequence_type=sequence_type, company=self.company, prefix=prefix
        )
        sequence.save()
        return sequence

    def make_years(self, first: dt.date, last: dt.date) -> None:
        """Fiscal years of monthly periods, all open but the very first month, whose books are closed."""
        year_model = self._get("account.fiscalyear")
        for number in range(first.year, last.year + 1):
            year = year_model(name=str(number), company=self.company)
            year.start_date, year.end_date = dt.date(number, 1, 1), dt.date(number, 12, 31)
            year.move_sequence = self._sequence(f"Moves {number}", "Account Move")
            (invoices,) = year.invoice_sequences
            for side in ("out", "in"):
                for paper in ("invoice", "credit_note"):
                    name = f"{side}_{paper}_sequence"
                    setattr(invoices, name, self._sequence(f"{name} {number}", "Invoice"))
            year.save()
            year.click("create_period")
        self._one("account.period", ("start_date", "=", first)).click("close")

    def make_taxes(self, taxes: Iterable[dict[str, Any]]) -> dict[str, Any]:
        made = {}
        for number, tax in enumerate(taxes, 1):
            payable = self._account_like(TAX_ACCOUNT, f"{TAX_ACCOUNT}.{number}", f"{tax['name']} payable")
            made[tax["code"]] = self._get("account.tax")(
                name=tax["name"],
                description=tax["code"],
                type="percentage",
                rate=Decimal(tax["rate"]),
                invoice_account=payable,
                credit_note_account=payable,
            )
            made[tax["code"]].save()
        return made

    def make_tenders(self, tenders: Iterable[dict[str, Any]]) -> dict[str, Any]:
        made = {}
        for number, tender in enumerate(tenders, 1):
            like = LIABILITY_ACCOUNT if tender["liability"] else CLEARING_ACCOUNT
            made[tender["code"]] = self._get("sale.point.payment.method")(
                name=tender["name"],
                company=self.company,
                account=self._account_like(like, f"{like}.{number}", tender["name"]),
                cash=tender["cash"],
            )
            made[tender["code"]].save()
        return made

    def make_products(
        self, products: Iterable[dict[str, Any]], taxes: Iterable[dict[str, Any]], made_taxes: dict[str, Any]
    ) -> dict[str, Any]:
        rates = {tax["code"]: Decimal(tax["rate"]) for tax in taxes}
        unit = self._one("product.uom", ("name", "=", "Unit"))
        categories: dict[tuple[str, ...], Any] = {}
        templates = []
        for product in products:
            codes = tuple(product["taxes"])
            if codes not in categories:
                category = self._get("product.category")(
                    name=f"Taxed {' and '.join(codes) or 'nowhere'}", accounting=True
                )
                category.account_revenue = self._first_account("revenue")
                category.account_expense = self._first_account("expense")
                # Each record may stand in one list only, so each category gets its own.
                category.customer_taxes.extend(self._get("account.tax")(made_taxes[code].id) for code in codes)
                category.save()
                categories[codes] = category
            template = self._get("product.template")(
                name=product["name"],
                default_uom=unit,
                type="goods" if product["stocked"] else "service",
                salable=True,
                account_category=categories[codes],
            )
            price = Decimal(product["price"])
            template.list_price = price
            template.gross_price = (price * (1 + sum(rates[code] for code in codes))).quantize(PRICE_DIGITS)
            template.list_price = price  # the gross price on-change has set it anew, rounded
            (variant,) = template.products
            variant.suffix_code = product["sku"]
            identifier = variant.identifiers.new()
            identifier.type, identifier.code = "ean", product["gtin"]
            templates.append(template)
        self._get("product.template").save(templates)
        return {template.products[0].code: template.products[0] for template in templates}

    def make_stores(self, stores: Iterable[dict[str, Any]], products: dict[str, Any], day: dt.date) -> dict[str, Any]:
        location = self._get("stock.location")
        customer = self._one("stock.location", ("code", "=", "CUS"))
        opening = self._one("stock.location", ("type", "=", "lost_found"))
        journal = self._one("account.journal", ("type", "=", "revenue"))
        moves = []
        made = {}
        for store in stores:
            places = {}
            for place, kind in (("Stock", "storage"), ("Input", "storage"), ("Output", "storage")):
                code = f"{store['code']}-{place.upper()}"
                places[place] = location(name=f"{store['name']} {place}", code=code, type=kind)
                places[place].save()
            warehouse = location(name=store["name"], code=store["code"], type="warehouse")
            warehouse.storage_location = places["Stock"]
            warehouse.input_location, warehouse.output_location = places["Input"], places["Output"]
            warehouse.save()
            # What comes back lies in the stock room, apart from what is for sale, until it is looked at.
            returns = location(
                name=f"{store['name']} Returns",
                code=f"{store['code']}-RETURNS",
                type="storage",
                parent=places["Stock"],
            )
            returns.save()
            point = self._get("sale.point")(
                name=store["name"],
                company=self.company,
                journal=journal,
                sequence=self._sequence(f"Receipts {store['name']}", "POS", f"R{store['code']}-"),
                storage_location=places["Stock"],
                return_location=returns,
                customer_location=customer,
                tax_included=False,
            )
            point.save()
            made[store["code"]] = {
                "point": point.id,
                "warehouse": warehouse.id,
                "storage": places["Stock"].id,
                "returns": returns.id,
            }
            for sku, quantity in store["opening_stock"].items():
                move = self._get("stock.move")(product=products[sku], quantity=quantity)
                move.from_location, move.to_location = opening, places["Stock"]
                move.effective_date, move.company = day, self.company
                moves.append(move)
        move_model = self._get("stock.move")
        move_model.save(moves)
        move_model.click(moves, "do")
        return made

    def make_user(self, order: dict[str, Any]) -> str:
        """The integration's user, with a till's rights and no more, and its REST key."""
        data = self._get("ir.model.data")
        group = self._get("res.group")
        user = self._get("res.user")(name="Lockstep", login=order["user"], password=order["password"])
        user.companies.append(self._get("company.company")(self.company.id))
        user.company = self.company
        for name in ("sale_point.group_sale_point", "sale_point.group_sale_point_posting"):
            user.groups.append(group(data.get_id(name, {})))
        user.save()
        application = self._get("res.user.application")(user=user, application="rest")
        application.save()
        return str(application.key)


if __name__ == "__main__":
    main()
