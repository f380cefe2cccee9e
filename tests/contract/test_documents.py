"""Documents tell the truth: what they link to, name and tell people to type exists."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer.main

from cli.main import app
from infra import environments, registry
from lockstep.canonical.streams import StreamKind
from lockstep.messaging.intake import UNREADABLE
from lockstep.messaging.references import ReferenceKind
from lockstep.operations import repairs

ROOT = Path(__file__).resolve().parents[2]
LOCKSTEP = ROOT / "functions" / "lockstep"
README = ROOT / "README.md"
DECISIONS = ROOT / "docs" / "decisions"
MOST_LINES = 100
"""Two screens."""
IGNORED = {line.strip("/\n") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()}
FOLDERS = {
    path.name
    for path in ROOT.iterdir()
    if path.is_dir() and not path.name.startswith(".") and path.name not in IGNORED and path.suffix != ".egg-info"
}
DOCUMENTS = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(found for folder in FOLDERS for found in (ROOT / folder).rglob("*.md")))
    if "node_modules" not in path.parts
)
FENCE = re.compile(r"^ *```[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def name(path):
    return path.relative_to(ROOT).as_posix()


def read(path):
    return path.read_text(encoding="utf-8")


def prose(path):
    """A document without its blocks of code."""
    return FENCE.sub("", read(path))


def code(path):
    """What stands as code in a document: lines of blocks, and spans, also those that a line break divides."""
    blocks = [line.strip() for block in FENCE.findall(read(path)) for line in block.splitlines()]
    return [*blocks, *SPAN.findall(re.sub(r"\n +", " ", prose(path)))]


def anchors(path):
    """Fragments under which headings are found, as GitHub makes them."""
    plain = (re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading).lower() for heading in HEADING.findall(prose(path)))
    return {re.sub(r"[^\w -]", "", heading).replace(" ", "-") for heading in plain}


@pytest.fixture(params=DOCUMENTS, ids=name)
def document(request):
    return request.param


def test_links_lead_somewhere(document):
    dead = []
    for target in LINK.findall(prose(document)):
        if target.startswith(("https://", "http://")):
            continue
        where, _, anchor = target.partition("#")
        path = (document.parent / where).resolve() if where else document
        if not path.exists() or (anchor and anchor not in anchors(path)):
            dead.append(target)
    assert dead == []


def test_paths_are_there(document):
    """Paths from the root of the checkout, from the package, and from the document's own folder."""
    beginnings = FOLDERS | {path.name for path in LOCKSTEP.iterdir() if path.is_dir()}
    missing = []
    for span in SPAN.findall(prose(document)):
        if "/" not in span or re.search(r"[\s<{(]|\.\.\.", span) or span.split("/")[0] not in beginnings:
            continue
        if not any(list(base.glob(span.rstrip("/"))) for base in (ROOT, LOCKSTEP, document.parent)):
            missing.append(span)
    assert missing == []


def test_make_targets_are_there(document):
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))
    for line in code(document):
        if made := re.match(r"make ([a-z-]+)\b", line):
            assert made[1] in targets, line
        if named := re.match(r"make .*ENV=([a-z]+)", line):
            assert named[1] in environments.names(), line


def test_modules_are_there(document):
    for line in code(document):
        if run := re.search(r"python -m ([a-z_.]+)", line):
            assert find_spec(run[1]) is not None, line


def test_commands_are_there(document):
    for line in code(document):
        if called := re.match(r"(?:\.venv/bin/)?lockstep (?=[a-z-])([^#|>]+)", line):
            assert understood(called[1]), line


def understood(arguments):
    """Whether the command line has such a command, with such options."""
    command = typer.main.get_command(app)
    known = options(command)
    for word in shlex.split(arguments):
        if word.startswith("-"):
            if word.partition("=")[0] not in known:
                return False
        elif commands := getattr(command, "commands", None):
            if word in commands:
                command = commands[word]
                known |= options(command)
            elif word not in environments.names():
                return False
    return True


def options(command):
    """Of one command."""
    return {
        "--help",
        "-h",
        *(flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)),
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("masterdata import FILE.csv", True),
        ("--env dev lanes --json", True),
        ("masterdata invent", False),
        ("lanes --backwards", False),
    ],
)
def test_a_command_that_is_not_there_is_noticed(arguments, expected):
    assert understood(arguments) is expected


# ---- README ----


def test_readme_is_two_screens():
    assert len(read(README).splitlines()) <= MOST_LINES


def test_readme_shows_the_tree_as_it_is():
    tree = next(block for block in FENCE.findall(read(README)) if "functions/lockstep/" in block)
    inside = LOCKSTEP.relative_to(ROOT)
    shown = set()
    base = Path()
    for line in tree.splitlines():
        for word in re.findall(r"^ *((?:[\w.-]+/ *)+)", line):
            base = inside if line.startswith(" ") else Path()
            shown |= {(base / part).as_posix() for part in word.split()}
    there = {*FOLDERS, *(name(path.parent) for path in LOCKSTEP.glob("*/__init__.py")), name(LOCKSTEP)} - {"functions"}
    assert shown == there


# ---- decisions, glossary, folders ----


def test_decisions_have_their_form():
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    index = read(DECISIONS / "README.md")
    assert [page.name[:4] for page in pages] == [f"{number:04d}" for number in range(1, len(pages) + 1)]
    for page in pages:
        text = read(page)
        assert text.startswith(f"# {page.name[:4]}. "), page.name
        assert re.search(r"^Date: \d{4}-\d\d-\d\d$", text, re.MULTILINE), page.name
        assert HEADING.findall(text)[1:] == ["Context", "Decision", "Consequences"], page.name
        assert f"({page.name}) | {HEADING.findall(text)[0][6:]} |" in index, page.name


def explained(heading):
    """What the glossary explains under a heading."""
    _, _, section = read(ROOT / "docs" / "glossary.md").partition(f"\n## {heading}\n")
    return set(re.findall(r"^\| `([^`]+)` \|", section.partition("\n## ")[0], re.MULTILINE))


def test_every_kind_is_explained():
    kinds = {kind for spec in registry.workflows().values() for kind in spec.exceptions}
    assert explained("Kinds of case") == kinds | {UNREADABLE}
    assert explained("Kinds of stream") == {kind.value for kind in StreamKind}
    assert explained("Kinds of mapping") == {kind.value for kind in ReferenceKind}


def test_every_kind_of_case_has_its_advice():
    assert [kind for kind in explained("Kinds of case") if not repairs.knows(kind)] == []


@pytest.mark.parametrize("folder", ["connectors", "workflows"])
def test_every_folder_has_a_page(folder):
    without = [
        path.parent.name
        for path in (LOCKSTEP / folder).glob("*/__init__.py")
        if not (path.parent / "README.md").exists()
    ]
    assert without == []
