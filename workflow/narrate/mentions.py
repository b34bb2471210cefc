"""The numbers and dates that a text mentions, however they are written.

What looks like a number and cannot be read for certain is still a mention, one without a value:
nothing can confirm it.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from workflow.narrate.vocabulary import (
    AFTER_PRONOUN,
    BEFORE_PRONOUN,
    FRACTIONS,
    MONTHS,
    MULTIPLES,
    NUMBERS,
    NUMERATORS,
    ORDINALS,
    PERCENT,
    POWERS,
    QUARTERS,
    VAGUE,
)

Precision = Literal["day", "month", "quarter", "year"]

REMOVED = "\u241f"  # in the place of what has been read: neither a word nor a digit
_MONTH = "|".join(rf"{name[:3]}(?:{name[3:]})?\.?" for name in MONTHS)
_NTH = r"(?:st|nd|rd|th)?"
_YEAR = r",?\s+(?:of\s+)?"
_DATE = re.compile(
    rf"""
    (?<![\w.,/-])(?:
        (?P<iso>\d{{4}})-(?P<iso_month>\d{{2}})(?:-(?P<iso_day>\d{{2}}))?
      | (?P<day>\d{{1,2}}){_NTH}\s+(?:of\s+)?(?P<month>{_MONTH})(?:{_YEAR}(?P<year>\d{{4}}))?
      | (?P<us_month>{_MONTH})\s+(?P<us_day>\d{{1,2}}){_NTH}(?!\d)(?:{_YEAR}(?P<us_year>\d{{4}}))?
      | (?P<only_month>{_MONTH}){_YEAR}(?P<month_year>\d{{4}})
      | q(?P<q>[1-4])\s+(?:of\s+)?(?P<q_year>\d{{4}})
      | (?P<qq_year>\d{{4}})\s*-?q(?P<qq>[1-4])
      | (?P<nth>first|second|third|fourth|last)\s+quarter\s+of\s+(?P<nth_year>\d{{4}})
      | (?:first|second)\s+half\s+of\s+(?P<half_year>\d{{4}})
    )(?![\w/]|[.,-]\d)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_TOKEN = re.compile(r"\d+(?:,\d{3}(?!\d))*(?:\.\d+)?|[^\W\d]+|\S")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written: `value` None where it cannot be read; `quantum` the weight of its
    last digit; `digits` how many significant ones; `is_signed` when a minus stands before it.
    A percentage is already divided by a hundred. `token` is its place among the tokens."""

    value: Decimal | None
    quantum: Decimal
    digits: int
    token: int
    is_percent: bool = False
    is_signed: bool = False
    is_ordinal: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """A date as written; what its precision leaves out is 1, and `has_year` may be false."""

    value: date
    precision: Precision
    has_year: bool = True


@dataclass(frozen=True, slots=True)
class Mentions:
    """Of one text. `tokens` are lower-case words, digits and signs, for looking around."""

    tokens: tuple[str, ...]
    numbers: tuple[Number, ...]
    days: tuple[Day, ...]


def plain(text: str) -> str:
    """In one form: compatibility characters resolved, invisible ones gone, one kind of minus."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return text.replace("−", "-").replace("‒", "-")


def mentions(text: str) -> Mentions:
    """All of them, in a text that went through `plain`."""
    days: list[Day] = []

    def take(found: re.Match[str]) -> str:
        read = _day(found)
        if read is None:
            return found[0]
        days.append(read)
        return f" {REMOVED} "

    rest = _DATE.sub(take, text)
    found = list(_TOKEN.finditer(rest))
    tokens = tuple(token[0].lower() for token in found)
    return Mentions(tokens, tuple(_numbers(rest, found, tokens)), tuple(days))


def _day(found: re.Match[str]) -> Day | None:
    group = found.groupdict()
    try:
        if year := group["iso"]:
            day = group["iso_day"]
            value = date(int(year), int(group["iso_month"]), int(day or 1))
            return Day(value, "day" if day else "month")
        for month, day, year in (("month", "day", "year"), ("us_month", "us_day", "us_year")):
            if group[month]:
                value = date(int(group[year] or 2000), _month(group[month]), int(group[day]))
                return Day(value, "day", has_year=bool(group[year]))
        if group["only_month"]:
            return Day(date(int(group["month_year"]), _month(group["only_month"]), 1), "month")
        if year := group["half_year"]:
            return Day(date(int(year), 1, 1), "year")
        quarter = QUARTERS.get((group["nth"] or "").lower()) or int(group["q"] or group["qq"])
        year = group["q_year"] or group["qq_year"] or group["nth_year"]
        return Day(date(int(year), 3 * quarter - 2, 1), "quarter")
    except ValueError:
        return None  # no such day: its digits are read as numbers


