"""Topics: what a channel's messages are about, in the vendor's own words, which people and files write in many ways."""

from lockstep.messaging.inbound import FETCHED
from lockstep.messaging.specs import Inbound

_ALIKE = str.maketrans("/._: ", "-----")


def plain(words: str) -> str:
    """A topic in the one form in which all ways to write it are equal: `orders-create` of `orders/create`."""
    return words.translate(_ALIKE).casefold()


def declared_topic(inbound: Inbound, words: str) -> str | None:
    """The declared topic that these words mean, or `fetched/<resource>` for a resource that is read; None for neither.

    Args:
        inbound: What is declared.
        words: In the vendor's words, with any of `-`, `/`, `.` and `_` between them, in any case. A resource is also
            meant by its name beside the word resource: `order_resource`, `resource.order`.
    """
    wanted = plain(words)
    meant = {plain(topic): topic for topic in reversed(inbound.topics)}
    for resource in resources(inbound):
        for written in (FETCHED + resource, f"{resource}/resource", f"resource/{resource}"):
            meant.setdefault(plain(written), FETCHED + resource)
    return meant.get(wanted)


def resources(inbound: Inbound) -> tuple[str, ...]:
    """Everything that is read at the vendor: by notice, by catching up, or for history."""
    return tuple(dict.fromkeys((*inbound.reads, *inbound.pages, *(poll.resource for poll in inbound.polls))))
