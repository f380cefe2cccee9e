"""Reads XML that nobody vouches for: a small tree of the elements that belong to POSLog, each knowing its path.

Declarations of document types and entities are refused, so nothing can be expanded and nothing outside is read.
Elements of foreign namespaces are vendors' extensions and are left out with all they hold: an `acs:Amount` must not
pass for an `Amount`. A loyalty reward alone keeps them: the standard knows rewards in points only, so what one takes
off the price is said in an extension.
"""

import codecs
import re
from collections.abc import Iterator
from typing import Final, NamedTuple, cast
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from lockstep.messaging.errors import MessageMalformed

_ARTS: Final = "http://www.nrf-arts.org/IXRetail/"
_REWARD: Final = "LoyaltyReward"
_IN_ANY_NAMESPACE: Final = frozenset({"VoidFlag", "ChangeFlag"})
"""What means the same where it is an extension that says so."""
_DEEPEST: Final = 64
_MOST_ELEMENTS: Final = 200_000
_ENCODING: Final = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,40})["']""")
_MULTIBYTE: Final = frozenset(
    {
        "big5",
        "big5hkscs",
        "cp932",
        "cp949",
        "cp950",
        "euc_jis_2004",
        "euc_jisx0213",
        "euc_jp",
        "euc_kr",
        "gb18030",
        "gb2312",
        "gbk",
        "hz",
        "iso2022_jp",
        "iso2022_jp_2",
        "iso2022_kr",
        "johab",
        "shift_jis",
        "shift_jis_2004",
        "shift_jisx0213",
    }
)
"""Encodings that the XML parser cannot read by itself."""


class Node:
    """An element: its local name, its own attributes, and its text when it has no children."""

    __slots__ = ("attributes", "children", "parent", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str], parent: "Node | None") -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.children: list[Node] = []
        self.text = ""

    @property
    def path(self) -> str:
        """Where it stands, as in `POSLog/Transaction[3]/SequenceNumber`."""
        if self.parent is None:
            return self.tag
        twins = [child for child in self.parent.children if child.tag == self.tag]
        place = f"[{twins.index(self) + 1}]" if len(twins) > 1 else ""
        return f"{self.parent.path}/{self.tag}{place}"

    def all(self, *tags: str) -> Iterator["Node"]:
        """Children with one of these names, in document order."""
        return (child for child in self.children if child.tag in tags)

    def find(self, *tags: str) -> "Node | None":
        """The first child with the first of these names that there is."""
        for tag in tags:
            for child in self.children:
                if child.tag == tag:
                    return child
        return None

    def value(self, *tags: str) -> str | None:
        """The text of the first of these children that has one."""
        for tag in tags:
            for child in self.children:
                if child.tag == tag and child.text:
                    return child.text
        return None

    def flag(self, name: str) -> bool:
        """Whether an attribute, or a child of this name, says true."""
        said = self.attributes.get(name) or self.value(name) or ""
        return said.strip().lower() in {"true", "1"}

    def missing(self, *tags: str) -> MessageMalformed:
        """The error that says which child is not there."""
        return MessageMalformed(f"{self.path}/{' or '.join(tags)} is missing")

    def wrong(self, what: str) -> MessageMalformed:
        """The error that says what is wrong with this element."""
        return MessageMalformed(f"{self.path} {what}")


class _Name(NamedTuple):
    local: str
    ours: bool


class _Builder:
    """Target of the parser: builds the tree and keeps its size in bounds."""

    def __init__(self) -> None:
        self._root: Node | None = None
        self._open: list[Node] = []
        self._foreign = 0
        self._namespace = ""
        self._text: list[str] = []
        self._count = 0
        self._names: dict[str, _Name] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > _MOST_ELEMENTS:
            raise MessageMalformed(f"the document has more than {_MOST_ELEMENTS} elements")
        if len(self._open) + self._foreign >= _DEEPEST:
            raise MessageMalformed(f"the document is nested deeper than {_DEEPEST} elements")
        name = self._names.get(tag) or self._name(tag)
        parent = self._open[-1] if self._open else None
        rewarded = parent is not None and parent.tag == _REWARD
        if self._foreign or not (name.ours or rewarded):
            self._foreign += 1
            return
        node = Node(name.local, attributes and _own(attributes, all_of_them=name.local == _REWARD), parent)
        if parent is None:
            self._root = node
        else:
            parent.children.append(node)
        self._open.append(node)
        self._text.clear()

    def end(self, _tag: str) -> None:
        if self._foreign:
            self._foreign -= 1
            return
        node = self._open.pop()
        if not node.children:
            node.text = "".join(self._text).strip()
        self._text.clear()

    def data(self, text: str) -> None:
        if not self._foreign:
            self._text.append(text)

    def close(self) -> Node:
        if self._root is None:  # the parser refuses a document without a root before it comes to this
            raise MessageMalformed("the document is empty")
        return self._root

    def _name(self, tag: str) -> _Name:
        namespace, _, local = tag.rpartition("}")
        namespace = namespace[1:]
        if self._root is None:
            self._namespace = namespace
        ours = not namespace or namespace == self._namespace or namespace.startswith(_ARTS)
        return self._names.setdefault(tag, _Name(local, ours))


def _own(attributes: dict[str, str], *, all_of_them: bool) -> dict[str, str]:
    """Attributes without a namespace: those of vendors and of the schema language have one, but for a few."""
    return {
        local: value
        for name, value in attributes.items()
        if (local := name.rpartition("}")[2]) in _IN_ANY_NAMESPACE or all_of_them or name[0] != "{"
    }


def read_document(body: bytes) -> Node:
    """The root of the document, in any encoding that it declares.

    Raises:
        MessageMalformed: It is no well-formed XML, declares a document type or entities, or is out of all proportion.
    """
    declared = _ENCODING.match(body)
    encoding = _text_encoding(declared.group(1).decode("ascii")) if declared else None
    if encoding in _MULTIBYTE:
        try:
            body, encoding = body.decode(encoding).encode(), "utf-8"
        except UnicodeError as error:
            raise MessageMalformed(f"the document is not the {encoding} that it declares") from error
    else:
        encoding = None
    parser = DefusedXMLParser(target=_Builder(), encoding=encoding, forbid_dtd=True)
    try:
        parser.feed(body)
        root = cast("Node", parser.close())
    except DefusedXmlException as error:
        raise MessageMalformed("the document declares a document type or entities, which is refused") from error
    except ParseError as error:
        line, column = error.position
        raise MessageMalformed(f"the document is no well-formed XML: line {line}, column {column}") from error
    except (ValueError, LookupError) as error:
        raise MessageMalformed("the document's encoding cannot be read") from error
    return root


def _text_encoding(name: str) -> str | None:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None
