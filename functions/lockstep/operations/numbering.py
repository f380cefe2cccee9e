"""How a poster numbers an entry's documents: each workflow that feeds it has numbers of its own."""

from lockstep.canonical.streams import StreamId
from lockstep.messaging.posting import MOST_OF_A_WORKFLOW
from lockstep.messaging.topology import Consumer


def first_number(poster: Consumer, stream: str, workflow: str) -> int:
    """The number of the first document that a workflow decides of an entry for a poster."""
    feeders = poster.fed_by(StreamId.parse(stream))
    return feeders.index(workflow) * MOST_OF_A_WORKFLOW if workflow in feeders else 0


def outcome_name(target: str, number: int) -> str:
    """Under which name a poster's outcome of a document stands with its entry."""
    return f"{target}#{number}" if number else target
