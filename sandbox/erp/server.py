"""The ERP as a child process: Tryton on SQLite, on loopback, that can be stopped, killed, started again and reset."""

import http.client
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sandbox.erp import environment, template
from sandbox.erp.template import ErpFacts, Template

HOST: Final = "127.0.0.1"
DATABASE: Final = "erp"
STATE: Final = environment.ROOT / ".sandbox"
START_TIMEOUT: Final = 60.0
STOP_TIMEOUT: Final = 10.0
_POLL: Final = 0.05
_SERVE: Final = Path(__file__).with_name("_serve.py")
_CONFIGURATION: Final = """\
[database]
uri = sqlite://
path = {directory}
[web]
listen = {host}:{port}
"""


class ErpError(RuntimeError):
    """The ERP did not start, or is not running. The message ends with the last lines of its log."""


class TrytonErp:
    """One ERP with one database; `prepare`, then `start` and `stop`, or use it as a context manager.

    The address stays the same over stop, kill, reset and start, as an integration's settings do.
    """

    def __init__(self, *, run_dir: Path = STATE / "run", state: Path = STATE, port: int | None = None) -> None:
        """Nothing is made yet.

        Args:
            run_dir: Directory for the database in use and the log. Two ERPs at a time need two.
            state: Directory that holds `venvs` and `cache`.
            port: TCP port on loopback; a free one when not given.
        """
        self._run_dir = run_dir.resolve()
        self._state = state
        self._port = port
        self._template: Template | None = None
        self._python: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self, progress: Callable[[str], None] = lambda _step: None) -> ErpFacts:
        """Make everything that takes long, unless it is made: the environment and the template database.

        Args:
            progress: Told each step in a few words.

        Raises:
            SandboxSetupError: Something could not be made; the message says what.
        """
        progress("environment")
        self._python = environment.prepare(self._state / "venvs")
        self._template = template.prepare(self._python, self._state / "cache", progress)
        return self._template.facts

    @property
    def facts(self) -> ErpFacts:
        """The numbers of its records and how to sign in.

        Raises:
            ErpError: It has not been prepared.
        """
        return self._prepared.facts

    @property
    def url(self) -> str:
        """Root of its API, without a slash at the end; the first call fixes the port."""
        self._port = self._port or _free_port()
        return f"http://{HOST}:{self._port}"

    @property
    def database(self) -> str:
        """Name of the database, the first part of every path of the API."""
        return DATABASE

    @property
    def log(self) -> Path:
        """What it prints, over all its starts."""
        return self._run_dir / "erp.log"

    @property
    def running(self) -> bool:
        """Whether its process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def healthy(self) -> bool:
        """Whether it answers from its database.

        Raises:
            ErpError: It has not been prepared.
        """
        key = self.facts.bearer_key
        if self._port is None:
            return False
        connection = http.client.HTTPConnection(HOST, self._port, timeout=2)
        try:
            path = f"/{DATABASE}/rest/model/company.company/{self.facts.company}?f=id"
            connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    def start(self, *, within: float = START_TIMEOUT) -> None:
        """Start it on the database it had before, or on a copy of the template, and return once it answers.

        Args:
            within: Seconds it may take.

        Raises:
            ErpError: It is running already, has not been prepared, or did not answer in time.
        """
        if self.running:
            raise ErpError("the ERP is already running")
        if not self._file.exists():
            self._copy_template()
        configuration = self._run_dir / "erp.conf"
        _ = self.url
        configuration.write_text(
            _CONFIGURATION.format(directory=self._file.parent, host=HOST, port=self._port), encoding="utf-8"
        )
        assert self._python is not None  # prepared, or there would be no template to copy
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._python, _SERVE, "--config", configuration, "--database", DATABASE],
                env=template.erp_process_environment(),
                stdin=subprocess.PIPE,  # held open: it leaves when this closes
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_ready(within=within)

    def wait_ready(self, *, within: float = START_TIMEOUT) -> None:
        """Return once it answers.

        Raises:
            ErpError: It is not running, ended, or did not answer in time (it is then stopped).
        """
        deadline = time.monotonic() + within
        while not self.healthy:
            if not self.running or time.monotonic() > deadline:
                self.stop()
                raise ErpError(f"the ERP did not answer within {within:g} s{self._log_tail()}")
            time.sleep(_POLL)

    def stop(self, *, within: float = STOP_TIMEOUT) -> None:
        """Stop it; harmless when it is not running. What it committed stays.

        Args:
            within: Seconds to let it end by itself before it is killed.
        """
        if self.running:
            assert self._process is not None
            self._process.terminate()
            try:
                self._process.wait(within)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._reap()

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does, as a crash would; harmless when it is not running."""
        if self._process is not None:
            self._process.kill()
        self._reap()

    def reset(self) -> None:
        """Put the template's state back. A running ERP is stopped and started again.

        Raises:
            ErpError: It has not been prepared, or did not start again.
        """
        was_running = self.running
        self.stop()
        self._copy_template()
        if was_running:
            self.start()

    def __enter__(self) -> Self:
        self.prepare()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _prepared(self) -> Template:
        if self._template is None:
            raise ErpError("the ERP has not been prepared")
        return self._template

    @property
    def _file(self) -> Path:
        return self._run_dir / "erp-data" / f"{DATABASE}.sqlite"

    def _copy_template(self) -> None:
        source = self._prepared.database
        shutil.rmtree(self._file.parent, ignore_errors=True)  # with the write-ahead log, or old sales come back
        self._file.parent.mkdir(parents=True)
        shutil.copyfile(source, self._file)

    def _reap(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.wait()
            if process.stdin:
                process.stdin.close()

    def _log_tail(self, lines: int = 15) -> str:
        if not self.log.is_file():
            return ""
        tail = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        return "; its log ends:\n" + "\n".join(tail)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
