"""Finds a period in a row of tokens: "between May and July", "last 30 days", "Q3 2022"."""

import re
from collections.abc import Sequence

from workflow.plan import calendar_words
from workflow.plan.counted_time import (
    UNITS,
    ago_at,
    before_last_at,
    named_day_at,
    relative_at,
    running_at,
    to_date_at,
    whole_at,
    word_at,
)
from workflow.plan.grammar import words
from workflow.plan.tokens import Token
from workflow.plan.when import (
    Complete,
    Doubtful,
    NamedDay,
    Point,
    Relation,
    Relative,
    Slice,
    Stretch,
    ToDate,
    Trailing,
    Unit,
    When,
)

_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_SHORT_ORDINALS = {"1st": "first", "2nd": "second"}
_MOST_SLICES = 99
_CONNECTORS: dict[str, Relation] = {
    "since": "since", "starting": "since", "starting from": "since", "starting in": "since",
    "starting on": "since", "as of": "since", "on or after": "since", "beginning": "since",
    "until": "until", "till": "until", "up to": "until", "up until": "until", "through": "until",
    "thru": "until", "on or before": "until", "up to and including": "until",
    "until and including": "until", "no later than": "until", "not later than": "until",
    "before": "before", "prior to": "before", "earlier than": "before",
    "after": "after", "later than": "after",
    "from": "from",
}  # fmt: skip
_CONNECTING = frozenset(way.split()[0] for way in _CONNECTORS)
_JOINERS = frozenset({"to", "-", "through", "thru", "until", "till", "up to"})
_ONWARDS = frozenset({"on", "onwards", "onward", "forward"})
_STARTS = frozenset({"start", "beginning"})
_ENDS = frozenset({"end", "close"})
_BEFORE_MONTH = words(
    """in of during for since until before after between from to and or vs versus against till
    through by than with on , - & month"""
)
_AFTER_MAY_THE_VERB = words("i we you the it a she he be have one they not also")
_COMPARED = words("over than least most above below exceeding under")
_Found = tuple[int, Stretch]


def when_at(tokens: Sequence[Token], start: int) -> tuple[int, When] | None:
    """The longest period that begins at `start`: how many tokens it takes, and what it says."""
    for length, relation in _connectors_at(tokens, start):
        found = _related(tokens, start + length, relation)
        if found is not None:
            return length + found[0], found[1]
    return _related(tokens, start, "in")


def _connectors_at(tokens: Sequence[Token], start: int) -> list[tuple[int, Relation]]:
    if tokens[start].word == "between":
        return [(1, "between")]
    found: list[tuple[int, Relation]] = []
    if tokens[start].word not in _CONNECTING:
        return found
    for length in (4, 3, 2, 1):
        words = " ".join(t.word for t in tokens[start : start + length])
        if words in _CONNECTORS and start + length < len(tokens):
            found.append((length, _CONNECTORS[words]))
    return found


def _edge_at(tokens: Sequence[Token], at: int, edges: frozenset[str]) -> int:
    """How many tokens "the end of" takes."""
    skipped = 1 if word_at(tokens, at) == "the" else 0
    is_edge = word_at(tokens, at + skipped) in edges and word_at(tokens, at + skipped + 1) == "of"
    return skipped + 2 if is_edge else 0


def _related(tokens: Sequence[Token], at: int, relation: Relation) -> tuple[int, When] | None:
    """The period at a place. "Until the end of March" is until March, "since the beginning of
    June" since June; what they leave is what their first or last day says anyway."""
    edge = _edge_at(tokens, at, _ENDS if relation == "until" else _STARTS)
    if edge and relation in ("until", "since", "from", "between"):
        found = _plainly_related(tokens, at + edge, relation)
        return (edge + found[0], found[1]) if found is not None else None
    return _plainly_related(tokens, at, relation)


