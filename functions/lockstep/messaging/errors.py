"""The one error tree, named by what to do next, and the one table that decides.

    IntegrationError
      ConfigurationError         our set-up is wrong                   stop the target, page
      SenderError                the caller must change                4xx, nothing stored
        SignatureInvalid, MessageExpired, MessageMalformed, PayloadTooLarge
      ContentError               genuine, but cannot be used as is     park the subject, open a case
        ReferenceUnknown, TotalsUnbalanced, TaxCodeInvalid
      EndpointError              the other system
        TransientEndpointError   try later                             the lane waits
          EndpointUnavailable, EndpointTimeout, RateLimited
        PermanentEndpointError   will never accept this                park the subject, open a case
          DocumentRejected, PeriodClosed
        OutcomeUnknown           sent, no answer                       look it up before sending again
      SequencingError            not yet
        PredecessorMissing       park the subject, open a case
        ConcurrentUpdate         read again and retry at once
    anything else                a defect                              retry, then the dead-letter queue, page

Not errors: a duplicate, an ignored topic, a business outcome.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class IntegrationError(Exception):
    """Base of every failure that Lockstep foresees."""


class ConfigurationError(IntegrationError):
    """Our own set-up is wrong: nothing will work until a person changes it."""


class SenderError(IntegrationError):
    """The caller must change the message; nothing of it was stored."""

    status = 400


class SignatureInvalid(SenderError):
    """The message does not prove who sent it."""

    status = 401


class MessageExpired(SenderError):
    """The signed time is too far from now: a replay, or a clock that is off."""

    status = 401


class MessageMalformed(SenderError):
    """The body cannot be read, or what money or identity needs is missing; says which field."""

    status = 400


class PayloadTooLarge(SenderError):
    """The body is larger than the route takes."""

    status = 413


@dataclass(frozen=True, slots=True)
class CaseKey:
    """Root cause of an exception: one case a key, however many subjects wait on it."""

    kind: str
    """As in the glossary: unmapped_reference, unmatched_tender, invalid_tax_code, document_rejected ..."""
    reference: str
    """What exactly, as in `item/tills.main/04006381333931`."""

    def __str__(self) -> str:
        return f"{self.kind}/{self.reference}"


class BusinessError(IntegrationError):
    """A failure that retrying cannot mend and a person can: it becomes cases.

    Not raised itself: its subclasses stand in three branches of the tree and share this behaviour.
    """

    def __init__(self, message: str, *cases: CaseKey) -> None:
        """Args:
        message: What is wrong, for a person, without personal data.
        cases: One key for each root cause; every one must be repaired before the subject can go on.
        """
        super().__init__(message)
        self.cases = cases


class ContentError(BusinessError):
    """Genuine, but cannot be used as it is."""


class ReferenceUnknown(ContentError):
    """One or more identifiers have no counterpart in the crosswalk."""


class TotalsUnbalanced(ContentError):
    """Lines, taxes, charges and discounts do not add up to the tenders."""


class TaxCodeInvalid(ContentError):
    """A tax code that the ledger does not know or does not allow."""


class EndpointError(IntegrationError):
    """The other system."""


class TransientEndpointError(EndpointError):
    """Try later: the same message can work."""


class EndpointUnavailable(TransientEndpointError):
    """Refused, unreachable, or 5xx before anything was done."""


class EndpointTimeout(TransientEndpointError):
    """No answer in time to a call that changes nothing."""


class RateLimited(TransientEndpointError):
    """The endpoint asks for patience."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        """Args:
        message: What was said.
        retry_after: How long the endpoint asked to wait, if it said.
        """
        super().__init__(message)
        self.retry_after = retry_after


class PermanentEndpointError(EndpointError, BusinessError):
    """The endpoint will never accept this as it is."""


class DocumentRejected(PermanentEndpointError):
    """Refused for what it says."""


class PeriodClosed(PermanentEndpointError):
    """Refused for the date it is to be booked on."""


class OutcomeUnknown(EndpointError):
    """A call that changes something was sent and no answer came: look it up by key before sending it again."""


class SequencingError(IntegrationError):
    """Not yet."""


class PredecessorMissing(SequencingError, BusinessError):
    """It refers to something that has not arrived."""


class ConcurrentUpdate(SequencingError):
    """Somebody else wrote between our read and our write."""


class Action(StrEnum):
    """What is done about a failure."""

    STOP_TARGET = "stop target"
    REFUSE = "refuse"
    PARK = "park"
    WAIT = "wait"
    LOOK_UP = "look up"
    RETRY_NOW = "retry now"
    DEAD_LETTER = "dead letter"


@dataclass(frozen=True, slots=True)
class Disposition:
    """What follows from a failure.

    Attributes:
        action: What is done.
        trips_breaker: Whether it counts against the target account.
        pages: Whether a person is called at once.
    """

    action: Action
    trips_breaker: bool = False
    pages: bool = False


DISPOSITIONS: tuple[tuple[type[BaseException], Disposition], ...] = (
    (ConfigurationError, Disposition(Action.STOP_TARGET, pages=True)),
    (SenderError, Disposition(Action.REFUSE)),
    (BusinessError, Disposition(Action.PARK)),
    (RateLimited, Disposition(Action.WAIT)),
    (TransientEndpointError, Disposition(Action.WAIT, trips_breaker=True)),
    (OutcomeUnknown, Disposition(Action.LOOK_UP, trips_breaker=True)),
    (ConcurrentUpdate, Disposition(Action.RETRY_NOW)),
    (Exception, Disposition(Action.DEAD_LETTER, pages=True)),
)
"""First match decides. Sender errors never get past the door, the rest never reach the sender."""


def disposition_of(error: BaseException) -> Disposition:
    """What the table says about this failure."""
    return next(disposition for kind, disposition in DISPOSITIONS if isinstance(error, kind))
