"""Finds a period that is counted from now: "last month", "3 weeks ago", "year to date"."""

from collections.abc import Sequence

from workflow.plan import calendar_words
from workflow.plan.tokens import Token
from workflow.plan.when import Complete, NamedDay, Relative, Stretch, ToDate, Trailing, Unit

UNITS: dict[str, Unit] = {
    **calendar_words.UNITS, "days": "day", "weeks": "week", "months": "month",
    "quarters": "quarter", "years": "year",
}  # fmt: skip
_MOST = 10_000
_PAST = frozenset({"last", "past", "previous", "prior", "trailing"})
_THIS = frozenset({"this", "current"})
_OVER = frozenset({"complete", "completed", "full", "whole", "entire"})


def relative_at(tokens: Sequence[Token], at: int) -> tuple[int, Stretch] | None:
    """ "Today", "this month so far", "last week", "the past 30 days"."""
    word, after = word_at(tokens, at), word_at(tokens, at + 1)
    if word in ("today", "yesterday"):
        return 1, Relative("day", 0 if word == "today" else -1)
    if word in _THIS and after in UNITS:
        if [word_at(tokens, at + n) for n in (2, 3)] == ["so", "far"]:
            return 4, ToDate(UNITS[after])
        return 2, Relative(UNITS[after], 0)
    if (word in _THIS or word in _PAST) and after in calendar_words.WEEKDAY_NUMBERS:
        return 2, NamedDay(calendar_words.WEEKDAY_NUMBERS[after], is_before=word in _PAST)
    return _past(tokens, at) if word in _PAST else _counted_past(tokens, at)


def _counted_past(tokens: Sequence[Token], at: int) -> tuple[int, Stretch] | None:
    """ "The two last months"."""
    count, unit = whole_at(tokens, at), word_at(tokens, at + 2)
    if count is None or not 1 < count <= _MOST or word_at(tokens, at + 1) not in _PAST:
        return None
    if unit in _OVER:
        return _complete(tokens, at + 2, 2, count)
    return (3, Trailing(UNITS[unit], count)) if unit in UNITS else None


def _complete(
    tokens: Sequence[Token], at: int, used: int, count: int | None
) -> tuple[int, Stretch] | None:
    """The "complete months" of "the last 3 complete months"; "the last complete months" are
    nobody knows how many. Of the newest day nobody knows whether it is over."""
    skipped = 2 if word_at(tokens, at + 1) == "calendar" else 1
    word = word_at(tokens, at + skipped)
    unit = (UNITS if count is not None else calendar_words.UNITS).get(word)
    if unit is None or unit == "day" or (count is not None and not 1 <= count <= _MOST):
        return None
    return used + skipped + 1, Complete(unit, count or 1)


def named_day_at(tokens: Sequence[Token], at: int) -> tuple[int, Stretch] | None:
    """The "Monday" of "since Monday"."""
    number = calendar_words.WEEKDAY_NUMBERS.get(word_at(tokens, at))
    return (1, NamedDay(number)) if number is not None else None


def _past(tokens: Sequence[Token], at: int) -> tuple[int, Stretch] | None:
    word, after = word_at(tokens, at), word_at(tokens, at + 1)
    count = whole_at(tokens, at + 1)
    if count is not None and word_at(tokens, at + 2) in UNITS and 1 <= count <= _MOST:
        return 3, Trailing(UNITS[word_at(tokens, at + 2)], count)
    counted = 1 if count is None else 2
    if word_at(tokens, at + counted) in _OVER:
        return _complete(tokens, at + counted, counted, count)
    if after not in calendar_words.UNITS:
        return None
    unit = UNITS[after]
    return 2, Trailing(unit, 1) if word in ("past", "trailing") else Relative(unit, -1)


def ago_at(tokens: Sequence[Token], at: int) -> tuple[int, Stretch] | None:
    """ "3 weeks ago"."""
    count = 1 if word_at(tokens, at) in ("a", "an") else whole_at(tokens, at)
    if count is None or word_at(tokens, at + 1) not in UNITS or word_at(tokens, at + 2) != "ago":
        return None
    return (3, Relative(UNITS[word_at(tokens, at + 1)], -count)) if count <= _MOST else None


def to_date_at(tokens: Sequence[Token], at: int) -> tuple[int, Stretch] | None:
    """ "Year to date", "so far this month"."""
    short: dict[str, Unit] = {"ytd": "year", "mtd": "month", "qtd": "quarter", "wtd": "week"}
    if word_at(tokens, at) in short:
        return 1, ToDate(short[word_at(tokens, at)])
    words = [word_at(tokens, at + n) for n in range(4)]
    if words[0] in calendar_words.UNITS and words[1:3] == ["to", "date"]:
        return 3, ToDate(UNITS[words[0]])
    if words[:2] == ["so", "far"] and words[2] in _THIS and words[3] in calendar_words.UNITS:
        return 4, ToDate(UNITS[words[3]])
    return None


def before_last_at(tokens: Sequence[Token], at: int) -> tuple[int, Stretch] | None:
    """ "The day before yesterday", "the month before last"."""
    unit, before, last = (word_at(tokens, at + n) for n in range(3))
    if before != "before" or unit not in calendar_words.UNITS:
        return None
    if last == "last" or (unit == "day" and last == "yesterday"):
        return 3, Relative(UNITS[unit], -2)
    return None


def running_at(tokens: Sequence[Token], at: int) -> tuple[int, Stretch] | None:
    """ "The year", of which something is a part, is this year."""
    unit = UNITS.get(word_at(tokens, at + 1))
    if (
        word_at(tokens, at) != "the"
        or unit is None
        or word_at(tokens, at + 1) not in calendar_words.UNITS
    ):
        return None
    return 2, Relative(unit, 0)


def word_at(tokens: Sequence[Token], at: int) -> str:
    """The folded word at a place, nothing beyond the ends."""
    return tokens[at].word if 0 <= at < len(tokens) else ""


def whole_at(tokens: Sequence[Token], at: int) -> int | None:
    """The whole number at a place, if there is one."""
    number = tokens[at].number if 0 <= at < len(tokens) else None
    return int(number) if number is not None and number == int(number) else None
