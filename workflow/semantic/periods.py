"""Calendar periods: weeks start on Monday, and everything is in UTC."""

from datetime import date, timedelta

from contracts.plan import Grain

_MONTHS: dict[Grain, int] = {"month": 1, "quarter": 3, "year": 12}
_ONE_DAY = timedelta(days=1)


def first_day(day: date, grain: Grain) -> date:
    """The first day of the period that holds `day`."""
    if grain == "day":
        return day
    if grain == "week":
        return day - timedelta(days=day.weekday())
    return date(day.year, (day.month - 1) // _MONTHS[grain] * _MONTHS[grain] + 1, 1)


def shifted(day: date, grain: Grain, count: int) -> date:
    """`day` moved by whole periods; a day that the month does not have becomes its last one.

    Raises ValueError or OverflowError outside the years 1 to 9999.
    """
    if grain in ("day", "week"):
        return day + timedelta(days=count * (7 if grain == "week" else 1))
    month = day.year * 12 + day.month - 1 + count * _MONTHS[grain]
    start = date(month // 12, month % 12 + 1, 1)
    following = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return min(start + timedelta(days=day.day - 1), following - _ONE_DAY)


def shifted_end(end: date, grain: Grain, count: int) -> date:
    """The day after the last one of a period, moved as its last day is: a period that ends with a
    month ends with a month."""
    if end.day == 1:
        return shifted(end, grain, count)
    return shifted(end - _ONE_DAY, grain, count) + _ONE_DAY


def whole_months(start: date, end: date) -> int | None:
    """How many calendar months lie from `start` to `end` (not included), if all are whole."""
    if start.day != 1 or end.day != 1:
        return None
    return (end.year - start.year) * 12 + end.month - start.month
