"""`lockstep connectors`."""

from collections.abc import Iterator

import typer

from cli.conformance import Conformance, conformance, in_words
from cli.output import print_json, results, table, told
from cli.session import JsonOption, session_of
from infra import registry


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
    console = results()
    for one in found:
        console.print(told(f"{one.connector}  {one.title}", "bold"))
        shown = table("", "")
        shown.show_header = False
        for name, text in _rows(one):
            shown.add_row(told(f"  {name}", "dim"), told(text))
        console.print(shown)
        console.print()


def _rows(one: Conformance) -> Iterator[tuple[str, str]]:
    yield "topics", f"{', '.join(one.topics)}"
    if one.reads:
        yield "reads", ", ".join(one.reads)
    yield "signature", one.signature + ("" if one.signature_proven else " (not proven)")
    yield "known again by", f"{one.delivery_id}; an event by {one.event_identity}"
    caught = f"; catches up by {', '.join(one.catches_up)}" if one.catches_up else ""
    yield "delivery", one.delivery_promise + caught
    for evidence, what in one.proven_against:
        yield "proven against", f"{evidence}: {what}"
    yield "messages", f"{one.own_messages} own; real: {in_words(one.real_messages)}"
