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
    SCALES,
    VAGUE,
)

Precision = Literal["day", "month", "quarter", "year"]

# in the place of what has been read, neither a word nor a digit: a name, a date
NAME, DAY = "\u241f", "\u241e"
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
      | (?:(?<![\s\S])|(?<=in\ )|(?<=than\ )|(?<=of\ )|(?<=since\ )|(?<=during\ )|(?<=for\ )
          |(?<=year\ ))
        (?P<only_year>\d{{4}})
      | (?P<bare>(?:{_MONTH})(?<!\.))
    )(?![\w/]|[.,-]\d)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MAY_BE_DATED = re.compile(rf"\d{{4}}|{'|'.join(name[:3] for name in MONTHS)}", re.IGNORECASE)
_TOKEN = re.compile(r"\d+(?:,\d{3}(?!\d))*(?:\.\d+)?|[^\W\d]+|\S")


_PLAINER = str.maketrans({"−": "-", "‒": "-", "’": "'", NAME: " ", DAY: " "})


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written: `value` None where it cannot be read; `quantum` the weight of its
    last digit; `digits` how many significant ones; `is_signed` when a minus stands before it.
    A percentage is already divided by a hundred. `token` is its place among the tokens, `end`
    that of its last one."""

    value: Decimal | None
    quantum: Decimal
    digits: int
    token: int
    end: int
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
    """In one form: compatibility characters resolved, invisible ones and our own marks gone, one
    kind of minus and of apostrophe."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return text.translate(_PLAINER)


def mentions(text: str) -> Mentions:
    """All of them, in a text that went through `plain`."""
    days: list[Day] = []

    def take(found: re.Match[str]) -> str:
        read = _day(found)
        if read is None:
            return found[0]
        days.append(read)
        return f" {DAY} "

    rest = _DATE.sub(take, text) if _MAY_BE_DATED.search(text) else text
    found = list(_TOKEN.finditer(rest))
    tokens = tuple(token[0].lower() for token in found)
    return Mentions(tokens, tuple(_numbers(rest, found, tokens)), tuple(days))


def _day(found: re.Match[str]) -> Day | None:
    group = found.groupdict()
    if bare := group["bare"]:
        is_name = bare[0].isupper() and bare.lower() in MONTHS
        return Day(date(2000, _month(bare), 1), "month", has_year=False) if is_name else None
    try:
        return _with_year(group)
    except ValueError:
        return None  # no such day: its digits are read as numbers


def _with_year(group: dict[str, str | None]) -> Day:
    if year := group["iso"]:
        day = group["iso_day"]
        value = date(int(year), int(group["iso_month"] or 0), int(day or 1))
        return Day(value, "day" if day else "month")
    for month, day, year in (("month", "day", "year"), ("us_month", "us_day", "us_year")):
        if name := group[month]:
            value = date(int(group[year] or 2000), _month(name), int(group[day] or 0))
            return Day(value, "day", has_year=bool(group[year]))
    if name := group["only_month"]:
        return Day(date(int(group["month_year"] or 0), _month(name), 1), "month")
    if year := group["only_year"]:
        return Day(date(int(year), 1, 1), "year")
    quarter = QUARTERS.get((group["nth"] or "").lower()) or int(group["q"] or group["qq"] or 0)
    year = group["q_year"] or group["qq_year"] or group["nth_year"]
    return Day(date(int(year or 0), 3 * quarter - 2, 1), "quarter")


def _month(word: str) -> int:
    return next(n for n, name in enumerate(MONTHS, 1) if name.startswith(word.lower()[:3]))


def _numbers(text: str, found: list[re.Match[str]], tokens: tuple[str, ...]) -> Iterator[Number]:
    skip = -1
    for place, token in enumerate(tokens):
        if place <= skip:
            continue
        number = None
        if token[0].isdecimal():
            number = _digits(text, found[place], tokens, place)
        elif _is_number_word(token) and not _is_pronoun(tokens, place):
            number = _spelled(tokens, place)
        elif token in MULTIPLES:
            number = _multiple(tokens, place)
        elif (
            token in VAGUE
            or (token in FRACTIONS and _at(tokens, place - 1) in NUMERATORS)
            or (not token.isascii() and any(c.isnumeric() for c in token))
        ):
            number = _unreadable(place, place)
        if number is not None:
            skip = number.end
            yield number


