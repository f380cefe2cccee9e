"""The embedded AWS as a child process: ministack on loopback, IAM enforced, fresh at every start.

Facts about ministack 1.5.33 this module rests on, read from its source and measured:

- ``BIND_HOST`` is 0.0.0.0 unless set, ``GATEWAY_PORT`` is the one port, ``AUTH=true`` verifies signatures and
  evaluates IAM policies on every call.
- Under ``AUTH=true`` any 12-digit access key id is the root user of the account of that number; root signatures are
  not checked, those of roles are. So the administrator's secret here is no secret, and loopback is the only fence.
- A Lambda worker is a child process that inherits the server's environment; the environment is therefore built here
  from nothing. Its code is unpacked under ``TMPDIR``, one copy a worker.
- State is kept in memory only unless ``PERSIST_STATE`` is set. After a restart with saved state the first stream
  records are skipped, so it is never set.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from sandbox.aws.endpoint import AwsEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from sandbox.aws.environment import AwsEnvironment

HOST = "127.0.0.1"
DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"
START_TIMEOUT = 30.0
STOP_TIMEOUT = 5.0
_SECRET = "sandbox"  # noqa: S105 -- see above
_POLL = 0.05
_LAUNCH = Path(__file__).with_name("_launch.py")
_MEMORY = Path("/dev/shm")  # noqa: S108 -- Linux's file system in memory
_MEMORY_NEEDED = 1_500_000_000
_WORKER = re.compile(r"/ministack-lambda-(?P<function>.+)-[^-/]{8}/_worker\.py")


class ServerError(RuntimeError):
    """The embedded AWS did not start, or is not running. The message ends with the last lines of its log."""


@dataclass(frozen=True)
class FunctionWorker:
    """One process that runs one function: what Lambda calls an execution environment."""

    pid: int
    function_name: str

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does; a worker that is gone already is no error."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


class EmbeddedAws:
    """One run of the embedded AWS; use it as a context manager, or call `start` and `stop`."""

    def __init__(
        self,
        environment: AwsEnvironment,
        run_dir: Path,
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        port: int | None = None,
        function_environment: dict[str, str] | None = None,
    ) -> None:
        """Prepare a run; nothing is started yet.

        Args:
            environment: from `sandbox.aws.environment.prepare`.
            run_dir: directory for the log and the workers' files; made when absent. Two runs at a time
                need two directories.
            account: the 12-digit account of the stacks to be deployed.
            region: the Region of the stacks to be deployed.
            port: TCP port on loopback; a free one when not given.
            function_environment: variables every function gets besides those its template declares.
        """
        self._environment = environment
        self._run_dir = run_dir
        self._port = port
        self._account = account
        self._region = region
        self._function_environment = dict(function_environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._tmp: Path | None = None
        self._lock: IO[bytes] | None = None

    @property
    def log(self) -> Path:
        """The server's log; it carries what the functions print, too."""
        return self._run_dir / "aws.log"

    @property
    def pid(self) -> int:
        """Process id of the server, which is also the id of the process group of its workers.

        Raises:
            ServerError: it is not running.
        """
        if self._process is None or self._process.poll() is not None:
            raise ServerError(f"the embedded AWS is not running{self._log_tail()}")
        return self._process.pid

    @property
    def endpoint(self) -> AwsEndpoint:
        """Where it listens, and its administrator's credentials.

        Raises:
            ServerError: it has not been started.
        """
        if self._port is None:
            raise ServerError("the embedded AWS has not been started")
        return AwsEndpoint(
            url=f"http://{HOST}:{self._port}",
            account=self._account,
            region=self._region,
            access_key_id=self._account,
            secret_access_key=_SECRET,
        )

    def start(self, *, within: float = START_TIMEOUT) -> AwsEndpoint:
        """Start it and return once it answers.

        Args:
            within: seconds it may take.

        Raises:
            ServerError: it ended, did not answer in time, or another run uses ``run_dir``.
        """
        if self._process is not None:
            raise ServerError("the embedded AWS is already running")
        self._run_dir.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self._run_dir / "aws.lock")
        self._tmp = _scratch(self._run_dir)
        self._port = self._port or _free_port()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [self._environment.functions_python, "-I", _LAUNCH, self._environment.site_packages],
                env=self._process_environment(self._tmp),
                cwd=self._tmp,
                stdin=subprocess.PIPE,  # held open: the launcher ends the whole group when it closes
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + within
        while not _healthy(self._port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = self._log_tail()
                self.stop()
                raise ServerError(f"the embedded AWS did not start within {within:g} s{tail}")
            time.sleep(_POLL)
        return self.endpoint

    def stop(self, *, within: float = STOP_TIMEOUT) -> None:
        """Stop the server and every worker it started; harmless when it is not running.

        Args:
            within: seconds to let it end by itself before its process group is killed.
        """
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
        # Workers take seconds to leave after the server; they hold no state, so they need not be asked.
        with contextlib.suppress(ProcessLookupError):  # the group is empty: they have all left
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdin:
            process.stdin.close()
        if self._tmp:
            shutil.rmtree(self._tmp, ignore_errors=True)
        if self._lock:
            self._lock.close()

    def workers(self, function_name: str | None = None) -> list[FunctionWorker]:
        """The worker processes alive now, of one function or of all.

        Whether a worker is busy cannot be seen from outside; killing all of a function's workers interrupts
        what is in flight, and the next invocation starts new ones.

        Raises:
            ServerError: it is not running.
        """
        group = self.pid
        return [
            FunctionWorker(pid, match["function"])
            for pid, command in _commands_of_group(group)
            if (match := _WORKER.search(command)) and function_name in (None, match["function"])
        ]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _process_environment(self, tmp: Path) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "HOME": str(tmp),  # so that no function can find the user's own AWS profile
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONUNBUFFERED": "1",
            "PYTHONNOUSERSITE": "1",
            # As in Lambda, where the code cannot be written to: what is not shipped compiled is compiled each time.
            "PYTHONDONTWRITEBYTECODE": "1",
            **self._function_environment,
            "TMPDIR": str(tmp),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self._port),
            "AUTH": "true",
            "MINISTACK_HOST": HOST,
            "MINISTACK_REGION": self._region,
            "MINISTACK_ACCOUNT_ID": self._account,
            "AWS_ACCESS_KEY_ID": self._account,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_DEFAULT_REGION": self._region,
            "LAMBDA_EXECUTOR": "local",
        }

    def _log_tail(self, lines: int = 15) -> str:
        if not self.log.is_file():
            return ""
        tail = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        return "; its log ends:\n" + "\n".join(tail)