def _plainly_related(
    tokens: Sequence[Token], at: int, relation: Relation
) -> tuple[int, When] | None:
    is_bare = word_at(tokens, at) == "the"  # "from the 1st to the 15th of July"
    first = _stretch_at(tokens, at) or _day_of_range(tokens, at + is_bare)
    if first is None and relation in ("since", "until", "before", "after"):
        first = named_day_at(tokens, at)
    if first is None:
        return None
    if is_bare and isinstance(first[1], Point) and not first[1].unit_known:
        first = first[0] + 1, first[1]
    used, stretch = first
    joiner = _joiner_at(tokens, at + used, relation)
    if joiner and relation in ("in", "between", "from"):
        joiner += _edge_at(tokens, at + used + joiner, _ENDS)
        second = _stretch_at(tokens, at + used + joiner) or _day_after(tokens, at, used + joiner)
        if second is None and isinstance(stretch, NamedDay):
            second = named_day_at(tokens, at + used + joiner)  # "last Monday to Friday"
        if second is not None:
            end = second[1]
            if isinstance(stretch, Point) and isinstance(end, Point) and not stretch.unit_known:
                stretch = Point("day", stretch.number, end.month, end.year)
            return used + joiner + second[0], When("between", stretch, end)
    if isinstance(stretch, Point) and not stretch.unit_known:
        return None
    if relation == "between":
        return None
    if relation == "from" and word_at(tokens, at + used) in _ONWARDS:
        return used + 1, When("since", stretch)
    if relation == "from" and (
        isinstance(stretch, Relative | Trailing | Complete | ToDate)
        or (isinstance(stretch, Point) and stretch.unit == "year")
    ):
        relation = "in"  # "from last month", "from 2022" name the period itself
    return used, When(relation, stretch)


def _joiner_at(tokens: Sequence[Token], at: int, relation: Relation) -> int:
    if relation == "between":
        return 1 if word_at(tokens, at) in ("and", "to", "-", "&") else 0
    if word_at(tokens, at) in ("up",) and word_at(tokens, at + 1) == "to":
        return 2
    return 1 if word_at(tokens, at) in _JOINERS else 0


def _stretch_at(tokens: Sequence[Token], at: int) -> _Found | None:
    if at >= len(tokens):
        return None
    skipped = 1 if word_at(tokens, at) == "the" else 0
    at += skipped
    if at >= len(tokens):
        return None
    is_the_last = bool(skipped) and tokens[at].word == "last"
    for read in (
        _slice, _dated, relative_at, before_last_at, ago_at, to_date_at, _day_first, _month_first,
        _quarter, _year,
    ):  # fmt: skip
        found = read(tokens, at)
        if found is not None:
            return found[0] + skipped, _trailing(found[1]) if is_the_last else found[1]
    return None


def _slice(tokens: Sequence[Token], at: int) -> _Found | None:
    """ "The first half of July", "the last 10 days of June", "the first week of May": a part of a
    period that is named."""
    edge = _SHORT_ORDINALS.get(word_at(tokens, at), word_at(tokens, at))
    is_half = edge in ("first", "second") and word_at(tokens, at + 1) == "half"
    if edge not in ("first", "last") and not is_half:
        return None
    count = whole_at(tokens, at + 1)
    used = 1 if count is None else 2
    unit: Unit | None = "half" if is_half else UNITS.get(word_at(tokens, at + used))
    of = _part_of(tokens, at + used + 1)
    if of is None or unit not in ("day", "week", "month", "quarter", "half"):
        return None
    whole = of[1]
    if whole.unit == "day" or (count is not None and not 1 <= count <= _MOST_SLICES):
        return None
    if (unit == "half") is not (whole.unit == "month") and unit in ("half", "month", "quarter"):
        return None  # halves of months, and whole months of what is longer
    return used + 1 + of[0], Slice(whole, unit, count or 1, is_last=edge in ("last", "second"))


def _part_of(tokens: Sequence[Token], at: int) -> tuple[int, Point | Relative] | None:
    """The "of June" of a part of it; "the first week June" leaves the "of" out."""
    is_said = word_at(tokens, at) in ("of", "in")
    if not is_said and word_at(tokens, at) not in calendar_words.MONTHS:
        return None
    found = _stretch_at(tokens, at + is_said) or running_at(tokens, at + is_said)
    if found is None or not isinstance(found[1], Point | Relative):
        return None
    return is_said + found[0], found[1]


