from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import lockstep.connectors.poslog
from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.events import TransactionClosed, TransactionUnbalanced
from lockstep.canonical.sale_transaction import TransactionKind
from lockstep.connectors.poslog.connector import PoslogConnector
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery

FIXTURES = Path(lockstep.connectors.poslog.__file__).parent / "fixtures"
RECEIVED = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def translate(body, connector=None, delivery_id="msg_1"):
    body = body.encode() if isinstance(body, str) else body
    return (connector or PoslogConnector()).translate(Delivery("poslog.main", delivery_id, body, RECEIVED))


def fixture(name):
    return (FIXTURES / f"{name}.xml").read_text(encoding="utf-8")


def poslog(content, *, seq="7", store="<BusinessUnit><UnitID>101</UnitID></BusinessUnit>", head="", attributes=""):
    return (
        f"<POSLog><Transaction{attributes}>{store}<WorkstationID>1</WorkstationID>"
        f"<SequenceNumber>{seq}</SequenceNumber><CurrencyCode>EUR</CurrencyCode>{head}"
        f"<RetailTransaction>{content}</RetailTransaction>"
        "<EndDateTime>2026-11-23T15:00:00Z</EndDateTime></Transaction></POSLog>"
    )


def sale(amount="10.00", quantity="1", more="", tag="Sale", attributes=""):
    return (
        f"<LineItem><{tag}{attributes}><ItemID>SKU-1</ItemID><ExtendedAmount>{amount}</ExtendedAmount>"
        f"<Quantity>{quantity}</Quantity>{more}</{tag}></LineItem>"
    )


def tender(amount="10.00", more="", attributes=""):
    return f'<LineItem><Tender TenderType="Cash"{attributes}><Amount>{amount}</Amount>{more}</Tender></LineItem>'


def one(body, connector=None):
    (event,) = translate(body, connector).events
    return event


def closed(body, connector=None):
    event = one(body, connector)
    assert isinstance(event, TransactionClosed), event
    return event.data


def unbalanced(body):
    event = one(body)
    assert isinstance(event, TransactionUnbalanced), event
    return event.data


def test_the_same_bytes_give_the_same_events():
    assert translate(fixture("many")) == translate(fixture("many"))


def test_an_event_is_the_same_in_another_delivery():
    first, again = (translate(fixture("many"), delivery_id=name).events for name in ("msg_1", "msg_2"))
    assert [event.id for event in first] == [event.id for event in again]
    assert {event.causation_id for event in again} == {"poslog.main/msg_2"}


def test_one_delivery_may_hold_more_transactions_than_one_commit_takes():
    (transaction,) = (part for part in [fixture("sale").split("<Transaction>")[1].split("</Transaction>")[0]])
    many = "".join(
        f"<Transaction>{transaction.replace('>1001<', f'>{number}<')}</Transaction>" for number in range(1, 251)
    )
    events = translate(f"<POSLog>{many}</POSLog>").events
    assert [event.data.id.sequence for event in events] == list(range(1, 251))


@pytest.mark.parametrize("root", ["POSLog", "DigitalReceipt"])
def test_other_roots_hold_transactions_too(root):
    body = poslog(sale() + tender()).replace("POSLog>", f"{root}>")
    assert closed(body).id.sequence == 7
    alone = poslog(sale() + tender()).removeprefix("<POSLog>").removesuffix("</POSLog>")
    assert closed(alone).id.sequence == 7


def test_one_transaction_that_does_not_add_up_does_not_hold_up_its_siblings():
    kinds = [event.type for event in translate(fixture("unbalanced")).events]
    assert kinds == ["TransactionUnbalanced", "TransactionClosed"]