def _month(word: str) -> int:
    return next(n for n, name in enumerate(MONTHS, 1) if name.startswith(word.lower()[:3]))


def _numbers(text: str, found: list[re.Match[str]], tokens: tuple[str, ...]) -> Iterator[Number]:
    skip = -1
    for place, token in enumerate(tokens):
        if place <= skip:
            continue
        if token[0].isdecimal():
            yield _digits(text, found[place], tokens, place)
        elif token in NUMBERS and not _is_pronoun(tokens, place):
            number, skip = _spelled(tokens, place)
            yield number
        elif token in MULTIPLES:
            yield Number(MULTIPLES[token], Decimal("0.1"), 1, place)
        elif (
            token in VAGUE
            or (token in FRACTIONS and _at(tokens, place - 1) in NUMERATORS)
            or (not token.isascii() and any(c.isnumeric() for c in token))
        ):
            yield _unreadable(place)


def _unreadable(place: int) -> Number:
    return Number(None, Decimal(1), 1, place)


def _digits(text: str, match: re.Match[str], tokens: tuple[str, ...], place: int) -> Number:
    start, end = match.span()
    before, earlier = text[start - 1 : start], text[start - 2 : start - 1] if start > 1 else ""
    digits = match[0].replace(",", "")
    is_torn = (
        before.isalpha()
        or before in ("_", ".")
        or (before == "," and earlier.isdecimal())
        or text[end : end + 1] == "_"
        or ("," in match[0] and match[0].index(",") > 3)
    )
    suffix = _at(tokens, place + 1) if text[end : end + 1].isalpha() else ""
    is_ordinal = suffix in ORDINALS
    if is_torn or (suffix and not is_ordinal and suffix != "x" and suffix not in POWERS):
        return _unreadable(place)
    value, quantum = Decimal(digits), Decimal(1).scaleb(-len(digits.partition(".")[2]))
    last = place
    following = _at(tokens, place + 1)
    if suffix or (following in POWERS and len(following) > 2):
        power = POWERS.get(following, 0)
        value, quantum = value.scaleb(power), quantum.scaleb(power)
        last += 1
    is_percent = _is_percent(tokens, last + 1)
    if is_percent:
        value, quantum = value.scaleb(-2), quantum.scaleb(-2)
    is_signed = _is_minus(tokens, place) or (before == "-" and not earlier.strip(" (\t\n"))
    return Number(
        -value if is_signed else value,
        quantum,
        len(digits.replace(".", "").lstrip("0")) or 1,
        place,
        is_percent,
        is_signed,
        is_ordinal,
    )


def _spelled(tokens: tuple[str, ...], place: int) -> tuple[Number, int]:
    """A number in words, and the place of its last one."""
    value, last = NUMBERS[tokens[place]], place
    if value >= 20:
        step = 2 if _at(tokens, place + 1) == "-" else 1
        unit = NUMBERS.get(_at(tokens, place + step), Decimal(0))
        if 0 < unit < 10:
            value, last = value + unit, place + step
    following = _at(tokens, last + 1)
    if following in VAGUE or following in POWERS:
        return _unreadable(place), last + 1  # "two hundred and five": where does it end?
    is_percent = _is_percent(tokens, last + 1)
    quantum = Decimal(1)
    if is_percent:
        value, quantum = value.scaleb(-2), quantum.scaleb(-2)
    is_signed = _is_minus(tokens, place)
    return Number(-value if is_signed else value, quantum, 1, last, is_percent, is_signed), last


def _is_percent(tokens: tuple[str, ...], place: int) -> bool:
    return _at(tokens, place) in PERCENT or tokens[place : place + 2] == ("per", "cent")


def _is_minus(tokens: tuple[str, ...], place: int) -> bool:
    return _at(tokens, place - 1) in ("minus", "negative")


def _is_pronoun(tokens: tuple[str, ...], place: int) -> bool:
    return tokens[place] == "one" and (
        _at(tokens, place + 1) in AFTER_PRONOUN or _at(tokens, place - 1) in BEFORE_PRONOUN
    )


def _at(tokens: tuple[str, ...], place: int) -> str:
    return tokens[place] if 0 <= place < len(tokens) else ""
