"""The base of every canonical class: immutable, and closed to fields it does not know."""

from pydantic import BaseModel, ConfigDict


class Canonical(BaseModel):
    """A value of the canonical data model."""

    # A process meets a few of the classes: the others are never built, which a cold start notices.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null", defer_build=True)
