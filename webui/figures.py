"""Values as they are shown: rounded for the eye, whole for whoever points at them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from pydantic import JsonValue

from contracts.result import Column

NUMBERS = frozenset({"integer", "decimal", "float"})
_PARTS = ("_share", "_change_ratio")
"""What a plan's shares and relative changes end with; 1 is the whole."""
_MOST_DECIMALS = 4
_NUMBER = re.compile(r"[-\u2212]?\d[\d,]*(?:\.\d+)?")
_MIDNIGHT = re.compile(r"[T ]00:00:00(?:\.0+)?(?:Z|\+00:00)?$")


@dataclass(frozen=True, slots=True)
class Cell:
    """`exact` is the whole value where `text` is shorter, else empty."""

    text: str
    exact: str = ""


def cell(value: JsonValue, column: Column) -> Cell:
    """A value of a result. Numbers have their thousands apart and a true minus; none is a dash."""
    if value is None:
        return Cell("\u2014")
    if column.name.endswith(_PARTS) and column.type in NUMBERS:
        return _percent(str(value))
    if column.type in NUMBERS and not isinstance(value, bool):
        return _number(str(value))
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    text = str(value)
    day = _MIDNIGHT.sub("", text)
    return Cell(day, text if day != text else "")


def _percent(text: str) -> Cell:
    try:
        exact = Decimal(text) * 100
    except InvalidOperation:
        return Cell(text)
    return Cell(f"{exact:,.1f} %".replace("-", "\u2212"), f"{exact:f} %".replace("-", "\u2212"))


def _number(text: str) -> Cell:
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return Cell(text)
    if not exact.is_finite():
        return Cell(text)
    whole = f"{exact:,f}".replace("-", "\u2212")
    decimals = -int(exact.as_tuple().exponent)
    if decimals <= _MOST_DECIMALS:
        return Cell(whole)
    short = f"{exact:,.{_MOST_DECIMALS}f}".replace("-", "\u2212")
    return Cell(short, whole)


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
