"""The base of every wire type."""

from pydantic import BaseModel, ConfigDict

_CHARACTERS = r"[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*"
ANY_TEXT = rf"^{_CHARACTERS}$"
"""The pattern of a text without control characters but tab and line breaks."""
SOME_TEXT = rf"^{_CHARACTERS}[^\s\u0000-\u001f\u007f-\u009f]{_CHARACTERS}$"
"""The same with at least one visible character."""


class Wire(BaseModel):
    """Frozen, and closed: an unknown field is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def whole(value: object) -> object:
    """JSON knows one kind of number: 1.0 is an integer, "1" and true are not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
