"""CSV and XLSX: nothing in them is a formula, and no number, day or letter is another."""

import csv
import io
import zipfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from contracts.catalog import NumberFormat
from contracts.export import Exported
from contracts.run import Heading
from gateway.export import csv_file, workbook
from gateway.export.values import harmless, is_dangerous
from tests.gateway.export.examples import BY_CATEGORY, DIGEST, RUN, exported

HOSTILE = [
    "=1+1", '=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1",
    "=cmd|' /C calc'!A0", "  =1", "\u00a0=1", "\u200b=1", "\ufeff@x", "\uff1d1", "-", "\x00=1",
]  # fmt: skip
TAME = ["", "a=b", "1-2", "x@y.z", "Sci-Fi", "é=1", "'=1", '"=1', "1,234", ";=", "名前", "🎬"]
PARTS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def lines(given: Exported) -> list[list[str]]:
    text = csv_file.write(given.answer).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def texts(*cells: str) -> Exported:
    return exported([("name", "text")], [(cell,) for cell in cells])


class Book:
    """An XLSX file as its XML says it, and nothing that a library may make of it."""

    def __init__(self, given: Exported) -> None:
        self.file = zipfile.ZipFile(io.BytesIO(workbook.write(given)))
        self.strings = [
            "".join(node.text or "" for node in item.iter(f"{PARTS}t"))
            for item in self._tree("xl/sharedStrings.xml").iter(f"{PARTS}si")
        ]
        styles = self._tree("xl/styles.xml")
        shapes = styles.find(f"{PARTS}cellXfs")
        assert shapes is not None
        self.formats = {
            node.get("numFmtId"): node.get("formatCode") for node in styles.iter(f"{PARTS}numFmt")
        }
        self.shapes = list(shapes)

    def _tree(self, name: str) -> ElementTree.Element:
        return ElementTree.fromstring(self.file.read(name))

    @property
    def names(self) -> list[str]:
        sheets = self._tree("xl/workbook.xml").iter(f"{PARTS}sheet")
        return [node.get("name", "") for node in sheets]

    def cell(self, place: str, sheet: int = 1) -> ElementTree.Element:
        cells = self._tree(f"xl/worksheets/sheet{sheet}.xml").iter(f"{PARTS}c")
        return next(cell for cell in cells if cell.get("r") == place)

    def value(self, place: str, sheet: int = 1) -> str | float:
        cell = self.cell(place, sheet)
        assert cell.find(f"{PARTS}f") is None
        text = cell.findtext(f"{PARTS}v") or ""
        kind = cell.get("t", "n")
        assert kind in ("n", "s", "b")
        return self.strings[int(text)] if kind == "s" else float(text)

    def day(self, place: str) -> datetime:
        value = self.value(place)
        assert isinstance(value, float)
        return datetime(1899, 12, 30) + timedelta(days=value)

    def shape(self, place: str) -> str | None:
        given = self.shapes[int(self.cell(place).get("s", "0"))].get("numFmtId")
        builtin = {"0": "General", "3": "#,##0", "4": "#,##0.00", "17": "mmm yyyy"}
        return self.formats.get(given, builtin.get(given or ""))

    def is_quoted(self, place: str) -> bool:
        return self.shapes[int(self.cell(place).get("s", "0"))].get("quotePrefix") == "1"


@pytest.mark.parametrize("text", HOSTILE)
def test_what_could_be_a_formula_is_none(text: str) -> None:
    assert harmless(text) == f"'{text}"
    [_, [cell]] = lines(texts(text))
    assert cell == f"'{text}"
    book = Book(texts(text))
    assert book.is_quoted("A2")


@pytest.mark.parametrize("text", TAME)
def test_what_is_none_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text
    assert lines(texts(text, "x"))[-2:] == [[text] if text else [], ["x"]] or not text
    if text:
        book = Book(texts(text))
        assert (book.value("A2"), book.is_quoted("A2")) == (text, False)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1))
def test_any_text_comes_back_from_csv(cells: list[str]) -> None:
    read = lines(exported([("a", "text"), ("b", "text")], [(cell, "x") for cell in cells]))[1:]
    assert [row[0] for row in read] == [harmless(cell) for cell in cells]
    assert not any(is_dangerous(row[0]) for row in read)


def test_names_of_columns_and_sheets_are_text_too() -> None:
    given = exported([("=cmd()", "text")], [("a",)])
    assert lines(given)[0] == ["'=cmd()"]
    assert Book(given).is_quoted("A1")
    book = Book(BY_CATEGORY)
    assert book.names == ["Result", "About", "Change of revenue by  film   a"]
    assert book.is_quoted("A2") is False
    assert book.value("A2", 3) == "=1+1"


