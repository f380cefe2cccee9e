"""`make run`: bring the whole world up on this machine, play the main job, check it, tell it, and stay up.

Exit code 0: everything held (or it was ended while it stayed up); 1: something did not, or could not be started;
2: this machine lacks something, or the arguments are wrong; 130: ended in the middle.

What needs more than the standard library is imported once the preflight has found it there.
"""
# ruff: noqa: PLC0415

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from sandbox import preflight

if TYPE_CHECKING:
    from rich.console import Console

    from sandbox.scenario.account import Account
    from sandbox.stack import Stack

_NOT_READY = 2
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the exit code."""
    options = _options(arguments)
    return guarded(lambda: _run(options))


def up(run_dir: Path | None = None, *, as_json: bool = False) -> int:
    """Bring the stack up without the scenario, and stay until Ctrl-C or SIGTERM; the exit code.

    Args:
        run_dir: For its logs and databases; the checkout's own when left out. Two at a time need two.
        as_json: Say where everything is as one JSON object on standard output, once it is there.
    """
    return guarded(lambda: _up(run_dir, as_json=as_json))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.run",
        description="Bring the whole world up on this machine, play the main job, check it, and stay up.",
    )
    parser.add_argument(
        "--once", action="store_true", help="end after the scenario; the exit code says whether it held"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the account of the scenario as JSON, too")
    parser.add_argument(
        "--chaos", action="store_true", help="kill workers and the ERP in the middle of the outage: nothing may change"
    )
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace) -> int:
    from sandbox.progress import Progress, console
    from sandbox.scenario.play import play
    from sandbox.scenario.report import print_account, print_step
    from sandbox.scenario.world import Options, World
    from sandbox.stack import Stack

    out = console()
    progress = Progress()
    stack = Stack(progress=progress.tell)
    with ended(stack):
        with progress:
            stack.up()
        up_after = progress.elapsed
        with Progress(lasting=False) as playing:
            world = World(stack, Options(chaos=options.chaos), playing.tell)
            account = play(world, up_after=up_after, on_step=lambda step: playing.aside(lambda: print_step(out, step)))
        print_account(out, account)
        if options.json:
            _write(account, options.json)
        if not options.once:
            _stay(stack, out)
    return 0 if account.ok else 1


def _up(run_dir: Path | None, *, as_json: bool) -> int:
    from sandbox.progress import Progress, console
    from sandbox.stack import RUN, Stack

    progress = Progress()
    stack = Stack(run_dir=run_dir or RUN, progress=progress.tell)
    with ended(stack):
        with progress:
            stack.up()
        if as_json:
            where = {**asdict(stack.addresses), "region": stack.endpoint.region, "logs": str(stack.run_dir)}
            print(json.dumps(where, indent=2), flush=True)
            _wait()
        else:
            _stay(stack, console())
    return 0


@contextmanager
def ended(stack: "Stack") -> Iterator[None]:
    """End the stack afterwards, whatever happens."""
    try:
        yield
    finally:
        print("ending: functions, shop, ERP", file=sys.stderr)
        stack.down()


def _stay(stack: "Stack", out: "Console") -> None:
    """Say where everything is, and wait for Ctrl-C."""
    from sandbox.scenario.report import print_addresses

    print_addresses(out, stack)
    _wait()


def _wait() -> None:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return


def _write(account: "Account", file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(account.model_dump_json(by_alias=True, indent=2) + "\n", encoding="utf-8")


def guarded(run: Callable[[], int]) -> int:
    """Check this machine, then run; what is known to go wrong is told in words, and nothing is left behind."""
    try:
        preflight.check()
    except preflight.NotReady as lacking:
        print(f"not ready: {lacking}", file=sys.stderr)
        return _NOT_READY
    from sandbox.aws.deploy import DeploymentError
    from sandbox.aws.environment import SandboxSetupError
    from sandbox.aws.server import ServerError
    from sandbox.erp.server import ErpError
    from sandbox.shops.process import ShopProcessError
    from sandbox.stack import StackError

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return run()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (DeploymentError, ErpError, SandboxSetupError, ServerError, ShopProcessError, StackError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _interrupt(number: int, frame: FrameType | None) -> None:
    """The first signal ends the run; others must not keep it from ending everything it started."""
    del number, frame
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
