"""Periods that are counted from the newest day, on days that make a difference."""

from datetime import date

import pytest

from workflow.plan.time_words import when_at
from workflow.plan.tokens import tokenize
from workflow.plan.when import is_doubtful, resolve


@pytest.mark.parametrize(
    "said, newest, first, end",
    [
        ("last 3 complete months", "2022-07-26", "2022-04-01", "2022-07-01"),
        ("last 3 complete months", "2022-07-30", "2022-04-01", "2022-07-01"),
        ("last 3 complete months", "2022-07-31", "2022-05-01", "2022-08-01"),
        ("last 3 complete months", "2022-02-28", "2021-12-01", "2022-03-01"),
        ("last 3 complete months", "2024-02-28", "2023-11-01", "2024-02-01"),
        ("last complete month", "2022-08-01", "2022-07-01", "2022-08-01"),
        ("last 2 full quarters", "2022-07-26", "2022-01-01", "2022-07-01"),
        ("last 2 full quarters", "2022-09-30", "2022-04-01", "2022-10-01"),
        ("past 4 complete weeks", "2022-07-26", "2022-06-27", "2022-07-25"),
        ("past 4 complete weeks", "2022-07-31", "2022-07-04", "2022-08-01"),
        ("the previous full calendar year", "2022-12-31", "2022-01-01", "2023-01-01"),
        ("the two last whole years", "2022-12-30", "2020-01-01", "2022-01-01"),
    ],
)
def test_complete_units_are_over_by_the_newest_day(
    said: str, newest: str, first: str, end: str
) -> None:
    tokens = tokenize(said)
    found = when_at(tokens, 0)
    assert found is not None and found[0] == len(tokens)
    reference = date.fromisoformat(newest)
    days = resolve(found[1], reference)
    assert (days.start, days.end) == (date.fromisoformat(first), date.fromisoformat(end))
    assert found[1].is_relative and not is_doubtful(found[1], reference)


@pytest.mark.parametrize(
    "said", ["last complete months", "last 7 full days", "last full day", "last 0 full months"]
)
def test_what_nobody_can_count_is_no_period(said: str) -> None:
    assert when_at(tokenize(said), 0) is None
