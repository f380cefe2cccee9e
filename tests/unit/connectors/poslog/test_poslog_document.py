import pytest

from lockstep.connectors.poslog.document import read_document
from lockstep.messaging.errors import MessageMalformed

ARTS = "http://www.nrf-arts.org/IXRetail/namespace/"


def read(text, encoding="utf-8"):
    return read_document(text.encode(encoding))


@pytest.mark.parametrize(
    "text",
    [
        f'<POSLog xmlns="{ARTS}"><Transaction/></POSLog>',
        f'<p:POSLog xmlns:p="{ARTS}"><p:Transaction/></p:POSLog>',
        "<POSLog><Transaction/></POSLog>",
        '<POSLog xmlns="urn:some:vendor"><Transaction/></POSLog>',
        f'<POSLog xmlns="urn:some:vendor"><Transaction xmlns="{ARTS}"/></POSLog>',
        f'<POSLog xmlns="{ARTS}"><Transaction xmlns=""/></POSLog>',
        f'<POSLog xmlns="{ARTS}"><Transaction xmlns="{ARTS}POSLog/v2"/></POSLog>',
    ],
)
def test_prefixes_and_versions_of_the_namespace_do_not_matter(text):
    root = read(text)
    assert (root.tag, [child.tag for child in root.children]) == ("POSLog", ["Transaction"])


def test_extensions_are_left_out_with_all_they_hold():
    root = read(
        f'<POSLog xmlns="{ARTS}" xmlns:x="urn:x" x:Offset="7" Major="6"><x:Amount><Amount>1</Amount></x:Amount>'
        "<Amount>2</Amount></POSLog>"
    )
    assert [(child.tag, child.text) for child in root.children] == [("Amount", "2")]
    assert root.attributes == {"Major": "6"}


def test_text_is_what_a_leaf_holds_without_blanks_around():
    root = read("<a> lost <b>\n x <!-- no --> y <![CDATA[<z>]]></b></a>")
    assert root.text == ""
    assert root.value("b") == "x  y <z>"


def test_a_path_numbers_only_what_there_is_several_of():
    root = read("<a><b/><b><c/></b><d/></a>")
    assert [node.path for node in (*root.children, root.children[1].children[0])] == [
        "a/b[1]",
        "a/b[2]",
        "a/d",
        "a/b[2]/c",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252", "iso-8859-15", "cp437"])
def test_every_declared_encoding_is_read(encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?><a>Köln</a>'
    assert read(text, encoding).text == "Köln"


@pytest.mark.parametrize("encoding", ["shift_jis", "euc-jp", "gb18030", "Big5", "iso-2022-jp"])
def test_multi_byte_encodings_are_read_too(encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?><a>東京</a>'
    assert read(text, encoding).text == "東京"


def test_a_byte_order_mark_is_no_content():
    assert read_document(b"\xef\xbb\xbf<a>x</a>").text == "x"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"<a>",
        b"<a></b>",
        b"<a>&b;</a>",
        b"<a/><b/>",
        b"not xml",
        b'{"a": 1}',
        b"<a>\x00</a>",
        b"<a>\xff</a>",
        b'<?xml version="1.0" encoding="no-such-encoding"?><a/>',
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        b'<?xml version="1.0" encoding="punycode"?><a/>',
        b'<?xml version="1.0" encoding="shift_jis"?><a>\xfd\xff</a>',
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY % b SYSTEM "file:///etc/passwd"> %b;]><a/>',
        b'<!DOCTYPE a SYSTEM "http://example.com/a.dtd"><a/>',
    ],
)
def test_what_cannot_or_must_not_be_read_is_malformed(body):
    with pytest.raises(MessageMalformed):
        read_document(body)


def test_a_document_type_hidden_in_a_multi_byte_encoding_is_refused():
    text = '<?xml version="1.0" encoding="shift_jis"?><!DOCTYPE a [<!ENTITY b "東">]><a>&b;</a>'
    with pytest.raises(MessageMalformed, match="document type"):
        read(text, "shift_jis")


def test_nesting_has_an_end():
    assert read("<a>" * 64 + "</a>" * 64).tag == "a"
    with pytest.raises(MessageMalformed, match="nested"):
        read("<a>" * 65 + "</a>" * 65)
    with pytest.raises(MessageMalformed, match="nested"):
        read("<a>" * 100_000)
    with pytest.raises(MessageMalformed, match="nested"):
        read('<a xmlns:x="urn:x">' + "<x:b>" * 64 + "</x:b>" * 64 + "</a>")


def test_the_number_of_elements_has_an_end():
    with pytest.raises(MessageMalformed, match="elements"):
        read("<a>" + "<b/>" * 200_001 + "</a>")


def test_no_text_of_the_document_is_in_an_error():
    with pytest.raises(MessageMalformed) as refused:
        read("<a><Name>Erika Mustermann</Nome></a>")
    assert "Mustermann" not in str(refused.value)
