"""The account of a torture: what was done, what was broken, what was held. Written as JSON, and rendered for people."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA: Final = "lockstep.sandbox.torture/1"
"""Changes when a field changes its name or meaning."""


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kept(_Told):
    """One promise, and what breaks it."""

    promise: str
    violations: tuple[str, ...] = ()


class Certificate(_Told):
    """What `lockstep reconcile` said of one business day."""

    day: str
    exit_code: int
    transactions: int
    fates: dict[str, int]
    """Transactions by what became of them."""
    findings: tuple[str, ...] = ()


class Pass(_Told):
    """One pass."""

    number: int
    seed: int
    chaos_s: float
    """How long things went wrong."""
    calm_s: float
    """From the last strike until every lane was level."""
    closed: dict[str, int]
    """Numbers of the tills, by what they were used for."""
    sent: dict[str, int]
    """Deliveries, by the way they were sent."""
    requests: int
    slowest_answer_s: float
    faults: dict[str, int]
    """What went wrong, by kind."""
    dead_letters_redriven: int
    lanes_started: int
    """That stood for one of them."""
    lanes_started_without: int
    """That stood for a dead letter that was gone."""
    held: int
    """Transactions that wait for an open case in the end, as they must."""
    kept: tuple[Kept, ...]
    """Held against everything on the stack: this pass's transactions and those of the passes before."""
    certificates: tuple[Certificate, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every promise was kept, and every day certified."""
        promises = all(not kept.violations for kept in self.kept)
        return promises and all(certificate.exit_code == 0 for certificate in self.certificates)


class Account(_Told):
    """All passes on one stack."""

    schema_: Literal["lockstep.sandbox.torture/1"] = Field(default=SCHEMA, alias="schema", serialization_alias="schema")
    ok: bool
    elapsed_s: float
    passes: tuple[Pass, ...]
