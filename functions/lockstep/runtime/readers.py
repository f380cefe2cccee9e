"""The reading sides of a connector's accounts, each made of its account's secret."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from lockstep.canonical.notices import ResourceNotice
from lockstep.messaging.errors import ConfigurationError
from lockstep.messaging.inbound import Reader
from lockstep.runtime.secrets import Secrets, connection_of
from lockstep.runtime.settings import AccountSettings

MakeReader = Callable[[str, Mapping[str, str], AccountSettings], Reader]
"""Makes the reading side of an account from its name, what opens it, and its settings; opens no connection."""


class Readers:
    """Makes a reader at first use, and a new one when the account's secret has changed."""

    def __init__(self, make: MakeReader, accounts: Mapping[str, AccountSettings], secrets: Secrets) -> None:
        self._make = make
        self._accounts = accounts
        self._secrets = secrets
        self._kept: dict[str, tuple[dict[str, str], Reader]] = {}

    def of(self, account: str) -> Reader:
        """The reader of an account.

        Raises:
            ConfigurationError: There is no such account, or its secret does not open it.
        """
        settings = self._accounts.get(account)
        if settings is None:
            raise ConfigurationError(f"there is no account {account} here")
        connection = connection_of(self._secrets.get(settings.secret))
        kept = self._kept.get(account)
        if kept is None or kept[0] != connection:
            kept = connection, self._make(account, connection, settings)
            self._kept[account] = kept
        return kept[1]

    def fetch(self, account: str, notice: ResourceNotice) -> bytes:
        """A resource of an account, as `Reader.fetch` has it."""
        with self.set_up(account):
            return self.of(account).fetch(notice)

    @contextmanager
    def set_up(self, account: str) -> Iterator[None]:
        """Around making and using a reader: where our set-up is wrong, the repaired secret counts at once."""
        try:
            yield
        except ConfigurationError:
            if account in self._accounts:
                self._secrets.forget(self._accounts[account].secret)
            raise
