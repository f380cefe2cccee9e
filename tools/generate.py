"""Generates what is committed and derived: JSON Schemas of the canonical events, sample webhooks, reference pages.

`python -m tools.generate` writes the files; `python -m tools.generate --check` writes nothing and fails when a file
differs from what would be written, is missing, or is no longer derived from anything. The same sources give the same
bytes.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lockstep.canonical.events import EVENTS
from tools import reference

ROOT: Final = Path(__file__).resolve().parent.parent
_SCHEMAS: Final = "events/schemas"
_SAMPLES: Final = "events/apigateway"
_FIXTURES: Final = "functions/lockstep/connectors/poslog/fixtures"
_CASES: Final = (
    "sale",
    "sale_last_units",
    "split_tender_change",
    "discounts",
    "return_linked",
    "exchange",
    "post_void",
    "refund_without_goods",
    "many",
    "unbalanced",
    "inventory",
    "ignored",
)
"""POSLog fixtures that speak of the demo retailer, so that the sandbox can take them."""
_REFUSED: Final = ("no_sequence_number", "doctype_billion_laughs")


def derived(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Path, relative to the root, and text of every derived file."""
    for event in EVENTS:
        version = event.model_fields["version"].default
        name = f"{event.type_name()}.v{version}"
        schema = event.model_json_schema(mode="serialization")
        head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{name}.json"}
        yield f"{_SCHEMAS}/{name}.json", _text({**head, **schema})
    for case in (*_CASES, *(f"refused/{case}" for case in _REFUSED)):
        body = (root / _FIXTURES / f"{case}.xml").read_text(encoding="utf-8")
        yield f"{_SAMPLES}/poslog.{Path(case).name}.json", _text(webhook("poslog", "main", body))
    yield from reference.pages(root)


def webhook(system: str, account: str, body: str) -> dict[str, Any]:
    """An HTTP API request in payload format 2.0, as a Lambda function gets it, without the headers of a signature.

    Whoever sends it signs it then: a signature holds for minutes only.
    """
    path = f"/webhooks/{system}/{account}"
    return {
        "version": "2.0",
        "routeKey": f"POST /webhooks/{system}/{{account}}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-length": str(len(body.encode())),
            "content-type": "application/xml; charset=utf-8",
            "host": "api.example.com",
            "user-agent": "till/1.0",
            "x-forwarded-for": "192.0.2.10",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "pathParameters": {"account": account},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {
                "method": "POST",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.10",
                "userAgent": "till/1.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": f"POST /webhooks/{system}/{{account}}",
            "stage": "$default",
            "time": "23/Nov/2026:15:04:10 +0000",
            "timeEpoch": 1795446250000,
        },
        "body": body,
        "isBase64Encoded": False,
    }


def drift(root: Path = ROOT) -> list[str]:
    """What a check complains about; empty when all is as derived."""
    expected = dict(derived(root))
    found = {str(path.relative_to(root)) for path in _owned(root)}
    stale = [f"{name} is derived from nothing" for name in sorted(found - expected.keys())]
    different = [
        f"{name} is {'out of date' if name in found else 'missing'}"
        for name, text in expected.items()
        if name not in found or (root / name).read_text(encoding="utf-8") != text
    ]
    return [*different, *stale]


def write(root: Path = ROOT) -> None:
    """Write every derived file and remove those derived from nothing."""
    expected = dict(derived(root))
    for path in _owned(root):
        if str(path.relative_to(root)) not in expected:
            path.unlink()
    for name, text in expected.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _owned(root: Path) -> Iterator[Path]:
    yield from (root / _SCHEMAS).glob("*.json")
    yield from (root / _SAMPLES).glob("poslog.*.json")
    yield from (root / reference.PAGES).glob("*.md")
    yield from (root / reference.RUNBOOKS).glob("README.md")


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 1 when a check finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description="Generates what is derived.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file would change")
    if not parser.parse_args(arguments).check:
        write()
        return 0
    complaints = drift()
    for complaint in complaints:
        sys.stderr.write(f"{complaint}\n")
    if complaints:
        sys.stderr.write("run: python -m tools.generate\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
