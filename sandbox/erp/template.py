"""The template database: built once for a given set of inputs, then copied."""

import dataclasses
import datetime as dt
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sandbox.aws.environment import SandboxSetupError
from sandbox.erp.environment import LOCK
from sandbox.retailer import RETAILER, Retailer

HERE: Final = Path(__file__).parent
ADDON: Final = HERE / "addon"
BUILD: Final = HERE / "build.py"
USER: Final = "lockstep"
ADMIN: Final = "admin"
_WORK: Final = "building-erp-"


@dataclass(frozen=True)
class StoreIds:
    """The numbers the ERP gave to a store's records."""

    point: int
    warehouse: int
    storage: int
    returns: int


@dataclass(frozen=True)
class ErpFacts:
    """What an integration has to know about the ERP: numbers of its records, and how to sign in.

    The passwords and the key were drawn when the template was built; they are good for copies of it only.
    """

    user: str
    password: str
    admin_user: str
    admin_password: str
    bearer_key: str
    """For the REST API, as the integration's user."""
    company: int
    stores: dict[str, StoreIds]
    products: dict[str, int]
    tenders: dict[str, int]
    charges: dict[str, str]
    """`product:<id>` or `payment_method:<id>` by canonical charge kind."""
    taxes: dict[str, int]
    closed_month: dt.date
    """First day of the one month whose books are closed."""
    last_day: dt.date
    """Last day of the last fiscal year."""

    def counterparts(self) -> dict[str, dict[str, str]]:
        """What the crosswalk has to hold for this ERP: reference kind, then the retailer's code, to the ERP's name."""
        named: dict[str, Mapping[str, object]] = {
            "store": {code: ids.point for code, ids in self.stores.items()},
            "item": self.products,
            "tender": self.tenders,
            "tax": self.taxes,
            "charge": self.charges,
        }
        return {kind: {code: str(name) for code, name in names.items()} for kind, names in named.items()}


@dataclass(frozen=True)
class Template:
    """A database file never to be opened, and what stands in it."""

    database: Path
    facts: ErpFacts


def prepare(
    python: Path,
    cache: Path,
    progress: Callable[[str], None],
    *,
    retailer: Retailer = RETAILER,
    today: dt.date | None = None,
) -> Template:
    """The template for these inputs, built if it is not in the cache (about 15 s, once).

    Args:
        python: The ERP's interpreter, from `sandbox.erp.environment.prepare`.
        cache: Directory for templates; those of other inputs are removed.
        progress: Told each step of a build.
        retailer: The company to set up.
        today: The books cover the year before, this one and the next; the current day when not given.

    Raises:
        SandboxSetupError: The build failed; the message ends with what it said.
    """
    year = (today or dt.datetime.now(tz=dt.UTC).date()).year
    order = {
        "retailer": dataclasses.asdict(retailer),
        "first_day": dt.date(year - 1, 1, 1),
        "last_day": dt.date(year + 1, 12, 31),
    }
    cache.mkdir(parents=True, exist_ok=True)
    database = cache / f"erp-{_fingerprint(order)}.sqlite"
    facts = database.with_suffix(".json")
    with (cache / "erp.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at a time must not mix their databases and passwords
        if not (database.is_file() and facts.is_file()):
            for stale in cache.glob("erp-*"):
                stale.unlink()
            for broken_off in cache.glob(f"{_WORK}*"):
                shutil.rmtree(broken_off)
            _build(python, order, database, facts, progress)
    return Template(database, _parse(json.loads(facts.read_text(encoding="utf-8"))))


def _fingerprint(order: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(order, default=str, sort_keys=True).encode())
    addon = (path for path in ADDON.rglob("*") if path.is_file() and path.suffix != ".pyc")
    for path in (LOCK, BUILD, Path(__file__), *sorted(addon)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _build(python: Path, order: dict[str, Any], database: Path, facts: Path, progress: Callable[[str], None]) -> None:
    signed_in = {
        "user": USER,
        "password": secrets.token_urlsafe(24),
        "admin_user": ADMIN,
        "admin_password": secrets.token_urlsafe(24),
    }
    with tempfile.TemporaryDirectory(prefix=_WORK, dir=database.parent) as name:
        work = Path(name)
        order_file, result_file, made = work / "order.json", work / "result.json", work / "erp.sqlite"
        order_file.write_text(json.dumps({**order, **signed_in}, default=str), encoding="utf-8")
        _run_build(python, ["--order", order_file, "--database", made, "--result", result_file], progress)
        with closing(sqlite3.connect(made)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")  # one file, so that one copy is all of it
        result = {
            **json.loads(result_file.read_text(encoding="utf-8")),
            **signed_in,
            "closed_month": order["first_day"],
            "last_day": order["last_day"],
        }
        secret_file = work / "facts.json"
        secret_file.touch(mode=0o600)
        secret_file.write_text(json.dumps(result, default=str, indent=1), encoding="utf-8")
        secret_file.replace(facts)
        made.replace(database)


def _run_build(python: Path, arguments: list[str | Path], progress: Callable[[str], None]) -> None:
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            [python, BUILD, *arguments],
            env=erp_process_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None  # asked for above
        for line in process.stdout:
            progress(line.strip())
        if process.wait():
            errors.seek(0)
            raise SandboxSetupError(f"building the ERP's database failed: {errors.read().strip()[-4000:]}")


def erp_process_environment() -> dict[str, str]:
    """The environment of every process that runs the ERP: nothing of the caller's own but the path."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": str(ADDON),
        "PYTHONUNBUFFERED": "1",
        "PYTHONNOUSERSITE": "1",
    }


def _parse(stored: dict[str, Any]) -> ErpFacts:
    return ErpFacts(
        **{
            **stored,
            "stores": {code: StoreIds(**ids) for code, ids in stored["stores"].items()},
            "closed_month": dt.date.fromisoformat(stored["closed_month"]),
            "last_day": dt.date.fromisoformat(stored["last_day"]),
        }
    )
