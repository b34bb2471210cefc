"""How a person would say a period. Worked out, not taken from a model's prose."""

from datetime import date, timedelta


def period_label(start: date | None, end: date | None) -> str:
    """`end` is not included: 2024-05-01 to 2024-06-01 is "May 2024"."""
    if start is None or end is None:
        if start is not None:
            return f"since {day_in_words(start)}"
        return f"before {day_in_words(end)}" if end is not None else ""
    if start.day == 1 and end.day == 1:
        months = (end.year - start.year) * 12 + end.month - start.month
        if months == 12 and start.month == 1:
            return str(start.year)
        if months == 3 and start.month % 3 == 1:
            return f"Q{start.month // 3 + 1} {start.year}"
        if months == 1:
            return f"{start:%B} {start.year}"
    last = end - timedelta(days=1)
    return (
        day_in_words(start) if last == start else f"{day_in_words(start)} to {day_in_words(last)}"
    )


def day_in_words(day: date) -> str:
    """31 July 2022."""
    return f"{day.day} {day:%B} {day.year}"
