"""Secrets from Secrets Manager, kept for a few minutes."""

import json
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from lockstep.messaging.errors import ConfigurationError
from lockstep.messaging.ports import Clock

KEPT_FOR: Final = timedelta(minutes=5)
KEPT_BY_POSTERS: Final = timedelta(minutes=1)
"""Less for what opens a target: a person who has repaired it and resumes the target should not meet the old one."""
REFRESHED_AT_MOST_EVERY: Final = timedelta(seconds=30)


class Secrets:
    """The secrets of connector accounts."""

    def __init__(self, client: Any, clock: Clock, *, kept_for: timedelta = KEPT_FOR) -> None:
        self._client = client
        self._clock = clock
        self._kept_for = kept_for
        self._kept: dict[str, tuple[datetime, dict[str, str]]] = {}

    def get(self, name: str) -> dict[str, str]:
        """A secret's JSON object.

        Raises:
            ConfigurationError: There is none, or it is not a JSON object of texts.
        """
        now = self._clock.now()
        kept = self._kept.get(name)
        if kept is None or now - kept[0] >= self._kept_for:
            kept = (now, self._fetch(name))
            self._kept[name] = kept
        return kept[1]

    def refreshed(self, name: str) -> dict[str, str] | None:
        """The secret as it is now, for a signature that did not fit: it may just have been rotated.

        None when it was fetched a moment ago, so that forgeries cannot make us ask all the time.
        """
        kept = self._kept.get(name)
        if kept is not None and self._clock.now() - kept[0] < REFRESHED_AT_MOST_EVERY:
            return None
        self.forget(name)
        return self.get(name)

    def forget(self, name: str) -> None:
        """Ask for it anew the next time."""
        self._kept.pop(name, None)

    def _fetch(self, name: str) -> dict[str, str]:
        try:
            text = self._client.get_secret_value(SecretId=name)["SecretString"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in {"ResourceNotFoundException", "AccessDeniedException"}:
                raise ConfigurationError(f"secret {name}: {code}") from error
            raise
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            raise ConfigurationError(f"secret {name} is not JSON") from error
        if not isinstance(value, dict) or not all(isinstance(part, str) for part in value.values()):
            raise ConfigurationError(f"secret {name} is not a JSON object of texts")
        return value


SIGNING: Final = frozenset({"current", "previous"})
"""Fields of an account's secret that prove who calls; the others open the vendor's system for reading."""


def connection_of(secret: dict[str, str]) -> dict[str, str]:
    """What opens the vendor's system for reading: a secret without what proves who calls."""
    return {name: value for name, value in secret.items() if name not in SIGNING}


def signing_secrets(secret: dict[str, str]) -> tuple[str, ...]:
    """The secrets that may sign now: the current one, and while it is being replaced the previous one.

    Raises:
        ConfigurationError: There is no current one.
    """
    current = secret.get("current")
    if not current:
        raise ConfigurationError("a signing secret has no `current`")
    previous = secret.get("previous")
    return (current, previous) if previous else (current,)
