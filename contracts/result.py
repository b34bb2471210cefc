"""What a statement returned."""

from pydantic import JsonValue

from contracts.base import Wire


class Column(Wire):
    """`type` is one of text, integer, decimal, float, boolean, date, timestamp, interval, json.
    A decimal travels as a string, so that no digit is lost."""

    name: str
    type: str


class ResultSet(Wire):
    """Rows are in the statement's order, at most as many as the cap; a value is JSON, exact.

    `total_rows` is how many there would be without the cap, where that is known. `digest` is
    the SHA-256 of columns and rows in canonical JSON.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[JsonValue, ...], ...]
    row_count: int
    total_rows: int | None
    truncated: bool
    digest: str