def _trailing(stretch: Stretch) -> Stretch:
    """ "The last year" ends today; "last year" ended with December. A quarter is a fixed one
    either way."""
    if isinstance(stretch, Relative) and stretch.offset == -1 and stretch.unit != "quarter":
        return Trailing(stretch.unit, 1)
    return stretch


def _day_of_range(tokens: Sequence[Token], at: int) -> _Found | None:
    """The bare "1" of "1 to 15 July"; its month is the other end's."""
    day = whole_at(tokens, at)
    if day is None or not 1 <= day <= 31 or not tokens[at].text[0].isdigit():
        return None
    joiner = 1 if word_at(tokens, at + 1) in ("to", "-", "and", "through", "till", "until") else 0
    joiner += 1 if joiner and word_at(tokens, at + 2) == "the" else 0
    second = _day_first(tokens, at + 1 + joiner) if joiner else None
    return (1, Point("day", day, month=0)) if second else None


def _day_after(tokens: Sequence[Token], at: int, used: int) -> _Found | None:
    """The bare "15" of "July 1-15", a day of the month of the first; then maybe the year."""
    first = _month_first(tokens, at)
    day = whole_at(tokens, at + used)
    if first is None or day is None or not isinstance(first[1], Point) or first[1].unit != "day":
        return None
    if not 1 <= day <= 31 or word_at(tokens, at + used + 1) in UNITS:
        return None
    point = Point("day", day, first[1].month, first[1].year, first[1].year_offset)
    return (1, point) if point.year else _with_year(tokens, at + used, 1, point)


def _dated(tokens: Sequence[Token], at: int) -> _Found | None:
    token = tokens[at]
    if not token.is_date:
        return None
    parts = [int(p) for p in re.split(r"[-/.]", token.word)]
    if "-" in token.word or parts[0] > 31:
        year, month, day = parts[0], parts[1], parts[2] if len(parts) == 3 else 0
    else:
        day, month, year = parts
        if day <= 12 and month <= 12 and day != month:
            return 1, Doubtful(
                f"{token.word} can be read in two ways. Please write the month as a word."
            )
        day, month = (month, day) if month > 12 else (day, month)
    if not 1 <= month <= 12 or not 1 <= year <= 9998:
        return 1, Doubtful(f"{token.word} is not a date. Which day do you mean?")
    if len(parts) == 2:
        return 1, Point("month", month, year=year)
    return 1, Point("day", day, month, year)


def _is_month(tokens: Sequence[Token], at: int) -> bool:
    word = word_at(tokens, at)
    if word not in calendar_words.MONTHS:
        return False
    if word not in calendar_words.DOUBTFUL_MONTHS:
        return True
    after = word_at(tokens, at + 1)
    if word == "may" and after in _AFTER_MAY_THE_VERB:
        return False
    before = tokens[at - 1] if at else None
    is_dated = _year_after(tokens, at + 1) is not None or (
        before is not None and before.number is not None
    )
    return is_dated or before is None or before.word in _BEFORE_MONTH or after in _BEFORE_MONTH


def _year_after(tokens: Sequence[Token], at: int) -> tuple[int, int | None, int | None] | None:
    """A year that completes a month or a quarter: tokens taken, the year or its offset."""
    skipped = 1 if word_at(tokens, at) in ("of", ",", "in") else 0
    year = whole_at(tokens, at + skipped)
    if year is not None and 1900 <= year <= 2100 and len(tokens[at + skipped].text) == 4:
        return skipped + 1, year, None
    words = (word_at(tokens, at + skipped), word_at(tokens, at + skipped + 1))
    is_this = words[0] == "this" or (words[0] == "the" and word_at(tokens, at) == "of")
    if words[1] == "year" and (is_this or words[0] in ("last", "previous")):
        return skipped + 2, None, 0 if is_this else -1
    return None