class TestIdentity:
    def test_leading_zeros_of_a_sequence_number_do_not_count(self):
        assert closed(poslog(sale() + tender(), seq="0007")).id.sequence == 7

    def test_older_versions_name_the_store_directly(self):
        body = poslog(sale() + tender(), store="<RetailStoreID>0031</RetailStoreID>")
        assert closed(body).id.store == "0031"

    def test_the_business_day_may_be_wrapped_and_zoned(self):
        for written in ("<Date>2026-11-22</Date>", "2026-11-22Z", "2026-11-22+01:00", "2026-11-22T00:00:00"):
            body = poslog(sale() + tender(), head=f"<BusinessDayDate>{written}</BusinessDayDate>")
            assert closed(body).id.business_day == date(2026, 11, 22)

    @pytest.mark.parametrize(
        ("written", "zone", "moment", "day"),
        [
            ("2026-11-23T23:30:00", "UTC", "2026-11-23T23:30:00", 23),
            ("2026-11-23T23:30:00", "America/New_York", "2026-11-24T04:30:00", 23),
            ("2026-11-23T23:30:00Z", "UTC", "2026-11-23T23:30:00", 23),
            ("2026-11-23T23:30:00Z", "Europe/Berlin", "2026-11-23T23:30:00", 24),
            ("2026-11-24T00:30:00+01:00", "UTC", "2026-11-23T23:30:00", 24),
            ("2026-11-23 23:30:00.1234567", "UTC", "2026-11-23T23:30:00.123456", 23),
        ],
    )
    def test_without_a_business_day_it_is_the_date_on_the_wall(self, written, zone, moment, day):
        body = poslog(sale() + tender()).replace("2026-11-23T15:00:00Z", written)
        data = closed(body, PoslogConnector(zone=ZoneInfo(zone)))
        assert data.closed_at == datetime.fromisoformat(moment).replace(tzinfo=UTC)
        assert data.id.business_day == date(2026, 11, day)

    @pytest.mark.parametrize("written", ["yesterday", "2026-13-01T00:00:00", "0001-01-01T00:00:00+14:00", "15:00"])
    def test_a_time_that_is_none_is_named(self, written):
        with pytest.raises(MessageMalformed, match="EndDateTime is not a date and time"):
            translate(poslog(sale() + tender()).replace("2026-11-23T15:00:00Z", written))


class TestCurrency:
    def bare(self, body):
        return body.replace("<CurrencyCode>EUR</CurrencyCode>", "")

    def test_it_may_stand_on_totals_and_amounts(self):
        on_total = self.bare(poslog(sale() + tender() + '<Total TotalType="X" CurrencyCode="CHF">10.00</Total>'))
        on_tender = self.bare(poslog(sale() + tender().replace("<Amount>", '<Amount Currency="SEK">')))
        assert (closed(on_total).currency, closed(on_tender).currency) == ("CHF", "SEK")

    def test_none_is_guessed(self):
        with pytest.raises(MessageMalformed, match=r"POSLog/Transaction names no currency"):
            translate(self.bare(poslog(sale() + tender())))

    def test_the_account_may_have_a_default(self):
        assert closed(self.bare(poslog(sale() + tender())), PoslogConnector(default_currency="NOK")).currency == "NOK"

    def test_what_is_no_currency_is_refused(self):
        with pytest.raises(MessageMalformed, match="ISO 4217"):
            translate(poslog(sale() + tender()).replace(">EUR<", ">EURO<"))

    def test_a_tender_in_another_currency_needs_its_local_amount(self):
        known = tender("10.00").replace("<Amount>", '<Amount Currency="USD" ForeignAmount="11.00">')
        (line,) = closed(poslog(sale() + known)).tenders
        assert (str(line.amount), str(line.tendered)) == ("10.00 EUR", "11.00 USD")
        unknown = tender("11.00").replace("<Amount>", '<Amount Currency="USD">')
        assert "is in USD" in unbalanced(poslog(sale() + unknown)).problem


