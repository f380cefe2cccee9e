"""`lockstep connectors`."""

import typer

from cli.conformance import Conformance, conformance, in_words
from cli.output import print_json, results, table, told
from cli.session import JsonOption, session_of
from infra import registry

_MOST_TOPICS = 6


def connectors(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Show what comes in, how it is proven, and against what. Needs no stack.

    For each connector that receives: its topics, how its sender proves who it is, what a repeated delivery and a
    repeated event are known by, what the vendor promises, what all of that was proven against, and on how many
    messages: its own fixtures, and messages of the vendor's.
    """
    del as_json
    found = conformance(registry.connectors().values())
    if session_of(context).json:
        print_json({"connectors": found})
        return
    shown = table("connector", "topics", "signature", "known again by", "delivery", "proven against", "messages")
    for one in found:
        shown.add_row(*(told(text) for text in _row(one)))
    results().print(shown)


def _row(one: Conformance) -> tuple[str, ...]:
    more = len(one.topics) - _MOST_TOPICS
    topics = ", ".join(one.topics[:_MOST_TOPICS]) + (f" and {more} more" if more > 0 else "")
    signature = one.signature + ("" if one.signature_proven else " (not proven)")
    proven = "; ".join(f"{evidence}: {what}" for evidence, what in one.proven_against)
    messages = f"{one.own_messages} own; real: {in_words(one.real_messages)}"
    known = f"{one.delivery_id}; event: {one.event_identity}"
    return one.connector, topics, signature, known, one.delivery_promise, proven, messages
