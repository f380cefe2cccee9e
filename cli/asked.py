"""What a person asked to be done about cases, and the record of it."""

from dataclasses import dataclass

from cli.environment import Deployed
from lockstep.operations.actions import Action, note_action
from lockstep.operations.cases import Case


@dataclass(frozen=True)
class Asked:
    """What a person asked for, of which cases."""

    deployed: Deployed
    cases: tuple[Case, ...]
    by: str
    reason: str

    @property
    def named(self) -> str:
        """The case, or how many."""
        return self.cases[0].case if len(self.cases) == 1 else f"{len(self.cases)} cases"

    def note(self, what: str, result: str) -> None:
        """Keep who did it."""
        for case in self.cases:
            action = Action(self.deployed.clock.now(), self.by, what, case.case, self.reason, result)
            note_action(self.deployed.ledger, self.deployed.random, action)
