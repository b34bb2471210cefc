"""What the local stand-in says where sentences are asked for: it reads a narrator's prompt and
says its rows, one sentence each, truly or not."""

from collections.abc import Sequence

from pydantic import BaseModel, ValidationError

NO_WORDS = "The local stand-in for a language model has no words of its own."
_MOST_ROWS = 3


class _Column(BaseModel):
    name: str
    unit: str | None = None

    @property
    def is_measured(self) -> bool:
        """A dimension has no unit at all."""
        return "unit" in self.model_fields_set


class _Result(BaseModel):
    columns: list[_Column]
    rows: list[list[str | None]]


class _Message(BaseModel):
    result: _Result


def prose(model: str, messages: Sequence[str]) -> str:
    """The model's sentences; those of `local-lies` are made up."""
    try:
        result = _Message.model_validate_json(messages[-1]).result
    except (ValidationError, IndexError):
        return NO_WORDS
    if model == "local-lies":
        return _lies(result)
    return " ".join(_said(result)) or NO_WORDS


def _said(result: _Result) -> list[str]:
    place = next((n for n, c in enumerate(result.columns) if c.is_measured), None)
    if place is None:
        return []
    said = []
    for row in result.rows[:_MOST_ROWS]:
        names = ", ".join(name for name in row[:place] if name)
        of = f" of {names}" if names else ""
        if row[place] is not None:
            said.append(f"The {result.columns[place].name}{of} was {row[place]}.")
    return said


def _lies(result: _Result) -> str:
    name = next((row[0] for row in reversed(result.rows) if row and row[0]), "It")
    return (
        f"{name} leads with 987,654.32. Revenue doubled since 2019, mostly thanks to Atlantis. "
        "All stores together made 1,000,000.00, which is 42 % more than a year ago."
    )