class TestLines:
    @pytest.mark.parametrize(
        ("line", "quantity"),
        [
            (sale("10.00", "1"), 1),
            (sale("10.00", "-1"), -1),
            (sale("-10.00", "-1"), -1),
            (sale("-10.00", "1"), -1),
            (sale("10.00", "1", tag="Return"), -1),
            (sale("-10.00", "-1", tag="Return"), -1),
        ],
    )
    def test_goods_come_back_in_many_spellings(self, line, quantity):
        data = closed(poslog(line + tender(attributes="" if quantity > 0 else ' TypeCode="Refund"')))
        assert data.lines[0].quantity == quantity
        assert data.total.amount == 10 * quantity

    def test_numbers_are_the_tills_own_or_places(self):
        own = sale().replace("<LineItem>", "<LineItem><SequenceNumber>11</SequenceNumber>")
        assert [line.number for line in closed(poslog(own + tender())).lines] == [11]
        assert [line.number for line in closed(poslog(own + own + tender("20.00"))).lines] == [1, 2]
        assert [line.number for line in closed(poslog(own + sale() + tender("20.00"))).lines] == [1, 2]

    @pytest.mark.parametrize(
        ("numbers", "item"),
        [
            ("<ItemID>4006381333931</ItemID>", "4006381333931"),
            ('<ItemID Name="SKU">54437934</ItemID><ItemID Name="EAN">4006381333931</ItemID>', "4006381333931"),
            (
                "<ItemID>54437934</ItemID><POSIdentity><POSItemID>4006381333931</POSItemID></POSIdentity>",
                "4006381333931",
            ),
            ("<ItemID>SKU-9</ItemID><POSIdentity><POSItemID>2112345000008</POSItemID></POSIdentity>", "SKU-9"),
            ("<POSIdentity><POSItemID>0815</POSItemID></POSIdentity>", "0815"),
            ("<MerchandiseHierarchy>228</MerchandiseHierarchy>", "228"),
        ],
    )
    def test_an_item_goes_by_what_names_it_most_surely(self, numbers, item):
        body = poslog(sale().replace("<ItemID>SKU-1</ItemID>", numbers) + tender())
        assert closed(body).lines[0].item.value == item

    def test_a_quantity_or_an_amount_may_follow_from_the_other_and_the_price(self):
        price = "<ActualSalesUnitPrice>5.00</ActualSalesUnitPrice>"
        no_quantity = sale("5.00", more=price).replace("<Quantity>1</Quantity>", "")
        no_amount = sale(quantity="2", more=price).replace("<ExtendedAmount>10.00</ExtendedAmount>", "")
        assert closed(poslog(no_quantity + tender("5.00"))).lines[0].quantity == 1
        assert str(closed(poslog(no_amount + tender())).lines[0].amount) == "10.00 EUR"

    @pytest.mark.parametrize("missing", ["<Quantity>1</Quantity>", "<ExtendedAmount>10.00</ExtendedAmount>"])
    def test_otherwise_it_is_missing(self, missing):
        with pytest.raises(
            MessageMalformed, match=r"POSLog/Transaction/RetailTransaction/LineItem\[1\]/Sale/.* is missing"
        ):
            translate(poslog(sale().replace(missing, "") + tender()))

    def test_an_amount_without_quantity_is_not_lost_in_silence(self):
        assert "no quantity" in unbalanced(poslog(sale(quantity="0") + tender())).problem

    def test_a_price_for_several_is_a_price_for_one(self):
        price = '<RegularSalesUnitPrice Quantity="3">10.00</RegularSalesUnitPrice>'
        line = closed(poslog(sale("20.00", "6", more=price) + tender("20.00"))).lines[0]
        assert (str(line.unit_price), str(line.amount)) == ("3.33 EUR", "20.00 EUR")

    @pytest.mark.parametrize(
        ("item_type", "kind"),
        [
            ("Deposit", "deposit"),
            ("Fee", "fee"),
            ("SES:Donation", "donation"),
            ("x:GiftCertificate", "gift card"),
            ("GiftCard", "gift card"),
        ],
    )
    def test_what_is_no_goods_is_a_charge(self, item_type, kind):
        data = closed(poslog(sale() + sale("2.50", attributes=f' ItemType="{item_type}"') + tender("12.50")))
        assert [(charge.kind.value, str(charge.amount)) for charge in data.charges] == [(kind, "2.50 EUR")]
        assert len(data.lines) == 1

    def test_money_that_nothing_was_sold_for_can_be_all_there_is(self):
        topped_up = closed(poslog(sale("25.00", attributes=' ItemType="GiftCard"') + tender("25.00")))
        empties = closed(
            poslog(
                sale("1.00", "-4", attributes=' ItemType="Deposit"') + tender("1.00", attributes=' TypeCode="Refund"')
            )
        )
        assert (topped_up.kind, empties.kind) == (TransactionKind.SALE, TransactionKind.REFUND)


