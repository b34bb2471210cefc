"""The dates of a sentence: which rows they stand for, and whether they are the result's period."""

from datetime import date, timedelta
from typing import Literal

from workflow.narrate.facts import Period, Rows, Table
from workflow.narrate.mentions import DAY, Day, Mentions
from workflow.semantic.periods import shifted

Role = Literal["now", "before"]
"""The period that a plan is about, or the one that it is compared with."""
Mark = tuple[int, int, Rows]
"""The place of a token, and the rows that it stands for in a dimension."""

_ONE_DAY = timedelta(days=1)
_OPEN = frozenset(("since", "before", "after", "until", "till", "through", "to"))
_RANGES = frozenset((word,) for word in ("to", "and", "until", "through", "-", "–", "till"))
_SIZES = {"day": 0, "week": 1, "month": 2, "quarter": 3, "year": 4}


def dates_named(
    found: Mentions, table: Table
) -> tuple[list[Mark], tuple[tuple[int, Role], ...]] | None:
    """The rows that the dates of a text stand for, and the periods that they name; None where one
    is neither in the result nor the whole of its period: what happened then nobody knows."""
    places = [place for place, token in enumerate(found.tokens) if token == DAY]
    rows = [_rows_on(day, table) for day in found.days]
    marks: list[Mark] = []
    roles: list[tuple[int, Role]] = []
    skip = False
    for number, (place, day) in enumerate(zip(places, found.days, strict=True)):
        if skip:
            skip = False
            continue
        after = number + 1
        is_range = after < len(places) and found.tokens[place + 1 : places[after]] in _RANGES
        following = found.days[after] if is_range else None
        if following is not None and not (rows[number] and rows[after]):
            role = _role(day, following, table)
            if role is not None:
                roles.append((place, role))
                skip = True
                continue
        role = _role(day, day, table, _before(found.tokens, place))
        if rows[number] and table.time_dimension is not None:
            marks.append((place, table.time_dimension, rows[number]))
        elif role is None:
            return None
        if role is not None:
            roles.append((place, role))
    return marks, tuple(roles)


def _before(tokens: tuple[str, ...], place: int) -> str:
    return tokens[place - 1] if place else ""


def _rows_on(day: Day, table: Table) -> Rows:
    if not day.has_year:
        months = {
            row
            for row, when in table.times.items()
            if when.month == day.value.month
            and (day.precision == "month" or when.day == day.value.day)
        }
        years = {table.times[row].year for row in months}
        is_coarser = day.precision == "month" and table.grain in ("quarter", "year")
        return frozenset(months) if len(years) == 1 and not is_coarser else frozenset()
    start, end = _edges(day)
    if table.grain is not None and _SIZES[day.precision] < _SIZES[table.grain]:
        return frozenset(
            row for row, when in table.times.items() if when == start and table.grain == "week"
        )
    return frozenset(row for row, when in table.times.items() if start <= when < end)


def _edges(day: Day) -> tuple[date, date]:
    """The first day, and the one after the last."""
    if day.precision == "day":
        return day.value, day.value + timedelta(days=1)
    return day.value, shifted(day.value, day.precision, 1)


def _role(first: Day, last: Day, table: Table, before: str = "") -> Role | None:
    if _is_period(first, last, table.period, before):
        return "now"
    if table.before is not None and _is_period(first, last, table.before, before):
        return "before"
    return None


def _is_period(first: Day, last: Day, period: Period, before: str) -> bool:
    """Whether the days are exactly the period's; a month or a day may leave the year out."""
    start, end = period.start, period.end
    if start is not None and end is not None:
        if first is last and before in _OPEN:
            return False
        if not first.has_year:
            first, last = _in_year(first, start.year), _in_year(last, (end - _ONE_DAY).year)
        return (_edges(first)[0], _edges(last)[1]) == (start, end)
    if first is not last or not first.has_year:
        return False
    if start is not None:
        return before in ("since", "from") and _edges(first)[0] == start
    return end is not None and before == "before" and _edges(first)[0] == end


def _in_year(day: Day, year: int) -> Day:
    is_leap_day = (day.value.month, day.value.day) == (2, 29)
    value = date(year, day.value.month, 28 if is_leap_day else day.value.day)
    return Day(value, day.precision)
