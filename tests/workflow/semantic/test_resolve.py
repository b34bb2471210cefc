"""Relative periods as days, and periods that are compared fairly."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.plan import (
    Comparison,
    Dimension,
    Grain,
    MetricQuery,
    Plan,
    Planned,
    RelativeTime,
    TimeRange,
)
from workflow.semantic.compile_sql import PlanError, compile_plan
from workflow.semantic.model import DataProfile, SemanticModel
from workflow.semantic.periods import first_day, shifted, shifted_end
from workflow.semantic.resolve import as_of_day, period_before, resolve, resolve_planned

AS_OF = date(2022, 8, 23)  # a Tuesday
TODAY = date(2026, 1, 5)


def days(start: tuple[int, int, int], end: tuple[int, int, int]) -> TimeRange:
    return TimeRange(start=date(*start), end=date(*end))


@pytest.mark.parametrize(
    ("unit", "offset", "count", "start", "end"),
    [
        ("month", -1, 1, date(2022, 7, 1), date(2022, 8, 1)),
        ("day", 0, 30, date(2022, 7, 25), date(2022, 8, 24)),
        ("day", -1, 1, date(2022, 8, 22), date(2022, 8, 23)),
        ("year", 0, 1, date(2022, 1, 1), date(2023, 1, 1)),
        ("week", 0, 1, date(2022, 8, 22), date(2022, 8, 29)),
        ("week", -1, 2, date(2022, 8, 8), date(2022, 8, 22)),
        ("quarter", -1, 1, date(2022, 4, 1), date(2022, 7, 1)),
        ("month", 0, 9, date(2021, 12, 1), date(2022, 9, 1)),
    ],
)
def test_a_relative_period_counts_from_the_as_of_day(
    unit: Grain, offset: int, count: int, start: date, end: date
) -> None:
    relative = RelativeTime(unit=unit, offset=offset, count=count)
    plan = Plan(metrics=("revenue",), time=TimeRange(relative=relative, label="lately"))
    assert resolve(plan, AS_OF).time == TimeRange(start=start, end=end, label="lately")


def test_the_as_of_day_is_the_newest_in_the_plan_s_own_data(shop: SemanticModel) -> None:
    profile = DataProfile(newest={"sales": date(2022, 5, 1), "visits": date(2022, 6, 1)})
    both = Plan(metrics=("sales_per_visit",))
    assert as_of_day(Plan(metrics=("revenue",)), shop, profile, TODAY) == date(2022, 5, 1)
    assert as_of_day(both, shop, profile, TODAY) == date(2022, 6, 1)
    assert as_of_day(both, shop, profile, date(2022, 5, 20)) == date(2022, 5, 20)
    assert as_of_day(Plan(metrics=("customer_count",)), shop, profile, TODAY) == TODAY


def test_what_is_recorded_holds_days_only(shop: SemanticModel) -> None:
    plan = Plan(metrics=("revenue",), time=TimeRange(relative=RelativeTime(unit="month")))
    profile = DataProfile(newest={"sales": AS_OF})
    planned = Planned(output=MetricQuery(plan=plan), planner="builtin")
    recorded = resolve_planned(planned, shop, profile, TODAY).output
    assert isinstance(recorded, MetricQuery)
    assert recorded.plan.time == days((2022, 8, 1), (2022, 9, 1))
    compile_plan(recorded.plan, shop)
    with pytest.raises(PlanError, match="resolved first"):
        compile_plan(plan, shop)


@pytest.mark.parametrize(
    ("time", "comparison", "before"),
    [
        (days((2022, 7, 1), (2022, 8, 1)), "previous_period", days((2022, 6, 1), (2022, 7, 1))),
        (days((2022, 7, 1), (2022, 10, 1)), "previous_period", days((2022, 4, 1), (2022, 7, 1))),
        (days((2022, 7, 11), (2022, 7, 18)), "previous_period", days((2022, 7, 4), (2022, 7, 11))),
        (days((2022, 3, 1), (2022, 3, 16)), "previous_period", days((2022, 2, 14), (2022, 3, 1))),
        (days((2024, 2, 1), (2024, 3, 1)), "previous_year", days((2023, 2, 1), (2023, 3, 1))),
        (days((2024, 2, 1), (2024, 2, 29)), "previous_year", days((2023, 2, 1), (2023, 3, 1))),
    ],
)
def test_a_whole_period_moves(time: TimeRange, comparison: str, before: TimeRange) -> None:
    plan = Plan.model_validate(
        {"metrics": ("revenue",), "time": time, "comparison": {"to": comparison}}
    )
    assert period_before(plan) == before
    assert resolve(plan, date(2025, 1, 1)) == plan


def compared(time: TimeRange, **comparison: object) -> tuple[TimeRange | None, TimeRange]:
    plan = Plan(metrics=("revenue",), time=time, comparison=Comparison.model_validate(comparison))
    found = resolve(plan, AS_OF)
    assert resolve(found, AS_OF) == found
    return found.time, period_before(found)


def test_a_period_that_is_not_over_is_compared_with_as_many_days() -> None:
    so_far = days((2022, 8, 1), (2022, 8, 24))
    august = days((2022, 8, 1), (2022, 9, 1))
    july = days((2022, 7, 1), (2022, 8, 1))
    may = days((2022, 5, 1), (2022, 6, 1))
    in_july, in_may = days((2022, 7, 1), (2022, 7, 24)), days((2022, 5, 1), (2022, 5, 24))
    last_year = days((2021, 8, 1), (2021, 8, 24))
    this_month = TimeRange(relative=RelativeTime(unit="month"))
    assert compared(august, to="previous_period") == (so_far, in_july)
    assert compared(this_month, to="previous_period") == (so_far, in_july)
    assert compared(august, to="previous_year") == (so_far, last_year)
    assert compared(august, to="period", period=may) == (so_far, in_may)
    assert compared(july, to="period", period=august) == (in_july, so_far)


def test_rows_of_time_that_are_compared_end_with_the_data() -> None:
    plan = Plan(
        metrics=("revenue",),
        dimensions=(Dimension(field="sold_at", grain="month"),),
        comparison=Comparison(to="previous_period"),
    )
    assert resolve(plan, AS_OF).time == TimeRange(end=date(2022, 8, 24))
    short = plan.model_copy(update={"time": days((2022, 1, 1), (2022, 4, 1))})
    assert resolve(short, AS_OF) == short


def test_a_plan_with_nothing_relative_is_left_as_it_is() -> None:
    plan = Plan(metrics=("revenue",), time=days((2022, 8, 1), (2022, 9, 1)))
    assert resolve(plan, AS_OF) is plan


GRAINS = st.sampled_from(["day", "week", "month", "quarter", "year"])
DATES = st.dates(date(1990, 1, 1), date(2060, 1, 1))


@given(day=DATES, grain=GRAINS, count=st.integers(-40, 40))
def test_whole_periods_move_to_whole_periods(day: date, grain: Grain, count: int) -> None:
    start = first_day(day, grain)
    end = shifted(start, grain, 1)
    assert start <= day < end
    moved, moved_end = shifted(start, grain, count), shifted_end(end, grain, count)
    assert first_day(moved, grain) == moved
    assert shifted(moved, grain, 1) == moved_end


@given(day=DATES, length=st.integers(1, 400))
def test_periods_that_are_compared_do_not_overlap(day: date, length: int) -> None:
    time = TimeRange(start=day, end=day + timedelta(days=length))
    plan = Plan(metrics=("m",), time=time, comparison=Comparison(to="previous_period"))
    before = period_before(plan)
    assert before.end == time.start and before.start is not None and before.start < day