@pytest.mark.parametrize(
    ("kind", "value", "in_csv", "in_xlsx"),
    [
        ("decimal", "-5.10", "-5.10", -5.1),
        ("decimal", "123456789012345.67", "123456789012345.67", "123456789012345.67"),
        ("decimal", "0.1234567890123456789", "0.1234567890123456789", "0.1234567890123456789"),
        ("decimal", "NaN", "NaN", "NaN"),
        ("decimal", "-Infinity", "'-Infinity", "-Infinity"),
        ("integer", -7, "-7", -7.0),
        ("integer", "9007199254740993", "9007199254740993", "9007199254740993"),
        ("integer", "10000000000000000000", "10000000000000000000", 1e19),
        ("float", 1e-300, "1e-300", 1e-300),
        ("boolean", True, "true", 1.0),
        ("json", {"a": ["ü"]}, '{"a": ["ü"]}', '{"a": ["ü"]}'),
        ("interval", "-P1D", "'-P1D", "-P1D"),
        ("date", "0044-03-15 BC", "0044-03-15 BC", "0044-03-15 BC"),
        ("date", "1850-01-01", "1850-01-01", "1850-01-01"),
        ("date", "-infinity", "'-infinity", "-infinity"),
        ("timestamp", "not a time", "not a time", "not a time"),
        ("text", "12", "12", "12"),
        ("text", "x" * 40_000, "x" * 40_000, "x" * 32_766 + "…"),
    ],
)
def test_values_are_exact(kind: str, value: JsonValue, in_csv: str, in_xlsx: str | float) -> None:
    given = exported([("v", kind)], [(value,)])
    assert lines(given)[1] == [in_csv]
    assert Book(given).value("A2") == in_xlsx
    if isinstance(in_xlsx, float) and not isinstance(value, bool):
        assert Decimal(in_xlsx) == Decimal(str(value)) or float(str(value)) == in_xlsx


def test_nothing_is_an_empty_cell() -> None:
    given = exported([("a", "decimal"), ("b", "text")], [(None, None)])
    assert lines(given)[1] == ["", ""]
    with pytest.raises(StopIteration):
        Book(given).cell("A2")


def test_days_are_days() -> None:
    month = Heading(label="Month", grain="month")
    given = exported(
        [("month", "timestamp"), ("day", "date"), ("at", "timestamp")],
        [("2022-06-01T00:00:00Z", "2022-07-31", "2022-07-31T21:56:15Z")],
        (month, Heading(label="Day"), Heading(label="Paid")),
    )
    assert lines(given)[0] == ["Month", "Day", "Paid (UTC)"]
    book = Book(given)
    assert book.day("A2").date() == date(2022, 6, 1)
    assert book.day("B2").date() == date(2022, 7, 31)
    assert abs(book.day("C2") - datetime(2022, 7, 31, 21, 56, 15)) < timedelta(milliseconds=1)
    assert [book.shape(place) for place in ("A2", "B2", "C2")] == [
        "mmm yyyy", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss",
    ]  # fmt: skip


def test_numbers_are_shown_as_the_model_has_them() -> None:
    def measure(**more: object) -> Heading:
        return Heading.model_validate({"label": "M", "is_measure": True, **more})

    given = exported(
        [("a", "decimal"), ("b", "decimal"), ("c", "integer"), ("d", "integer"), ("e", "decimal")],
        [("1.5", "0.25", 1234, 7, "2.5")],
        (
            measure(format=NumberFormat(style="currency", currency="USD", decimals=2)),
            measure(is_share=True),
            measure(unit="count"),
            Heading(label="Store"),
            measure(unit="days", format=NumberFormat(decimals=2)),
        ),
    )
    assert lines(given)[0] == ["M (USD)", "M", "M", "Store", "M (days)"]
    assert [Book(given).shape(f"{column}2") for column in "ABCDE"] == [
        '"$"#,##0.00', "0.0%", "#,##0", "General", "#,##0.00",
    ]  # fmt: skip


def test_the_file_says_where_it_comes_from() -> None:
    book = Book(BY_CATEGORY)
    about = {str(book.value(f"A{n}", 2)): book.value(f"B{n}", 2) for n in range(1, 10)}
    assert about["Question"] == "Revenue by category?"
    assert about["Scope"] == "store manager, store 1"
    assert about["Data to"] == "31 August 2022"
    assert about["Trust"] == (
        "store manager, store 1 · data to 31 August 2022 · Computed from a plan · all checks passed"
    )
    assert about["Run"] == str(RUN)
    assert about["Result, SHA-256"] == DIGEST


def test_a_part_says_that_it_is_one() -> None:
    given = exported([("a", "text")], [("x",)], truncated=True, total_rows=1234)
    assert Book(given).value("B6", 2) == "the first 1 of 1,234"
