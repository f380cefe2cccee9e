"""A story that breaks a promise, shortened: still the same promise, and told again by its options."""

import pytest

from simulation.chance import Kept
from simulation.shrinking import kept_of, options_of, shrink
from simulation.story import simulate, tell
from simulation.watch import Broken
from tests.simulation.planted_faults import FAULTS

UNANSWERED = "an unanswered call is not looked up"


def a_seed_that_breaks() -> int:
    for seed in range(200):
        try:
            simulate(seed)
        except Broken:
            return seed
    pytest.fail("no seed breaks a promise")


def test_a_story_is_shortened_and_its_options_tell_it_again() -> None:
    with FAULTS[UNANSWERED]():
        seed = a_seed_that_breaks()
        whole = tell(seed)
        short = shrink(seed)
        words = " ".join(options_of(short.kept)).split()
        options = dict(zip(words[::2], words[1::2], strict=True))
        tills, sales = (int(options[name]) if name in options else None for name in ("--tills", "--sales"))
        again = tell(seed, kept=kept_of(tills, sales, options["--rounds"], options["--faults"]))

    assert whole.violation
    assert short.broken.promise == whole.violation.promise
    assert len(short.trace) < len(whole.world.told)
    assert len(short.kept.rounds or ()) < whole.rounds / 2
    assert len(short.kept.faults or ()) < len(whole.world.dice.struck) / 2
    assert again.violation
    assert again.violation.what == short.broken.what
    assert again.world.told == list(short.trace)


def test_it_stops_at_the_tries_that_it_may_spend() -> None:
    with FAULTS[UNANSWERED]():
        short = shrink(a_seed_that_breaks(), most_tries=5)

    assert short.tries == 5


def test_a_story_that_breaks_nothing_is_not_shortened() -> None:
    with pytest.raises(ValueError, match="no promise"):
        shrink(7)


def test_a_defect_is_a_violation() -> None:
    class Careless(Exception):
        pass

    def trips(*_: object) -> None:
        raise Careless("over its own feet")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lockstep.messaging.posting.DocumentPoster._go_on", trips)
        told = tell(1)

    assert told.violation
    assert told.violation.promise == "no_defect"
    assert "over its own feet" in told.violation.what


@pytest.mark.parametrize(
    "kept",
    [
        Kept(),
        Kept(tills=1, sales=2, rounds=frozenset({1, 2, 3, 9}), faults=frozenset({"bell-lost@3.0", "slow@calm-1.2"})),
        Kept(rounds=frozenset(), faults=frozenset()),
    ],
)
def test_options_say_what_is_kept(kept: Kept) -> None:
    options = dict(option.split() for option in options_of(kept))
    tills, sales = (int(options[name]) if name in options else None for name in ("--tills", "--sales"))

    assert kept_of(tills, sales, options.get("--rounds"), options.get("--faults")) == kept


def test_rounds_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="range"):
        kept_of(None, None, "3-", None)
