import pytest

from lockstep.masterdata.mapping_file import FileInvalid, read_mappings, read_rows, write_mappings
from lockstep.messaging.references import ReferenceKind

HEADER = "kind,canonical,system,value\n"


def problems(text, **options):
    with pytest.raises(FileInvalid) as caught:
        read_mappings(text.encode() if isinstance(text, str) else text, **options)
    return [str(problem) for problem in caught.value.problems]


def lines(text, **options):
    return [
        (line.kind.value, line.canonical, line.system, line.value)
        for line in read_mappings(text.encode(), **options).lines
    ]


def test_what_people_and_spreadsheets_do_to_a_file_is_put_up_with():
    text = (
        "\ufeff# what the tills scan\r\n"
        "\r\n"
        "Kind, canonical ,system,value\r\n"
        "item,SCARF,poslog.main,  9521000000056\r\n"
        ",,,\r\n"
        "# tenders, as the tills call them\r\n"
        'tender,"CARD",poslog.main,"Credit, debit"\r\n'
    )

    assert lines(text) == [
        ("item", "SCARF", "poslog.main", "9521000000056"),
        ("tender", "CARD", "poslog.main", "Credit, debit"),
    ]


def test_semicolons_separate_where_the_header_uses_them():
    assert lines("kind;canonical;system;value\nitem;A,B;poslog.main;1\n") == [("item", "A,B", "poslog.main", "1")]


def test_columns_may_stand_in_another_order():
    assert lines("value,system,kind,canonical\n1,poslog.main,item,A\n") == [("item", "A", "poslog.main", "1")]


def test_every_problem_is_named_with_its_line_and_column():
    text = HEADER + (
        "itme,A,poslog.main,1\n"
        "# a comment counts as a line\n"
        "item,,poslog.main,1\n"
        "item,A,poslog,1\n"
        "store,10/1,poslog.main,1\n"
        "charge,bribe,tryton.main,product:1\n"
        "item,A,poslog.main,9.52E+12\n"
        "tender,CARD,tryton.main,-\n"
        "item,-,poslog.main,1\n"
        "item,B,poslog.main,\n"
        "safety_stock,A@101,shopify.main,2\n"
        "safety_stock,A,lockstep,2\n"
        "safety_stock,A@101,lockstep,-1\n"
        "safety_stock,A@101,lockstep,many\n"
        "item,A,lockstep,B\n"
    )
    found = problems(text)

    assert [problem.split(":")[0] for problem in found] == [
        "line 2, kind",
        "line 4, canonical",
        "line 5, system",
        "line 6, canonical",
        "line 7, canonical",
        "line 8, value",
        "line 9, value",
        "line 10, canonical",
        "line 11, value",
        "line 12, system",
        "line 13, canonical",
        "line 14, value",
        "line 15, value",
        "line 16, system",
    ]
    assert "item, store" in found[0]
    assert "spreadsheet" in found[5]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the first line must name the columns kind,canonical,system,value"),
        (b"item,A,poslog.main,1\n", "line 1: the first line must name the columns kind,canonical,system,value"),
        (b"kind,canonical,system,value,note\n", "line 1: the first line must name the columns"),
        (HEADER.encode() + b"item,A,poslog.main\n", "line 2: 3 values, not 4"),
        (HEADER.encode() + b"item,Caf\xe9,poslog.main,1\n", "line 2: not UTF-8"),
    ],
)
def test_a_file_of_another_form_is_refused(content, said):
    assert problems(content)[0].startswith(said)


def test_one_name_cannot_mean_two_things_whatever_its_length():
    text = HEADER + "item,A,poslog.main,036000291452\nitem,B,poslog.main,0036000291452\n"

    assert problems(text) == ["line 3, value: 0036000291452 of poslog.main is B here and A in line 2"]


def test_the_same_name_may_stand_in_two_systems_and_twice_with_one_meaning():
    text = HEADER + "item,A,poslog.main,1\nitem,A,poslog.main,1\nitem,B,files.main,1\n"

    assert len(lines(text)) == 3


def test_several_of_ours_may_be_one_where_nothing_comes_in():
    text = HEADER + "tender,CARD,tryton.main,2\ntender,WALLET,tryton.main,2\n"

    assert problems(text)
    assert len(lines(text, write_only=lambda system: system == "tryton.main")) == 2


def test_charges_and_planning_parameters_may_be_alike():
    text = HEADER + (
        "charge,tip,tryton.main,product:5\ncharge,fee,tryton.main,product:5\n"
        "safety_stock,A@101,lockstep,2\nsafety_stock,B@101,lockstep,2\n"
        "item,A,shopify.main,-\nitem,B,shopify.main,-\n"
    )

    assert len(lines(text)) == 6


def test_a_wrong_check_digit_is_a_warning_for_retailers_have_numbers_of_their_own():
    text = (
        HEADER + "item,A,poslog.main,9521000000057\nitem,B,poslog.main,9521000000056\ntender,C,poslog.main,12345678\n"
    )

    assert [remark.line for remark in read_mappings(text.encode()).warnings] == [2]


def test_an_unknown_system_is_a_warning():
    text = HEADER + "item,A,shopfy.main,1\nsafety_stock,A@101,lockstep,1\nitem,A,poslog.main,1\n"

    warnings = read_mappings(text.encode(), systems={"poslog.main"}).warnings

    assert [str(warning) for warning in warnings] == ["line 2, system: shopfy.main is no account of this environment"]


def test_no_stock_is_kept_of_what_is_hidden_from_ourselves():
    assert lines(HEADER + "item,BAG-CHARGE,lockstep,-\n") == [("item", "BAG-CHARGE", "lockstep", "-")]


def test_what_is_written_is_read_again():
    rows = [("item", 'say "A", B', "poslog.main", "1"), ("tender", "#1", "poslog.main", "é")]

    assert lines(write_mappings(rows).decode()) == rows


def test_lines_are_numbered_as_an_editor_does():
    content = b'# "quoted, comment\n\nitem,location,on_hand\n\nA,101,1\n'

    assert read_rows(content, ("item", "location", "on_hand")) == [
        (5, {"item": "A", "location": "101", "on_hand": "1"})
    ]


def test_every_kind_can_be_written():
    examples = {
        ReferenceKind.ITEM: "item,A,poslog.main,1",
        ReferenceKind.STORE: "store,101,poslog.main,1",
        ReferenceKind.LOCATION: "location,101,shopify.main,gid://shopify/Location/1",
        ReferenceKind.TENDER: "tender,CARD,poslog.main,1",
        ReferenceKind.TAX: "tax,STATE,poslog.main,1",
        ReferenceKind.CHARGE: "charge,gift card,tryton.main,payment_method:3",
        ReferenceKind.SAFETY_STOCK: "safety_stock,A@101,lockstep,1.5",
    }

    assert set(examples) == set(ReferenceKind)
    assert len(lines(HEADER + "\n".join(examples.values()))) == len(examples)
