"""Values as they are shown: rounded for the eye, whole for whoever points at them or copies them.

Separators are written as English has them; a script of the page puts the reader's own in their
place wherever a cell says that it is a number.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from pydantic import JsonValue

from contracts.catalog import NumberFormat
from contracts.result import Column
from contracts.run import Heading
from kit import display

NUMBERS = frozenset({"integer", "decimal", "float"})
_PERIODS = frozenset({"month", "quarter", "year"})
_NUMBER = re.compile(r"[-\u2212]?\d[\d,]*(?:\.\d+)?")
_MIDNIGHT = re.compile(r"[T ]00:00:00(?:\.0+)?(?:Z|\+00:00)?$")
_INSTANT = re.compile(r"(\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)(?:Z|\+00:00)?$")


@dataclass(frozen=True, slots=True)
class Cell:
    """`exact` is the whole value where `text` is not, else empty. `is_number` says that the
    separators are for the reader's locale to choose."""

    text: str
    exact: str = ""
    is_number: bool = False


def cell(value: JsonValue, column: Column, heading: Heading, *, has_unit: bool = False) -> Cell:
    """A value of a result, with a true minus, without its currency or days unless `has_unit`:
    a table has them in its head. What is missing is a dash."""
    if value is None:
        return Cell("\u2014")
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    number = display.number(value) if column.type in NUMBERS else None
    if number is not None and heading.is_measure:
        return _measure(number, heading, has_unit=has_unit)
    if number is not None:
        return Cell(_minus(str(value)))
    return _other(str(value), column, heading)


def is_instant(value: JsonValue) -> bool:
    """Whether it is a time of a day, and not a whole day, in UTC."""
    is_utc = isinstance(value, str) and value.endswith(("Z", "+00:00"))
    return is_utc and not _MIDNIGHT.search(str(value))


def headed(heading: Heading) -> str:
    """A column's heading, with its unit where it has one."""
    unit = display.unit_sign(heading.unit, heading.format)
    return f"{heading.label} ({unit})" if unit else heading.label


def _measure(number: Decimal, heading: Heading, *, has_unit: bool) -> Cell:
    given, unit = heading.format, heading.unit
    if not has_unit:
        unit = None if unit == "days" else unit
        if given is not None and given.style == "currency":
            given = NumberFormat(decimals=2 if given.decimals is None else given.decimals)
    shown = display.show(number, unit, given, is_share=heading.is_share)
    if shown.text.lstrip("-").startswith("100.") and "%" in shown.text and number != 1:
        # nearly all is not all
        given = NumberFormat(style="percent", decimals=8)
        shown = display.show(number, unit, given)
    if shown.decimals is None:
        return Cell(_minus(shown.text), is_number=True)
    is_percent = shown.text.endswith("%")
    exact = display.EXACT.multiply(number, Decimal(100)) if is_percent else number
    whole = f"{exact.normalize(display.EXACT):f}{' %' if is_percent else ''}"
    return Cell(_minus(shown.text), _minus(whole), is_number=True)


def _other(text: str, column: Column, heading: Heading) -> Cell:
    if column.type not in ("date", "timestamp"):
        return Cell(text)
    day = display.day(text)
    if day is not None and heading.grain in _PERIODS:
        return Cell(display.date_words(day, heading.grain), text)
    short = _INSTANT.sub(r"\1 \2", _MIDNIGHT.sub("", text))
    return Cell(short, text if short != text else "")


def _minus(text: str) -> str:
    return f"\u2212{text[1:]}" if text.startswith("-") else text


def first_of(sentence: str, values: Iterable[JsonValue]) -> tuple[str, str, str]:
    """The sentence around the first number that is one of `values`: before, the number with its
    sign of currency or percent, after. The number is empty where there is none."""
    known = [number for number in map(_decimal, values) if number is not None]
    for match in _NUMBER.finditer(sentence):
        told = _decimal(match.group().replace(",", "").replace("\u2212", "-"))
        if told is None or not any(_is_told(told, number) for number in known):
            continue
        start, end = match.span()
        while start and sentence[start - 1] in "$\u20ac\u00a3\u2212-":
            start -= 1
        end += sentence[end : end + 1] == "%"
        return sentence[:start], sentence[start:end], sentence[end:]
    return sentence, "", ""


def _is_told(told: Decimal, number: Decimal) -> bool:
    """Whether `told` is the number, or its size, rounded; or the number as a percentage."""
    unit = Decimal(1).scaleb(int(told.as_tuple().exponent))
    return any(abs(abs(number) * times - abs(told)) * 2 <= unit for times in (1, 100))


def _decimal(value: JsonValue) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
