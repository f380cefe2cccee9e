"""Channels that nobody plays here: their doors are open all the same, so that their samples can be sent."""

from typing import Final
from urllib.parse import urlsplit

from infra import registry

NOBODY: Final = "http://127.0.0.1:9"
"""Where such a vendor would be read: on this machine, and nobody answers."""


def example_secret(account: str) -> dict[str, str]:
    """The secret of an account whose vendor is not played: the example of the connector's own folder.

    Args:
        account: As in `shop.main`.
    """
    conformance = registry.conformance(account.partition(".")[0])
    connection = {name: _here(value) for name, value in conformance.connection.items()}
    return {**connection, "current": conformance.secrets[0]}


def _here(value: str) -> str:
    """An address with this machine in the place of its host; anything else as it is."""
    return NOBODY + urlsplit(value).path if value.startswith("https://") else value
