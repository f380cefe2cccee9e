"""The account of a run: what was played, checked and measured. Written as JSON, and rendered for people."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA: Final = "lockstep.sandbox.account/1"
"""Changes when a field changes its name or meaning."""

Seconds = Annotated[float, Field(ge=0)]
Figure = str | int | float | bool | None


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Check(_Told):
    """One explicit assertion."""

    name: str
    """What must be so, as a sentence."""
    expected: str
    seen: str
    ok: bool
    look: str = ""
    """Where to look when it is not so."""


class Hop(_Told):
    """One hop of a sale on its way."""

    hop: str
    what: str
    """What stands there afterwards."""
    after: Seconds
    """Since the till sent it."""
    source: str
    """Whose clock and record say so."""


class Row(_Told):
    """A line of a table that a step shows."""

    cells: tuple[str, ...]


class Table(_Told):
    """Something a step saw, as a table."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


class Step(_Told):
    """One step of the scenario."""

    key: str
    """The letter people call it by."""
    title: str
    story: str
    """What happened, in a sentence or two."""
    elapsed: Seconds
    checks: tuple[Check, ...] = ()
    hops: tuple[Hop, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: dict[str, Figure] = Field(default_factory=dict)
    """What was measured, with its unit in the name; for scripts."""

    @property
    def ok(self) -> bool:
        """Whether every check held."""
        return all(check.ok for check in self.checks)


class Account(_Told):
    """One run."""

    schema_: Literal["lockstep.sandbox.account/1"] = Field(default=SCHEMA, alias="schema", serialization_alias="schema")
    started_at: datetime
    chaos: bool
    """Whether workers and the ERP were killed in the middle."""
    up_after: Seconds
    """From the first step of bringing the stack up until it was level; 0 when it was up already."""
    elapsed: Seconds
    """Of the scenario."""
    ok: bool
    steps: tuple[Step, ...]
