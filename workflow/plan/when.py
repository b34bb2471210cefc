"""Stretches of time as people name them, and the days they stand for.

A `When` is symbolic ("last month", "May"), because what it stands for depends on the newest day
in the data of the metric that is asked for. `resolve` turns it into days.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from contracts.plan import Grain, TimeRange
from workflow.plan.calendar_words import MONTH_NAMES
from workflow.plan.outcomes import Refused, Unclear

Unit = Literal["day", "week", "month", "quarter", "half", "year"]
Relation = Literal["in", "between", "from", "since", "until", "before", "after"]
_DAYS_OF_HALF_A_MONTH = 15
_MONTHS_IN: dict[Unit, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}


@dataclass(frozen=True, slots=True)
class Point:
    """A named day, month, quarter, half or year. `number` is which one of its year (of its
    month, for a day); `year_offset` counts from the newest day's year."""

    unit: Unit
    number: int = 0
    month: int = 0
    year: int | None = None
    year_offset: int | None = None

    @property
    def unit_known(self) -> bool:
        """False for the bare day of "1 to 15 July", whose month the other end names."""
        return self.unit != "day" or self.month > 0


@dataclass(frozen=True, slots=True)
class Relative:
    """The whole unit `offset` away from the one that the newest day is in."""

    unit: Unit
    offset: int


@dataclass(frozen=True, slots=True)
class Trailing:
    """The last `count` units: whole ones, the last of them that of the newest day. Days, and one
    unit alone ("the past month"), end with the newest day."""

    unit: Unit
    count: int


@dataclass(frozen=True, slots=True)
class Complete:
    """The last `count` units that are over: that of the newest day is, where it ends with it."""

    unit: Unit
    count: int


@dataclass(frozen=True, slots=True)
class ToDate:
    """From the start of the newest day's unit to the newest day."""

    unit: Unit


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Looks like a date and is none, or could be two; `ask` is the question back."""

    ask: str
    unit: Unit = "day"


@dataclass(frozen=True, slots=True)
class Slice:
    """The first or the last `count` units of a named period: "the last 10 days of June". The
    first half of a month is its first 15 days."""

    whole: "Point | Relative"
    unit: Unit
    count: int
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class NamedDay:
    """ "This Sunday", "since Monday": the latest such day (0 is Monday), the newest day itself or
    (`is_before`) the one before it."""

    weekday: int
    is_before: bool = False
    unit: Unit = "day"


Stretch = Point | Relative | Trailing | Complete | ToDate | Slice | NamedDay | Doubtful


@dataclass(frozen=True, slots=True)
class When:
    """One stretch, or two for `between`, with how the period relates to it."""

    relation: Relation
    first: Stretch
    second: Stretch | None = None

    @property
    def is_relative(self) -> bool:
        """Whether the days depend on what counts as today."""
        wholes = (s.whole if isinstance(s, Slice) else s for s in (self.first, self.second))
        counted = Relative | Trailing | Complete | ToDate | NamedDay
        return any(isinstance(s, counted) for s in wholes)


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `start` (included) to `end` (not included)."""

    start: date
    end: date


def day_words(day: date) -> str:
    """As in "5 July 2022"."""
    return f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"


def _month_words(day: date) -> str:
    return f"{MONTH_NAMES[day.month - 1]} {day.year}"


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last day of that month when it is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not 1 <= year <= 9998:
        raise Refused("That is too far away to be a date in the data.")
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def unit_start(day: date, unit: Unit) -> date:
    """The first day of the unit that the day is in; weeks start on Monday."""
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    months = _MONTHS_IN[unit]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def shift(day: date, unit: Unit, count: int) -> date:
    """The day `count` units later."""
    if unit in ("day", "week"):
        try:
            return day + timedelta(days=count * (1 if unit == "day" else 7))
        except OverflowError:
            raise Refused("That is too far away to be a date in the data.") from None
    return add_months(day, count * _MONTHS_IN[unit])


