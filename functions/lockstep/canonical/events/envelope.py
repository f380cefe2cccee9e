"""The envelope around every event, with CloudEvents names (CloudEvents 1.0, section 3)."""

from abc import abstractmethod
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import AwareDatetime, Field

from lockstep.canonical.identifiers import Code, TransactionId
from lockstep.canonical.model import Canonical
from lockstep.canonical.streams import StreamId, StreamKind, spread

_Key = Annotated[str, Field(min_length=1, max_length=1024)]


class Event(Canonical):
    """The envelope around every event."""

    STREAM_KIND: ClassVar[StreamKind]

    id: _Key
    """`source/type/business key`: the same event has the same id in every delivery."""
    type: str
    """A literal name, `NounPastVerb`."""
    version: Annotated[int, Field(ge=1)] = 1
    """Of the shape of `data`."""
    source: Code
    """The connector account it came from, as in `tills.main`."""
    subject: _Key
    """What its order matters to: documents of one subject never overtake each other."""
    occurred_at: AwareDatetime
    received_at: AwareDatetime
    correlation_id: _Key
    """The business subject, the same through every hop."""
    causation_id: _Key
    """The delivery, or the event, it came from."""
    sequence: Annotated[int, Field(ge=1)] | None = None
    """Its place in its stream; None until it is accepted."""

    @classmethod
    def create(cls, data: Any, *, source: str, received_at: datetime, causation_id: str) -> Self:
        """Put an envelope around data, with the identity that the type prescribes.

        The data is valid as it is, and what the envelope holds besides is made here: neither is checked again, which
        would double what a webhook costs.
        """
        key = cls.business_key(data)
        subject = cls.subject_of(data)
        construct: Any = cls.model_construct  # each type narrows `data`
        event: Self = construct(
            id=f"{source}/{cls.type_name()}/{key}",
            type=cls.type_name(),
            source=source,
            subject=subject,
            occurred_at=data.occurred_at,
            received_at=received_at,
            correlation_id=f"{source}/{cls.business_subject(data)}",
            causation_id=causation_id,
            data=data,
        )
        return event

    @classmethod
    def type_name(cls) -> str:
        """The literal name of this type."""
        return str(cls.model_fields["type"].default)

    @classmethod
    @abstractmethod
    def business_key(cls, data: Any) -> str:
        """What makes it the same event, within its source and type."""

    @classmethod
    def subject_of(cls, data: Any) -> str:
        """What its order matters to: itself, unless it belongs to another."""
        return cls.business_key(data)

    @classmethod
    def business_subject(cls, data: Any) -> str:
        """What a person follows it by, within its source: its subject, unless it is part of something larger."""
        return cls.subject_of(data)

    @abstractmethod
    def lane(self) -> str:
        """What its stream is about, within its source."""

    def stream(self) -> StreamId:
        """The one stream it sits in."""
        return StreamId(self.STREAM_KIND, self.source, self.lane())

    def follows(self) -> tuple[str, ...]:
        """Ids of earlier events it refers to."""
        return ()

    def register(self) -> TransactionId | None:
        """Store, till, business day and number under which a day is proven complete; None where nobody counts."""
        return None


class Snapshot(Event):
    """An event that says how something stands: its data has an `id` and a `version`."""

    data: Any

    @classmethod
    def business_key(cls, data: Any) -> str:
        return f"{data.id}/{data.version}"

    @classmethod
    def subject_of(cls, data: Any) -> str:
        return str(data.id)

    def lane(self) -> str:
        return spread(self.subject)
