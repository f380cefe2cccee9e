"""(c) What cannot be trusted or read is refused at the door, and nothing of it is stored."""

import json
from typing import Final

from sandbox.retailer import HARBOUR
from sandbox.scenario.recorder import Recorder
from sandbox.scenario.world import World
from sandbox.till import Item

_LARGEST: Final = 4_000_000
"""Bytes that the POSLog door takes, as its manifest says."""


def play(world: World, record: Recorder) -> None:
    """Play it."""
    ticket = world.till(HARBOUR, "T1").sale([Item("MUG-ENAMEL")])
    filler = b"<!--" + b"x" * _LARGEST + b"-->"
    attempts = (
        ("a forged signature", 401, ticket.body, True),
        ("broken XML", 400, ticket.body[: len(ticket.body) // 2], False),
        ("an oversized body", 413, ticket.body + filler, False),
    )
    world.progress("(c) three messages that must not come in")
    stored, heads = world.stored(), world.heads()
    rows, ids = [], []
    for name, expected, body, forged in attempts:
        ids.append(world.delivery_id())
        answer = world.line.send(body, ids[-1], forged=forged)
        record.equal(f"{name} is answered with {expected}", expected, answer.status)
        rows.append((name, f"{len(body):,} bytes", answer.status, json.loads(answer.body)["error"]))
    record.tell("Refused before anything is committed: the sender hears what to change, the ledger hears nothing.")
    record.table("What the door said", ("message", "size", "answer", "words"), rows)
    record.equal("no delivery of theirs is in the ledger", 0, sum(map(world.delivered, ids)))
    record.equal("deliveries, identities and entries stored since", 0, world.stored() - stored)
    record.equal("no till's stream grew", heads, world.heads())
