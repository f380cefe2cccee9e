"""A simulated shop as a child process."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sandbox.shops.client import ShopControl
from sandbox.shops.shopify import TOKEN_VARIABLE

_ROOT: Final = Path(__file__).resolve().parents[2]
_STOP_TIMEOUT: Final = 5.0


class ShopProcessError(RuntimeError):
    """The shop did not start, or is not running. The message ends with the last lines of its log."""


class SimulatedShop:
    """One run of a simulated shop; use it as a context manager, or call `start` and `stop`.

    It ends by itself when the process that started it is gone.
    """

    def __init__(self, run_dir: Path, *, port: int = 0) -> None:
        """Prepare a run; nothing is started yet.

        Args:
            run_dir: Directory for the log and the journal; made when absent.
            port: TCP port on loopback; 0 for a free one.
        """
        self._run_dir = run_dir
        self._port = port
        self._token = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[str] | None = None
        self._url = ""

    @property
    def log(self) -> Path:
        """One line a request."""
        return self._run_dir / "shop.log"

    @property
    def journal(self) -> Path:
        """A JSON line for each movement."""
        return self._run_dir / "shop.jsonl"

    @property
    def running(self) -> bool:
        """Whether its process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def base_url(self) -> str:
        """Where it listens; opened in a browser, it shows the stock table.

        Raises:
            ShopProcessError: It is not running.
        """
        if not self.running:
            raise ShopProcessError(f"the simulated shop is not running{self._log_tail()}")
        return self._url

    @property
    def secret(self) -> dict[str, str]:
        """The connector account's secret for this shop, good for this run only."""
        return {"base_url": self.base_url, "token": self._token}

    @property
    def control(self) -> ShopControl:
        """Its control side."""
        return ShopControl(self.base_url)

    def start(self, *, again: bool = False) -> Self:
        """Start it and wait until it listens.

        Args:
            again: After `stop`: at the same address, with the stock and the memory of keys it had.

        Raises:
            ShopProcessError: It ended before it listened: the port is taken, say.
        """
        self._run_dir.mkdir(parents=True, exist_ok=True)
        state = self._run_dir / "shop-state.json"
        if not again:
            self.journal.unlink(missing_ok=True)
            state.unlink(missing_ok=True)
        command = [sys.executable, "-m", "sandbox.shops.shopify", "--until-stdin-closes"]
        port = self._url.rpartition(":")[2] if again else str(self._port)
        command += ["--port", port, "--journal", str(self.journal), "--state", str(state)]
        with self.log.open("a" if again else "w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env={**os.environ, TOKEN_VARIABLE: self._token},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C is for the process that started it, which then stops it
            )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            self.stop()
            raise ShopProcessError(f"the simulated shop did not start{self._log_tail()}")
        self._url = json.loads(line)["url"]
        return self

    def stop(self) -> None:
        """End it; no error if it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()

    def __enter__(self) -> Self:
        """Start it."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def _log_tail(self) -> str:
        if not self.log.exists():
            return ""
        return ":\n" + "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