def _with_year(tokens: Sequence[Token], at: int, used: int, point: Point) -> _Found:
    year = _year_after(tokens, at + used)
    if year is None:
        return used, point
    return used + year[0], Point(point.unit, point.number, point.month, year[1], year[2])


def _day_first(tokens: Sequence[Token], at: int) -> _Found | None:
    day = whole_at(tokens, at)
    if word_at(tokens, at + 1) == "of" and word_at(tokens, at) in _ORDINALS:
        day = _ORDINALS[word_at(tokens, at)]  # "the first of May"
    elif day is None or not tokens[at].text[0].isdigit():
        return None
    used = 2 if word_at(tokens, at + 1) == "of" else 1
    if not 1 <= day <= 31 or word_at(tokens, at + used) not in calendar_words.MONTHS:
        return None
    month = calendar_words.MONTHS[word_at(tokens, at + used)]
    return _with_year(tokens, at, used + 1, Point("day", day, month))


def _short_year(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """The year of "Apr '22" and of "in Apr 22": tokens taken, and the year."""
    quoted = 1 if word_at(tokens, at + 1) == "'" else 0
    year = whole_at(tokens, at + 1 + quoted)
    if year is None or not 10 <= year <= 99 or len(tokens[at + 1 + quoted].text) != 2:
        return None
    is_said = bool(quoted) or (word_at(tokens, at - 1) in ("in", "during") and year >= 20)
    return (1 + quoted, 2000 + year) if is_said else None


def _month_first(tokens: Sequence[Token], at: int) -> _Found | None:
    skipped = 0
    if word_at(tokens, at) in ("month", "months"):
        skipped = 2 if word_at(tokens, at + 1) == "of" else 1
    if not _is_month(tokens, at + skipped):
        return None
    month = calendar_words.MONTHS[word_at(tokens, at + skipped)]
    short = _short_year(tokens, at + skipped)
    if short is not None:
        return skipped + 1 + short[0], Point("month", month, year=short[1])
    day = whole_at(tokens, at + skipped + 1)
    if (
        day is not None and 1 <= day <= 31 and tokens[at + skipped + 1].text[0].isdigit()
        and word_at(tokens, at + skipped + 2) not in UNITS
        and whole_at(tokens, at + skipped + 1) is not None
    ):  # fmt: skip
        return _with_year(tokens, at, skipped + 2, Point("day", day, month))
    return _with_year(tokens, at, skipped + 1, Point("month", month))


def _quarter(tokens: Sequence[Token], at: int) -> _Found | None:
    word, after = word_at(tokens, at), word_at(tokens, at + 1)
    short = re.fullmatch(r"([qh])([1-4])", word)
    if short and (short[1] == "q" or int(short[2]) <= 2):
        unit: Unit = "quarter" if short[1] == "q" else "half"
        return _with_year(tokens, at, 1, Point(unit, int(short[2])))
    ordinal = _ORDINALS.get(word) or (
        whole_at(tokens, at) if tokens[at].text[-1:] in "tdh" else None
    )
    if ordinal and after == "quarter" and ordinal <= 4:
        return _with_year(tokens, at, 2, Point("quarter", ordinal))
    if ordinal and after == "half" and ordinal <= 2 and _year_after(tokens, at + 2):
        return _with_year(tokens, at, 2, Point("half", ordinal))
    number = whole_at(tokens, at + 1)
    if word == "quarter" and number is not None and 1 <= number <= 4:
        return _with_year(tokens, at, 2, Point("quarter", number))
    return None


def _year(tokens: Sequence[Token], at: int) -> _Found | None:
    skipped = 1 if word_at(tokens, at) == "year" else 0
    year = whole_at(tokens, at + skipped)
    if year is None or not 1900 <= year <= 2100 or len(tokens[at + skipped].text) != 4:
        return None
    if not skipped and word_at(tokens, at - 1) in _COMPARED:
        return None  # "more than 2000" is an amount
    quarter = re.fullmatch(r"q([1-4])", word_at(tokens, at + skipped + 1))
    if quarter:
        return skipped + 2, Point("quarter", int(quarter[1]), year=year)
    return skipped + 1, Point("year", year=year)
