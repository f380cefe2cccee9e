"""Alarms name the page that tells what to do about them."""

from typing import Final

FOLDER: Final = "docs/runbooks/alarms"


def see(page: str) -> str:
    """The end of an alarm's description.

    Args:
        page: Name of the page in `docs/runbooks/alarms/`, without its suffix.
    """
    return f" Runbook: {FOLDER}/{page}.md"
