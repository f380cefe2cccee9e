"""`make torture`: the stack of `make run` under fire, held to the promises of the simulation.

Exit code 0: every promise was kept and every day certified, in every pass; 1: one was broken, or something could not be
started; 2: this machine lacks something, or the arguments are wrong; 130: ended in the middle.

What needs more than the standard library is imported once the preflight has found it there.
"""
# ruff: noqa: PLC0415

import argparse
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.run import ended, guarded

if TYPE_CHECKING:
    from sandbox.torture.account import Account

_FUNCTION_TIMEOUT: Final = timedelta(seconds=20)
"""Of the consumers, less than deployed: a lane waits for the lease of a poster that was killed as long as that might
have run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the exit code."""
    options = _options(arguments)
    return guarded(lambda: _run(options))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make torture",
        description="Bring the stack up, let tills work while everything fails, and hold it to its promises.",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the first pass's script; the next has the next")
    parser.add_argument("--minutes", type=_minutes, default=1.25, metavar="M", help="of chaos in each pass")
    parser.add_argument("--passes", type=_passes, default=1, metavar="N", help="on the same stack, one after the other")
    parser.add_argument(
        "--json",
        metavar="FILE",
        nargs="?",
        const="-",
        help="the account as JSON, to standard output without FILE",
    )
    return parser.parse_args(arguments)


def _minutes(text: str) -> float:
    minutes = float(text)
    if not minutes > 0:
        raise ValueError(text)
    return minutes


def _passes(text: str) -> int:
    passes = int(text)
    if passes < 1:
        raise ValueError(text)
    return passes


def _run(options: argparse.Namespace) -> int:
    from sandbox.progress import Progress, console
    from sandbox.stack import STATE, Stack
    from sandbox.torture.account import Account
    from sandbox.torture.play import Torture
    from sandbox.torture.report import print_account, print_pass
    from sandbox.torture.script import CONSUMERS

    out = console(stderr=options.json == "-")
    progress = Progress()
    stack = Stack(
        run_dir=STATE / "run" / "torture",
        progress=progress.tell,
        function_timeouts=dict.fromkeys(CONSUMERS, _FUNCTION_TIMEOUT),
    )
    with ended(stack):
        with progress:
            stack.up()
        passes = []
        with Progress(lasting=False) as playing:
            torture = Torture(stack, playing.tell)
            for number in range(1, options.passes + 1):
                one = torture.play(number, options.seed + number - 1, options.minutes * 60)
                passes.append(one)
                playing.aside(lambda one=one: print_pass(out, one))  # type: ignore[misc]
    ok = all(one.ok for one in passes)
    account = Account(ok=ok, elapsed_s=round(progress.elapsed, 1), passes=tuple(passes))
    print_account(out, account)
    if options.json:
        _write(account, options.json)
    return 0 if account.ok else 1


def _write(account: "Account", file: str) -> None:
    text = account.model_dump_json(by_alias=True, indent=2) + "\n"
    if file == "-":
        sys.stdout.write(text)
        return
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
