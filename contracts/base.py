"""The base of every wire type."""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Frozen, and closed: an unknown field is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def whole(value: object) -> object:
    """JSON knows one kind of number: 1.0 is an integer, "1" and true are not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