def _calendar_day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Unclear(
            f"{day} {MONTH_NAMES[month - 1]} {year} is not a date. Which day do you mean?"
        ) from None


def _point(point: Point, latest: date, reference: date) -> Span:
    """Without a year: the nearest that starts no later than `latest`."""
    year = point.year if point.year is not None else latest.year
    if point.year_offset is not None:
        year = reference.year + point.year_offset

    def start_in(year: int) -> date:
        if point.unit == "year":
            return date(year, 1, 1)
        if point.unit == "day":
            return _calendar_day(year, point.month, point.number)
        return date(year, (point.number - 1) * _MONTHS_IN[point.unit] + 1, 1)

    start = start_in(year)
    if point.year is None and point.year_offset is None and start > latest:
        start = start_in(year - 1)
    return Span(start, shift(start, point.unit, 1))


def _stretch(stretch: Stretch, latest: date, reference: date) -> Span:
    if isinstance(stretch, Doubtful):
        raise Unclear(stretch.ask)
    if isinstance(stretch, Point):
        return _point(stretch, latest, reference)
    if isinstance(stretch, Relative):
        start = shift(unit_start(reference, stretch.unit), stretch.unit, stretch.offset)
        return Span(start, shift(start, stretch.unit, 1))
    if isinstance(stretch, Slice):
        return _slice(stretch, _stretch(stretch.whole, latest, reference))
    if isinstance(stretch, NamedDay):
        latest = reference - timedelta(days=1) if stretch.is_before else reference
        day = latest - timedelta(days=(latest.weekday() - stretch.weekday) % 7)
        return Span(day, day + timedelta(days=1))
    return _up_to_now(stretch, reference)


def _up_to_now(stretch: ToDate | Trailing | Complete, reference: date) -> Span:
    end = reference + timedelta(days=1)
    if isinstance(stretch, Complete):
        end = unit_start(end, stretch.unit)  # of the first unit that is not over
        return Span(shift(end, stretch.unit, -stretch.count), end)
    if isinstance(stretch, ToDate):
        return Span(unit_start(reference, stretch.unit), end)
    if stretch.unit != "day" and stretch.count > 1:  # whole ones, as a relative period has them
        last = unit_start(reference, stretch.unit)
        first = shift(last, stretch.unit, 1 - stretch.count)
        return Span(first, shift(last, stretch.unit, 1))
    return Span(shift(end, stretch.unit, -stretch.count), end)


def _slice(stretch: Slice, whole: Span) -> Span:
    if stretch.unit == "half":
        middle = whole.start + timedelta(days=_DAYS_OF_HALF_A_MONTH)
        return Span(middle, whole.end) if stretch.is_last else Span(whole.start, middle)
    if stretch.is_last:
        found = Span(shift(whole.end, stretch.unit, -stretch.count), whole.end)
    else:
        found = Span(whole.start, shift(whole.start, stretch.unit, stretch.count))
    if found.start < whole.start or found.end > whole.end:
        raise Unclear(
            f"{stretch.count} {stretch.unit}s are longer than that. Which days do you mean?"
        )
    return found


def is_doubtful(when: When, reference: date) -> bool:
    """Whether people mean different days by it: "the last month" is the one that ended or the 30
    days up to now, "last Saturday" the latest or that of the week before, the month that runs
    belongs to "the last 3 months" or not, and the first week of a month begins with its first day
    or with its first Monday."""
    return any(_is_doubtful(s, reference) for s in (when.first, when.second))


def _is_doubtful(stretch: Stretch | None, reference: date) -> bool:
    if isinstance(stretch, Slice):
        return stretch.unit == "week"
    if isinstance(stretch, NamedDay):
        return True
    if not isinstance(stretch, Trailing) or stretch.unit == "day":
        return False
    return stretch.count == 1 or is_running(reference, stretch.unit)


def is_running(reference: date, unit: Unit) -> bool:
    """Whether the unit that the newest day is in goes on after it."""
    return shift(unit_start(reference, unit), unit, 1) > reference + timedelta(days=1)


