"""The words for parts of time: lengths of periods, months, days of the week."""

from contracts.plan import Grain

UNITS: dict[str, Grain] = {
    "day": "day", "week": "week", "month": "month", "quarter": "quarter", "year": "year",
}  # fmt: skip
GRAINS: dict[str, Grain] = {
    **UNITS,
    "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter",
    "yearly": "year", "annual": "year", "annually": "year", "date": "day",
    "day by day": "day", "week by week": "week", "month by month": "month",
    "quarter by quarter": "quarter", "year by year": "year", "calendar month": "month",
    "a day": "day", "a week": "week", "a month": "month", "a quarter": "quarter", "a year": "year",
    "calendar week": "week", "calendar year": "year", "calendar day": "day",
}  # fmt: skip
ADVERB_GRAINS = frozenset(GRAINS) - frozenset(UNITS) - {
    "date", "calendar month", "calendar week", "calendar year", "calendar day",
}  # fmt: skip
# Parts of time that no plan can group or filter by: kept whole, so that "by day of the week" is
# not read as "by day".
UNREADABLE_TIME = """day of the week, day of week, days of the week, weekday, weekdays, weekend,
    weekends, time of day, time of the day, hour, hours, hour of day, hour of the day, month of
    the year, day of the month, day of month, monday, mondays, tuesday, tuesdays, wednesday,
    wednesdays, thursday, thursdays, friday, fridays, saturday, saturdays, sunday, sundays,
    hourly, end of the month, fortnight, decade, season, minute, minutes"""
# A change from one to the next.
STEPS: dict[str, Grain] = {
    f"{unit} {word} {unit}": unit for unit in UNITS.values() for word in ("over", "on", "to")
} | {"mom": "month", "yoy": "year", "wow": "week", "qoq": "quarter", "dod": "day"}
# Days of the week, as values of a field; "weekend" names two of them.
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# What picks a part of time, and is a part of many names too.
EDGES = frozenset(
    {"last", "first", "past", "previous", "next", "second", "third", "half", "recent"}
)
WEEKDAY_NUMBERS = {
    **{name.lower(): number for number, name in enumerate(WEEKDAYS)},
    "mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5,
    "sun": 6,
}  # fmt: skip
WEEKEND = frozenset({"weekend", "weekends"})
WORKDAYS = frozenset({"workday", "workdays"})

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun",
            "july jul", "august aug", "september sep sept", "october oct", "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
# Month names that are words of their own; read as months only where a month is likely.
DOUBTFUL_MONTHS = frozenset({"may", "march", "mar"})
