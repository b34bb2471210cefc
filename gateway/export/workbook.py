"""XLSX: the rows, what an investigation looked at beside them, and where they come from."""

import io
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from pydantic import JsonValue
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from contracts.export import Exported
from contracts.result import Column
from contracts.run import Answer, Heading
from gateway.export import values
from kit import display, trust_line

_EXACT_DIGITS = 15
"""As many as a number of a spreadsheet holds without loss: it is an IEEE 754 double."""
_LONGEST_TEXT = 32_767
_LONGEST_NAME = 31
_FIRST_DAY = date(1900, 3, 1)
"""Before it the days of spreadsheets are off by one, or there are none."""
_UNNAMEABLE = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_DAYS = {"year": "yyyy", "quarter": "mmm yyyy", "month": "mmm yyyy"}
_WIDEST = 60


def write(exported: Exported) -> bytes:
    """The file. No cell holds a formula or a link, whatever its text looks like."""
    out = io.BytesIO()
    answer = exported.answer
    book = Workbook(
        out,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    names = _Names()
    heads = values.headings(answer.columns, answer.widgets)
    _Sheet(book, names.free("Result")).fill(answer.columns, heads, answer.rows)
    _about(_Sheet(book, names.free("About")), exported)
    for step in answer.steps:
        shown = (step.widget,) if step.widget else ()
        sheet = _Sheet(book, names.free(step.title))
        sheet.fill(step.columns, values.headings(step.columns, shown), step.rows)
    book.close()
    return out.getvalue()


class _Names:
    """Names of sheets: short, without the signs that they may not have, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, wanted: str) -> str:
        plain = _UNNAMEABLE.sub(" ", wanted)[:_LONGEST_NAME].strip("' ") or "Result"
        name, place = plain, 2
        while name.lower() in self._taken:
            tail = f" {place}"
            name, place = plain[: _LONGEST_NAME - len(tail)] + tail, place + 1
        self._taken.add(name.lower())
        return name


class _Sheet:
    """A sheet, filled from the top."""

    def __init__(self, book: Workbook, name: str) -> None:
        self._book = book
        self._sheet: Worksheet = book.add_worksheet(name)
        self._bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self._text = book.add_format({"valign": "top"})
        # what a spreadsheet itself puts on a cell whose text was typed after an apostrophe: so
        # it stays text when the cell is edited, or saved to a format that knows no types
        self._quoted = book.add_format({"quote_prefix": True, "valign": "top"})

    def fill(
        self,
        columns: Sequence[Column],
        heads: Sequence[Heading],
        rows: Sequence[Sequence[JsonValue]],
    ) -> None:
        """A table with its headings, which stay in view."""
        for place, (column, heading) in enumerate(zip(columns, heads, strict=True)):
            name = values.headed(heading, column)
            self.text(0, place, name, self._bold)
            told = [len(values.text(row[place])) for row in rows]
            self._sheet.set_column(place, place, min(max([len(name), *told]) + 2, _WIDEST))
            shape = self._book.add_format({"num_format": _format(column, heading)})
            for line, row in enumerate(rows, 1):
                self._cell(line, place, row[place], column, shape)
        self._sheet.freeze_panes(1, 0)
        if rows:
            self._sheet.autofilter(0, 0, len(rows), len(columns) - 1)

    def pairs(self, lines: Sequence[tuple[str, str]]) -> None:
        """Two columns of text."""
        self._sheet.set_column(0, 0, 24)
        self._sheet.set_column(1, 1, 100)
        for line, (name, told) in enumerate(lines):
            self.text(line, 0, name, self._bold)
            self.text(line, 1, told)

    def text(self, line: int, place: int, told: str, shape: Format | None = None) -> None:
        """Text and nothing else."""
        if len(told) > _LONGEST_TEXT:
            told = f"{told[: _LONGEST_TEXT - 1]}…"
        quoted = self._quoted if values.is_dangerous(told) else None
        self._sheet.write_string(line, place, told, quoted or shape or self._text)

    def _cell(self, line: int, place: int, value: JsonValue, column: Column, shape: Format) -> None:
        found = values.number(value, column)
        day = values.moment(value, column)
        if value is None:
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(line, place, value)
        elif found is not None and (column.type == "float" or _is_exact(found)):
            self._sheet.write_number(line, place, float(found), shape)
        elif day is not None and (day.date() if isinstance(day, datetime) else day) >= _FIRST_DAY:
            self._sheet.write_datetime(line, place, day, shape)
        else:
            self.text(line, place, values.text(value))


def _is_exact(number: Decimal) -> bool:
    return len(number.normalize(display.EXACT).as_tuple().digits) <= _EXACT_DIGITS


def _format(column: Column, heading: Heading) -> str:
    """As spreadsheets write formats. The cell holds the whole number, whatever it shows of it."""
    if column.type == "date" or (column.type == "timestamp" and heading.grain):
        return _DAYS.get(heading.grain or "", "yyyy-mm-dd")
    if column.type == "timestamp":
        return "yyyy-mm-dd hh:mm:ss"
    is_number = heading.is_measure and column.type in values.NUMBERS
    return _of_numbers(heading, is_whole=column.type == "integer") if is_number else "General"


def _of_numbers(heading: Heading, *, is_whole: bool) -> str:
    given = heading.format
    decimals = given.decimals if given else None
    if heading.is_share or (given and given.style == "percent"):
        return f"{_places('0', 1 if decimals is None else decimals)}%"
    is_money = heading.unit == "currency" or bool(given and given.style == "currency")
    if decimals is None:
        if not is_money and not is_whole:
            return "General"
        decimals = 2 if is_money else 0
    code = given.currency if given and given.style == "currency" else None
    sign = f'"{display.CURRENCY_SIGNS.get(code, f"{code} ")}"' if code else ""
    return f"{sign}{_places('#,##0', decimals)}"


def _places(whole: str, decimals: int) -> str:
    return f"{whole}.{'0' * decimals}" if decimals else whole


def _about(sheet: _Sheet, exported: Exported) -> None:
    answer: Answer = exported.answer
    sheet.pairs(
        [
            ("Question", answer.question),
            ("Answer", answer.answer),
            ("Scope", trust_line.scope(answer)),
            ("Data to", trust_line.as_of(answer) or "not known"),
            ("Trust", " · ".join(trust_line.parts(answer))),
            ("Rows", values.extent(answer)),
            ("Run", str(answer.run_id)),
            ("Result, SHA-256", exported.digest),
            ("Statement", answer.sql or ""),
        ]
    )