def _points(when: When) -> list[Point]:
    wholes = (s.whole if isinstance(s, Slice) else s for s in (when.first, when.second))
    return [s for s in wholes if isinstance(s, Point)]


def assumed_year(when: When, reference: date) -> bool:
    """Whether a month, quarter or day was named without its year and cannot be of this one."""
    points = _points(when)
    if len(points) == 2 and points[0].year is None and points[1].year is not None:
        start = resolve(when, reference).start  # "from July to March 2022" begins in 2021
        return start is not None and start.year != points[1].year
    if any(p.year is not None or p.year_offset is not None for p in points):
        return False
    if len(points) == 2 and when.relation == "between":
        start = resolve(when, reference).start
        return start is None or start.year != reference.year
    return any(_point(p, reference, reference).start.year != reference.year for p in points)


def resolve(when: When, reference: date) -> TimeRange:
    """The days of a period, counted from `reference`. Raises Refused or Unclear."""
    if when.second is not None:
        second = _end_of_range(when, reference)
        first_point = when.first
        if isinstance(first_point, Point) and first_point.year is None:
            first = _point(first_point, second.start, reference)
        else:
            first = _stretch(first_point, second.start, reference)
        if first.start >= second.end:
            raise Unclear(
                f"{day_words(first.start)} is after {day_words(second.end - timedelta(days=1))}. "
                "Which period do you mean?"
            )
        return time_range(first.start, second.end)
    span = _stretch(when.first, reference, reference)
    if when.relation == "since":
        return time_range(span.start, None)
    if when.relation == "after":
        return time_range(span.end, None)
    if when.relation == "before":
        return time_range(None, span.start)
    if when.relation == "until":
        return time_range(None, span.end)
    return time_range(span.start, span.end)


def _end_of_range(when: When, reference: date) -> Span:
    """ "From June through September", of data that end in July, ends after them."""
    assert when.second is not None  # noqa: S101  only called for two
    second = _stretch(when.second, reference, reference)
    points = _points(when)
    is_bare = len(points) == 2 and all(p.year is None and p.year_offset is None for p in points)
    if not is_bare:
        return second
    first = _point(points[0], reference, reference)
    later = _point(points[1], date(reference.year, 12, 31), reference)
    return later if first.start.year == reference.year and first.start < later.start else second


def time_range(start: date | None, end: date | None) -> TimeRange:
    """A range with the label a person would use; the label reads back as the same range."""
    if start is None and end is None:
        return TimeRange()
    if start is None and end is not None:
        return TimeRange(end=end, label=f"before {day_words(end)}")
    if end is None and start is not None:
        return TimeRange(start=start, label=f"since {day_words(start)}")
    assert start is not None and end is not None  # noqa: S101  the cases above are all others
    return TimeRange(start=start, end=end, label=_label(start, end))


def _label(start: date, end: date) -> str:
    last = end - timedelta(days=1)
    if start == last:
        return day_words(start)
    if start.day != 1 or end.day != 1:
        return f"{day_words(start)} to {day_words(last)}"
    months = (end.year - start.year) * 12 + end.month - start.month
    if months == 1:
        return _month_words(start)
    if months == 12 and start.month == 1:
        return str(start.year)
    if months == 3 and start.month % 3 == 1:
        return f"Q{start.month // 3 + 1} {start.year}"
    return f"{_month_words(start)} to {_month_words(last)}"


def said(time: TimeRange) -> str:
    """The label with the preposition that fits it in a question."""
    if time.start is None or time.end is None:
        return time.label
    if " to " in time.label:
        return f"from {time.label}"
    is_day = (time.end - time.start).days == 1
    return f"{'on' if is_day else 'in'} {time.label}"


def grain_for(time: TimeRange | None, reference: date) -> Grain:
    """The grain of "over time": days for a month, weeks for a quarter, else months."""
    if time is None or time.start is None:
        return "month"
    days = ((time.end or reference) - time.start).days
    if days <= 31:
        return "day"
    return "week" if days <= 92 else "month"
