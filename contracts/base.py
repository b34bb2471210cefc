"""The base of every wire type."""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Frozen, and closed: an unknown field is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")
