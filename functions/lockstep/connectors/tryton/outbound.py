"""Books documents in one Tryton database: the Lambda behind its queue."""

from collections.abc import Mapping

from lockstep.connectors.tryton.manifest import MANIFEST
from lockstep.connectors.tryton.target import TrytonTarget
from lockstep.runtime.consumers import document_poster_handler
from lockstep.runtime.settings import AccountSettings


def connect(account: str, secret: Mapping[str, str], settings: AccountSettings) -> TrytonTarget:
    """The database of one account."""
    return TrytonTarget.connect(account, secret, allowed_hosts=settings.allowed_hosts)


handler = document_poster_handler(MANIFEST, connect)
