"""The base of every canonical class: immutable, and closed to fields it does not know."""

from pydantic import BaseModel, ConfigDict


class Canonical(BaseModel):
    """A value of the canonical data model."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")
