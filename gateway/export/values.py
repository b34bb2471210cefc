"""What a cell of a file holds: a number where it is one, a day, or harmless text."""

import json
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from pydantic import JsonValue

from contracts.result import Column
from contracts.run import Answer, Heading, Widget
from kit import display

NUMBERS = frozenset({"integer", "decimal", "float"})
_STARTS_A_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""Of OWASP's page on CSV injection, with the full-width forms that some spreadsheets read alike."""


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet may read it as a formula. Blanks and invisible characters before it
    do not make it harmless: some programs drop them."""
    for character in text:
        if character in _STARTS_A_FORMULA:
            return True
        if not character.isspace() and unicodedata.category(character) not in ("Cf", "Cc", "Mn"):
            return False
    return False


def harmless(text: str) -> str:
    """The same text, with an apostrophe before what could be read as a formula."""
    return f"'{text}" if is_dangerous(text) else text


def number(value: JsonValue, column: Column) -> Decimal | None:
    """The exact number of a cell in a column of numbers; None where it is none or not finite."""
    return display.number(value) if column.type in NUMBERS else None


def moment(value: JsonValue, column: Column) -> date | datetime | None:
    """The day, or the time of day in UTC without a zone, of a cell in a column of either; None
    where it is none, or beyond the years 1 to 9999."""
    if column.type not in ("date", "timestamp") or not isinstance(value, str):
        return None
    try:
        if column.type == "date":
            return date.fromisoformat(value)
        return datetime.fromisoformat(value).replace(tzinfo=None)
    except ValueError:
        return None


def text(value: JsonValue) -> str:
    """Any other value, as it is."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def headings(columns: Sequence[Column], widgets: Sequence[Widget]) -> tuple[Heading, ...]:
    """One for each column; its name where nothing else is known of it."""
    for widget in widgets:
        if len(widget.headings) == len(columns):
            return widget.headings
    return tuple(Heading(label=column.name) for column in columns)


def headed(heading: Heading, column: Column) -> str:
    """A column's heading with its unit."""
    given = heading.format
    unit = (given.currency if given else None) or ("days" if heading.unit == "days" else "")
    is_moment = column.type == "timestamp" and not heading.grain
    unit = unit or ("UTC" if is_moment else "")
    return f"{heading.label} ({unit})" if unit else heading.label


def extent(answer: Answer) -> str:
    """How many rows there are, and that there are more where that is so."""
    if not answer.truncated:
        return f"{answer.row_count:,}"
    known = f" of {answer.total_rows:,}" if answer.total_rows is not None else ""
    return f"the first {answer.row_count:,}{known}"
