"""What each answer of Tryton means: the one table from status and error name to the error tree.

Over JSON-RPC Tryton answers 200 to a failure of its own rules and names the failure in the body; any other status
comes from its dispatcher, its web server, or something in between (trytond 8.2, wsgi.py and protocols/dispatcher.py).
A transaction that fails is rolled back whole, so only an answer that may not be Tryton's own leaves a doubt.
"""

from datetime import timedelta
from typing import Final

from lockstep.messaging.errors import (
    ConcurrentUpdate,
    ConfigurationError,
    DocumentRejected,
    EndpointTimeout,
    EndpointUnavailable,
    IntegrationError,
    OutcomeUnknown,
    RateLimited,
)

STATUS: Final[dict[int, type[IntegrationError]]] = {
    400: DocumentRejected,  # a rule of the ERP's, where the failure is not named in the body
    401: ConfigurationError,  # after signing in anew
    403: ConfigurationError,  # the user may not, or the method is not open to the API
    404: ConfigurationError,  # no such database or model
    405: ConfigurationError,
    408: EndpointTimeout,
    409: DocumentRejected,  # a warning that a person has to confirm
    413: ConfigurationError,  # the batch is larger than the server's `max_size_authenticated`
    423: ConcurrentUpdate,  # the record was changed since it was read
    429: RateLimited,
    500: EndpointUnavailable,
    502: OutcomeUnknown,  # a proxy lost the connection: the call may have been carried out
    503: EndpointUnavailable,  # "could not obtain lock": rolled back, also when many post at once on PostgreSQL
    504: OutcomeUnknown,  # a proxy's patience ended, or the server's own `request.timeout`
}
"""By HTTP status. An unknown outcome of a call that changes nothing is only a timeout."""

NAMED: Final[dict[str, type[IntegrationError]]] = {
    "UserError": DocumentRejected,
    "UserWarning": DocumentRejected,
    "ConcurrencyException": ConcurrentUpdate,
    "LoginException": ConfigurationError,
}
"""By the name in the body. A name not listed is a failure inside the ERP that this document set off."""

_FIRST_SERVER_ERROR: Final = 500


def of_status(status: int, words: str, *, changes: bool, retry_after: timedelta | None = None) -> IntegrationError:
    """The error for an answer other than 200.

    Args:
        status: HTTP status.
        words: What was said, shortened.
        changes: Whether the call was to change something.
        retry_after: How long it asked to wait, if it said.
    """
    fallback = EndpointUnavailable if status >= _FIRST_SERVER_ERROR else ConfigurationError
    kind = STATUS.get(status, fallback)
    message = f"the ERP answered {status}: {words}"
    if kind is RateLimited:
        return RateLimited(message, retry_after)
    if kind is OutcomeUnknown and not changes:
        return EndpointTimeout(message)
    return kind(message)


def of_named(name: str, words: str, *, changes: bool) -> IntegrationError:
    """The error for a failure that Tryton names in the body of a 200.

    Args:
        name: As Tryton names it; the exception's own text where it has no name.
        words: What was said, shortened.
        changes: Whether the call was to change something. One that only reads is never refused for what a document
            says: it is refused for the user's rights, or for a model or field that is not there.
    """
    kind = NAMED.get(name)
    if kind is None:
        failed = f"the ERP failed: {name}"
        return DocumentRejected(failed) if changes else EndpointUnavailable(failed)
    if kind is DocumentRejected and not changes:
        kind = ConfigurationError
    return kind(f"the ERP says: {words}")