class TestTaxes:
    VAT = '<Tax TaxType="VAT"><Amount>1.60</Amount><Percent>19</Percent></Tax>'
    SALES = '<Tax TaxType="Sales"><Amount>0.80</Amount><Percent>8</Percent><TaxRuleID>STATE</TaxRuleID></Tax>'

    def test_the_sum_tells_whether_prices_hold_the_tax(self):
        included = closed(poslog(sale(more=self.VAT) + tender("10.00")))
        added = closed(poslog(sale(more=self.VAT) + tender("11.60")))
        assert ([tax.included for tax in included.taxes], [tax.included for tax in added.taxes]) == ([True], [False])

    def test_a_flag_on_the_line_is_taken_at_its_word(self):
        flag = "<TaxIncludedInPriceFlag>true</TaxIncludedInPriceFlag>"
        assert closed(poslog(sale(more=self.SALES + flag) + tender())).taxes[0].included
        flag = "<TaxIncludedInPriceFlag>false</TaxIncludedInPriceFlag>"
        data = unbalanced(poslog(sale(more=self.SALES + flag) + tender()))
        assert (str(data.due), str(data.paid)) == ("10.80 EUR", "10.00 EUR")

    def test_what_is_on_the_transaction_may_repeat_the_lines(self):
        repeated = f"<LineItem>{self.SALES}</LineItem>"
        (tax,) = closed(poslog(sale(more=self.SALES) + repeated + tender("10.80"))).taxes
        assert (tax.line, str(tax.amount)) == (1, "0.80 EUR")

    def test_what_is_on_the_transaction_may_be_another_tax(self):
        other = "<LineItem><Tax TaxType='Sales'><Amount>0.25</Amount><TaxRuleID>CITY</TaxRuleID></Tax></LineItem>"
        taxes = closed(poslog(sale(more=self.SALES) + other + tender("11.05"))).taxes
        assert [(tax.code, tax.line) for tax in taxes] == [("STATE", 1), ("CITY", None)]

    def test_lines_that_are_rounded_otherwise_give_way_to_the_total(self):
        fine = self.SALES.replace("0.80", "0.804")
        lines = sale(more=fine) * 3
        total = "<LineItem><Tax TaxType='Sales'><Amount>2.41</Amount><TaxRuleID>STATE</TaxRuleID></Tax></LineItem>"
        (tax,) = closed(poslog(lines + total + tender("32.41"))).taxes
        assert (tax.line, str(tax.amount)) == (None, "2.41 EUR")

    def test_only_a_total_is_a_tax_too(self):
        total = '<Total TotalType="TransactionTaxAmount">1.60</Total>'
        (tax,) = closed(poslog(sale() + tender() + total)).taxes
        assert (tax.code, str(tax.amount), tax.included) == ("TransactionTaxAmount", "1.60 EUR", True)

    def test_a_rate_alone_is_reckoned(self):
        rate = '<Tax TaxType="{}"><Percent>20</Percent></Tax>'
        assert (
            str(closed(poslog(sale("12.00", more=rate.format("VAT")) + tender("12.00"))).taxes[0].amount) == "2.00 EUR"
        )
        assert (
            str(closed(poslog(sale("10.00", more=rate.format("Sales")) + tender("12.00"))).taxes[0].amount)
            == "2.00 EUR"
        )

    def test_two_rates_of_one_type_are_two_codes(self):
        other = self.VAT.replace("19", "7.0")
        data = closed(poslog(sale(more=self.VAT) + sale(more=other) + tender("20.00")))
        assert [tax.code for tax in data.taxes] == ["VAT-19", "VAT-7"]

    def test_taxes_go_back_with_the_goods(self):
        typed = '<LineItem><Tax TaxType="Sales" TypeCode="Refund"><Amount>0.80</Amount></Tax></LineItem>'
        for body in (sale(tag="Return", more=self.SALES), sale(tag="Return") + typed):
            data = closed(poslog(body + tender("10.80", attributes=' TypeCode="Refund"')))
            assert [str(tax.amount) for tax in data.taxes] == ["-0.80 EUR"]


