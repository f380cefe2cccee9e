"""Rewrites the golden half of POSLog's fixture pairs: what each document is translated to.

`python -m tools.golden`. Read the difference before you commit it: a golden file says what is right, so it is changed
only when the translation was wrong or learned something.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from lockstep.connectors.poslog.connector import PoslogConnector
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery
from tools.generate import ROOT

FIXTURES: Final = ROOT / "functions/lockstep/connectors/poslog/fixtures"


def translated(document: Path) -> dict[str, Any]:
    """What a fixture is translated to, or why it is refused."""
    delivery = Delivery(
        account="poslog.main",
        delivery_id=f"msg_{document.stem}",
        body=document.read_bytes(),
        received_at=datetime(2026, 11, 23, 20, 0, tzinfo=UTC),
    )
    try:
        translation = PoslogConnector().translate(delivery)
    except MessageMalformed as error:
        return {"refused": str(error)}
    return {
        "events": [event.model_dump(mode="json") for event in translation.events],
        "ignored": list(translation.ignored),
    }


def documents() -> Iterator[Path]:
    """Every POSLog fixture."""
    return iter(sorted(FIXTURES.rglob("*.xml")))


def main() -> None:
    """Write the golden file beside each fixture."""
    for document in documents():
        text = json.dumps(translated(document), indent=2, ensure_ascii=False) + "\n"
        document.with_suffix(".json").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