def _scratch(run_dir: Path) -> Path:
    """An empty directory for this run's workers: in memory where there is room, else in the run's own.

    Every worker unpacks its own copy of the bundle: 1,500 files, which took 1.7 s on a disk and 0.3 s in memory. Its
    name follows from the run's directory, so that the next run removes what one that was killed could not tidy up.
    """
    name = hashlib.sha256(str(run_dir.resolve()).encode()).hexdigest()[:16]
    for directory in (_MEMORY / f"lockstep-{os.getuid()}-{name}", run_dir / "aws"):
        shutil.rmtree(directory, ignore_errors=True)
        with contextlib.suppress(OSError):
            if directory.parent != _MEMORY or shutil.disk_usage(_MEMORY).free >= _MEMORY_NEEDED:
                directory.mkdir(mode=0o700)
                return directory
    raise ServerError(f"{run_dir / 'aws'} cannot be made anew: something still uses it, or it belongs to another user")


def _lock(path: Path) -> IO[bytes]:
    """Hold ``path`` until the file is closed or this process ends, however it ends."""
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise ServerError(f"another run of the sandbox uses {path.parent}") from error
    return file


def _commands_of_group(group: int) -> Iterator[tuple[int, str]]:
    """Process id and command line of each process in a process group."""
    if Path("/proc/self/cmdline").exists():  # Linux; a slim image has no ps
        for directory in Path("/proc").glob("[0-9]*"):
            pid = int(directory.name)
            with contextlib.suppress(OSError):  # it ended while we looked
                if os.getpgid(pid) == group:
                    yield pid, (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return
    command = ["ps", "-A", "-ww", "-o", "pid=,pgid=,args="]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        pid_text, group_text, arguments = line.split(None, 2)
        if int(group_text) == group:
            yield int(pid_text), arguments


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