class TestDiscounts:
    MODIFIER = '<RetailPriceModifier><Amount Action="{}">{}</Amount><ReasonCode>M1</ReasonCode></RetailPriceModifier>'

    @pytest.mark.parametrize(("extended", "amount"), [("10.00", "10.00"), ("8.00", "10.00")])
    def test_an_extended_amount_is_before_or_after_them_as_the_sum_tells(self, extended, amount):
        data = closed(poslog(sale(extended, more=self.MODIFIER.format("Subtract", "2.00")) + tender("8.00")))
        assert str(data.lines[0].amount) == f"{amount} EUR"
        assert [(str(discount.amount), discount.line, discount.reason) for discount in data.discounts] == [
            ("2.00 EUR", 1, "M1")
        ]

    def test_an_addition_is_a_negative_discount(self):
        data = closed(poslog(sale(more=self.MODIFIER.format("Add", "0.50")) + tender("10.50")))
        assert [str(discount.amount) for discount in data.discounts] == ["-0.50 EUR"]

    def test_a_replaced_price_is_none(self):
        assert not closed(poslog(sale(more=self.MODIFIER.format("Replace", "9.00")) + tender())).discounts

    def test_modifiers_that_are_not_the_discount_are_one(self):
        more = "<ExtendedDiscountAmount>3.00</ExtendedDiscountAmount>" + self.MODIFIER.format("Subtract", "2.00")
        data = closed(poslog(sale(more=more) + tender("7.00")))
        assert [(str(discount.amount), discount.reason) for discount in data.discounts] == [("3.00 EUR", "M1")]

    def test_they_lower_what_is_given_back_too(self):
        more = self.MODIFIER.format("Subtract", "2.00")
        data = closed(poslog(sale("10.00", tag="Return", more=more) + tender("8.00", attributes=' TypeCode="Refund"')))
        assert (str(data.lines[0].amount), str(data.discounts[0].amount)) == ("-10.00 EUR", "-2.00 EUR")


class TestTenders:
    CHANGE = '<TenderChange TenderType="{}"><Amount>5.00</Amount></TenderChange>'

    def test_change_is_a_tender_of_its_own(self):
        tenders = closed(poslog(sale() + tender("15.00", self.CHANGE.format("Voucher")))).tenders
        assert [(line.tender, str(line.amount)) for line in tenders] == [
            ("Cash", "15.00 EUR"),
            ("Voucher", "-5.00 EUR"),
        ]

    def test_change_may_be_off_the_amount_already(self):
        tenders = closed(poslog(sale() + tender("10.00", self.CHANGE.format("Cash")))).tenders
        assert [str(line.amount) for line in tenders] == ["10.00 EUR"]

    def test_a_tender_id_says_more_than_its_type(self):
        (line,) = closed(poslog(sale() + tender(more="<TenderID>VISA</TenderID>"))).tenders
        assert line.tender == "VISA"

    @pytest.mark.parametrize(
        ("rounding", "paid"), [("0.02", "10.02"), ("0.02", "9.98"), ("-0.02", "9.98"), ("0.02", "10.00")]
    )
    def test_rounding_goes_the_way_the_sum_tells(self, rounding, paid):
        data = closed(poslog(sale() + tender(paid, f"<Rounding>{rounding}</Rounding>")))
        assert sum(charge.amount.amount for charge in data.charges) == Decimal(paid) - 10
        assert {charge.kind for charge in data.charges} <= {ChargeKind.ROUNDING}

    def test_one_without_a_name_is_refused(self):
        with pytest.raises(MessageMalformed, match=r"Tender/TenderID or @TenderType is missing"):
            translate(poslog(sale() + tender().replace(' TenderType="Cash"', "")))