def _is_number_word(token: str) -> bool:
    return token in NUMBERS or token in SCALES or (token in POWERS and len(token) > 2)


def _unreadable(place: int, end: int) -> Number:
    return Number(None, Decimal(1), 1, place, end)


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
        return _unreadable(place, place)
    value, quantum = Decimal(digits), Decimal(1).scaleb(-len(digits.partition(".")[2]))
    last = place + is_ordinal
    following = _at(tokens, place + 1)
    if (suffix and following in POWERS) or (following in POWERS and len(following) > 1):
        power = POWERS[following]
        value, quantum = value.scaleb(power), quantum.scaleb(power)
        last += 1
    elif following in SCALES:
        value, quantum = value * SCALES[following], quantum * SCALES[following]
        last += 1
    is_percent, last = _percent(tokens, last)
    if is_percent:
        value, quantum = value.scaleb(-2), quantum.scaleb(-2)
    is_signed = _is_minus(tokens, place) or (before == "-" and not earlier.strip(" (\t\n$£€"))
    return Number(
        -value if is_signed else value,
        quantum,
        len(digits.replace(".", "").lstrip("0")) or 1,
        place,
        last,
        is_percent,
        is_signed,
        is_ordinal,
    )


def _spelled(tokens: tuple[str, ...], place: int) -> Number:
    """A number in words: "twenty-one", "two hundred", "a dozen", "three million"."""
    value, last = NUMBERS.get(tokens[place], Decimal(1)), place
    if tokens[place] not in NUMBERS:
        last -= 1  # "a dozen" is one of them
    if value >= 20:
        step = 2 if _at(tokens, place + 1) == "-" else 1
        unit = NUMBERS.get(_at(tokens, place + step), Decimal(0))
        if 0 < unit < 10:
            value, last = value + unit, place + step
    value, last = _scaled(tokens, value, last)
    after = _at(tokens, last + 1)
    if after in NUMBERS or (after == "and" and _at(tokens, last + 2) in NUMBERS):
        return _unreadable(place, last + 2)  # "two hundred and five": where does it end?
    is_percent, last = _percent(tokens, last)
    quantum = Decimal("0.01") if is_percent else Decimal(1)
    is_signed = _is_minus(tokens, place)
    value = value.scaleb(-2) if is_percent else value
    return Number(-value if is_signed else value, quantum, 1, place, last, is_percent, is_signed)


def _multiple(tokens: tuple[str, ...], place: int) -> Number:
    """Like "doubled", or "half a million"."""
    value, last = MULTIPLES[tokens[place]], place
    scale = _at(tokens, place + 2)
    if _at(tokens, place + 1) == "a" and (scale in SCALES or scale in POWERS):
        value, last = _scaled(tokens, value, place + 1)
    return Number(value, Decimal("0.1"), 1, place, last)


def _scaled(tokens: tuple[str, ...], value: Decimal, last: int) -> tuple[Decimal, int]:
    while True:
        following = _at(tokens, last + 1)
        if following in SCALES:
            value *= SCALES[following]
        elif following in POWERS and len(following) > 2:
            value = value.scaleb(POWERS[following])
        else:
            return value, last
        last += 1


def _percent(tokens: tuple[str, ...], last: int) -> tuple[bool, int]:
    """Whether a number is a percentage, and where it then ends."""
    if _at(tokens, last + 1) in PERCENT:
        return True, last + 1
    is_spelled = tokens[last + 1 : last + 3] == ("per", "cent")
    return is_spelled, last + 2 if is_spelled else last


def _is_minus(tokens: tuple[str, ...], place: int) -> bool:
    return _at(tokens, place - 1) in ("minus", "negative")


def _is_pronoun(tokens: tuple[str, ...], place: int) -> bool:
    return tokens[place] == "one" and (
        _at(tokens, place + 1) in AFTER_PRONOUN or _at(tokens, place - 1) in BEFORE_PRONOUN
    )


def _at(tokens: tuple[str, ...], place: int) -> str:
    return tokens[place] if 0 <= place < len(tokens) else ""
