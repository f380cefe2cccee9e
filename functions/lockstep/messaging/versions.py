"""Versions of snapshots whose source says only when they last changed, in whole seconds: two states fit in one."""

from hashlib import sha256
from typing import Final

from pydantic import BaseModel

_APART: Final = {"version", "changed_at"}
_LETTERS: Final = 12


def state_of(said: BaseModel) -> str:
    """A short digest of what a snapshot says, for its version.

    The same snapshot has the same, whatever brought it. Its `version` is no part of it, nor is `changed_at`, which
    stands in the version already, or is the time at which it came.

    Args:
        said: What the source said, as far as it is read. Of an order or a refund not the canonical form: one that does
            not add up must have the version that it has once it is read as it should be.
    """
    # Without warnings: pydantic warns of types that have a validator of their own and nothing to write them with.
    written = said.model_dump_json(exclude=_APART, warnings=False)
    return sha256(written.encode("utf-8", "backslashreplace")).hexdigest()[:_LETTERS]