class TestVoids:
    LINK = "<TransactionLink{}>{}<BusinessDayDate>2026-11-23</BusinessDayDate><SequenceNumber>{}</SequenceNumber></TransactionLink>"

    @pytest.mark.parametrize("reason", ["Void", "PostVoid", "Voided", "SES:Void"])
    def test_a_link_says_what_is_voided(self, reason):
        data = closed(poslog(sale() + tender() + self.LINK.format(f' ReasonCode="{reason}"', "", 6)))
        assert (data.kind, data.voids.sequence, data.voids.store) == (TransactionKind.VOID, 6, "101")
        assert not data.lines

    def test_a_void_of_another_till_names_it(self):
        other = "<WorkstationID>2</WorkstationID>"
        data = closed(poslog(self.LINK.format(' ReasonCode="Void"', other, 6)))
        assert str(data.voids) == "101/2/2026-11-23/6"

    def test_a_void_of_another_store_names_it(self):
        for other in ("<BusinessUnit><UnitID>102</UnitID></BusinessUnit>", "<BusinessUnit>102</BusinessUnit>"):
            data = closed(poslog(self.LINK.format(' ReasonCode="Void"', other, 6)))
            assert str(data.voids) == "102/1/2026-11-23/6"

    def test_a_void_is_of_the_subject_it_voids(self):
        event = one(poslog(self.LINK.format(' ReasonCode="Void"', "", 6)))
        assert event.subject == "101/1/2026-11-23/6"

    def test_a_void_of_itself_cannot_be(self):
        with pytest.raises(MessageMalformed, match="stands in"):
            translate(poslog(self.LINK.format(' ReasonCode="Void"', "", 7)))

    def test_a_void_that_does_not_say_of_which_day_is_refused(self):
        link = self.LINK.format(' ReasonCode="Void"', "", 6).replace(
            "<BusinessDayDate>2026-11-23</BusinessDayDate>", ""
        )
        with pytest.raises(MessageMalformed, match="TransactionLink/BusinessDayDate"):
            translate(poslog(link))

    def test_a_link_for_another_reason_voids_nothing(self):
        assert (
            closed(poslog(sale() + tender() + self.LINK.format(' ReasonCode="Invoice"', "", 6))).kind
            is TransactionKind.SALE
        )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (poslog(sale() + tender(), attributes=' TrainingModeFlag="1"'), "training mode"),
        (poslog(sale() + tender()).replace("<WorkstationID>", '<WorkstationID Mode="Training">'), "training mode"),
        (poslog(sale(), attributes=' CancelFlag="true"'), "cancelled"),
        (
            poslog(sale()).replace("<RetailTransaction>", '<RetailTransaction TransactionStatus="x:Voided">'),
            "not closed: voided",
        ),
        (
            poslog("").replace("RetailTransaction", "CustomerOrderTransaction"),
            "not translated: CustomerOrderTransaction",
        ),
        (poslog("").replace("RetailTransaction", "Unheard"), "no content that is known"),
        (poslog("<ItemCount>0</ItemCount>"), "nothing that is translated: ItemCount"),
    ],
)
def test_what_is_no_event_is_ignored_by_name(body, reason):
    translation = translate(body)
    assert translation.events == ()
    assert translation.ignored == (f"POSLog/Transaction: {reason}",)
    assert [str(number) for number in translation.passed_over] == ["101/1/2026-11-23/7"]


def test_what_is_ignored_need_not_be_complete():
    training = poslog("", attributes=' TrainingModeFlag="true"').replace("<SequenceNumber>7</SequenceNumber>", "")
    assert translate(training).events == ()
    assert translate(training).passed_over == ()


def test_a_sale_is_not_passed_over():
    assert translate(poslog(sale() + tender())).passed_over == ()


def test_no_personal_data_gets_further():
    body = poslog(
        sale() + tender() + "<Customer><CustomerID>22000129</CustomerID><Name>Erika Mustermann</Name></Customer>",
        head='<OperatorID OperatorName="Max Mustermann">42</OperatorID>',
    )
    translation = translate(body)
    text = "".join(event.model_dump_json() for event in translation.events) + "".join(translation.ignored)
    assert "Mustermann" not in text
    assert "22000129" not in text


def test_inventory_documents_without_movement_are_ignored():
    body = poslog("<Order/>").replace("RetailTransaction", "InventoryControlTransaction")
    assert translate(body).ignored == ("POSLog/Transaction: nothing that is translated: Order",)


def test_a_transfer_is_seen_from_the_store_that_reports_it():
    line = "<LineItem><ItemID>SKU-1</ItemID><Quantity>3</Quantity></LineItem>"
    for destination, delta in (("102", -3), ("101", 3)):
        transfer = f"<Transfer><ToParty>{destination}</ToParty>{line}</Transfer>"
        body = poslog(transfer).replace("RetailTransaction", "InventoryControlTransaction")
        assert one(body).data.movements[0].delta == delta


def test_an_inventory_line_without_item_or_quantity_is_refused():
    for part in ("<ItemID>SKU-1</ItemID>", "<Quantity>3</Quantity>"):
        body = poslog(f"<InventoryLoss>{part}</InventoryLoss>").replace(
            "RetailTransaction", "InventoryControlTransaction"
        )
        with pytest.raises(MessageMalformed, match=r"InventoryLoss/.* is missing"):
            translate(body)
