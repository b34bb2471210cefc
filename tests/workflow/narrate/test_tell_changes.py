"""Comparisons, shares, running totals, thresholds, ties, and where the data ends, in words. Each
passes the checker: nothing of it may be struck."""

from datetime import date

import pytest
from pydantic import JsonValue

from contracts.plan import Calculation, Comparison, Filter, Order, Plan, TimeRange
from tests.workflow.narrate.examples import MODEL, asker, by, compiled, planned, result_of
from workflow.narrate.facts import Extent
from workflow.narrate.narrate import narrate

R = ("revenue",)
MAY = TimeRange(start=date(2022, 5, 1), end=date(2022, 6, 1), label="May 2022")
PREVIOUS = Comparison(to="previous_period")
COMPARED = Plan(metrics=R, time=MAY, comparison=PREVIOUS)
BY_CATEGORY = Plan(metrics=R, dimensions=(by("category"),))
BY_MONTH = Plan(metrics=R, dimensions=(by("payment_date", "month"),))
FIRST_REVENUE = (Order(by="revenue", descending=True),)


def tell(
    plan: Plan, *rows: tuple[JsonValue, ...], extent: Extent | None = None, **given: object
) -> str:
    narration = narrate(
        planned(plan, **given), result_of(plan, *rows), compiled(plan), (), asker(1), MODEL,
        extent or Extent(),
    )  # fmt: skip
    assert narration.struck == ()
    return narration.answer


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("100.00", "89.00", "11.00", "0.1235955"),
         "Revenue was 100.00 in May 2022 for store 1, up 12.4 % from 89.00 in April 2022."),
        (("80.00", "89.00", "-9.00", "-0.101123"),
         "Revenue was 80.00 in May 2022 for store 1, down 10.1 % from 89.00 in April 2022."),
        (("89.00", "89.00", "0.00", "0.0"),
         "Revenue was 89.00 in May 2022 for store 1, the same as in April 2022."),
        (("89.00", "0.00", "89.00", None),
         "Revenue was 89.00 in May 2022 for store 1, up from 0.00 in April 2022."),
        (("89.00", None, None, None),
         "Revenue was 89.00 in May 2022 for store 1. There is no data for revenue in April 2022."),
        ((None, "89.00", None, None), "There is no data for revenue in May 2022 for store 1."),
    ],
)  # fmt: skip
def test_a_period_beside_the_one_before(row: tuple[JsonValue, ...], said: str) -> None:
    assert tell(COMPARED, row).removesuffix(" Rounded to 1 decimal.") == said


def test_a_share_has_no_percentage_of_its_own() -> None:
    plan = COMPARED.model_copy(update={"metrics": ("open_share",)})
    assert tell(plan, ("0.45", "0.40", "0.05", "0.125")) == (
        "Open share was 45 % in May 2022 for store 1, up from 40 % in April 2022."
    )


def test_the_same_days_a_year_before() -> None:
    days = TimeRange(start=date(2022, 5, 3), end=date(2022, 5, 13))
    plan = Plan(metrics=R, time=days, comparison=Comparison(to="previous_year"))
    assert tell(plan, ("150.00", "100.00", "50.00", "0.5")) == (
        "Revenue was 150.00 from 3 May 2022 to 12 May 2022 for store 1, up 50.0 % from 100.00 "
        "from 3 May 2021 to 12 May 2021."
    ).replace("50.0 %", "50.0 %")


CHANGES: tuple[tuple[JsonValue, ...], ...] = (
    ("A", "100.00", "80.00", "20.00", "0.25"),
    ("B", "50.00", "80.00", "-30.00", "-0.375"),
    ("C", "40.00", "40.00", "0.00", "0"),
)


def test_groups_beside_those_of_the_period_before() -> None:
    plan = COMPARED.model_copy(update={"dimensions": (by("category"),)})
    assert tell(plan, *CHANGES) == (
        "A leads the 3 categories by revenue in May 2022 for store 1, with 100.00. "
        "C comes last, with 40.00. For A, that is up 25.0 % from 80.00 in April 2022. "
        "The largest increase was that of A, up 20.00. "
        "The largest decrease was that of B, down 30.00. "
        "The total is 190.00, down 5.0 % from 200.00 in April 2022."
    )


def test_groups_by_how_much_they_changed() -> None:
    order = (Order(by="revenue_change"),)
    plan = COMPARED.model_copy(update={"dimensions": (by("category"),), "order": order, "limit": 2})
    assert tell(plan, CHANGES[1], CHANGES[2]) == (
        "Revenue in May 2022 for store 1 has 2 rows. "
        "For B, it was 50.00, down 37.5 % from 80.00 in April 2022. "
        "For C, it was 40.00, the same as in April 2022."
    )


def test_a_series_beside_the_month_before() -> None:
    plan = BY_MONTH.model_copy(update={"comparison": PREVIOUS})
    told = tell(
        plan,
        ("2022-05-01", "100", None, None, None),
        ("2022-06-01", "150", "100", "50", "0.5"),
        ("2022-07-01", "75", "150", "-75", "-0.5"),
    )
    assert "In July 2022 it was down 50.0 % from 150.00 the month before." in told


def test_shares_are_of_the_total() -> None:
    share = (Calculation(kind="share", metric="revenue"),)
    plan = BY_CATEGORY.model_copy(update={"calculations": share})
    assert tell(plan, ("A", "75.00", "0.75"), ("B", "25.00", "0.25")) == (
        "A leads the 2 categories by revenue for store 1, with 75.00 (75.0 % of the total). "
        "B comes last, with 25.00 (25.0 % of the total). The total is 100.00."
    )
    top = plan.model_copy(update={"order": FIRST_REVENUE, "limit": 2})
    told = tell(top, ("A", "75.00", "0.6"), ("B", "25.00", "0.2"))
    assert "A has the highest revenue for store 1, with 75.00 (60.0 % of the total)." in told


def test_a_running_total_is_told_at_its_end() -> None:
    running = (Calculation(kind="running_total", metric="revenue"),)
    plan = BY_MONTH.model_copy(update={"calculations": running})
    told = tell(plan, ("2022-05-01", "100", "100"), ("2022-06-01", "150", "250"))
    assert "The running total came to 250.00 in June 2022." in told


def test_a_threshold_makes_the_rest_unknown() -> None:
    having = (Filter(field="revenue", operator="gte", values=(20,)),)
    plan = BY_CATEGORY.model_copy(update={"having": having})
    assert tell(plan, ("A", "75.00"), ("B", "25.00")) == (
        "Of the 2 categories shown for store 1 with revenue at least 20, A has the highest "
        "revenue, with 75.00. B has the lowest of them, with 25.00. Together these 2 come to "
        "100.00."
    )
    assert tell(plan) == "There are no categories for store 1 with revenue at least 20."


def test_ties_are_explained() -> None:
    update = {"order": FIRST_REVENUE, "limit": 2, "with_ties": True}
    told = tell(BY_CATEGORY.model_copy(update=update), ("A", "3"), ("B", "2"), ("C", "2"))
    assert told.endswith("Rows equal to the last one asked for are included.")


def test_rows_without_a_value_are_counted() -> None:
    told = tell(BY_CATEGORY, ("A", "75.00"), ("B", None), ("C", "2"))
    assert told.endswith("The total is 77.00. 1 of 3 rows has no revenue.")


DATA = Extent(date(2022, 2, 14), date(2022, 9, 1))
LONG_AGO = TimeRange(start=date(1999, 1, 1), end=date(2000, 1, 1))


@pytest.mark.parametrize(
    ("plan", "row", "said"),
    [
        (Plan(metrics=R, time=LONG_AGO), (None,),
         "There is no data for revenue in 1999 for store 1."),
        (Plan(metrics=("payment_count",), time=LONG_AGO), (0,),
         "The number of payments was 0 in 1999 for store 1."),
        (BY_CATEGORY.model_copy(update={"time": LONG_AGO}), None,
         "There are no payments in 1999 for store 1."),
    ],
)  # fmt: skip
def test_nothing_comes_with_where_the_data_lies(
    plan: Plan, row: tuple[JsonValue, ...] | None, said: str
) -> None:
    rows = [row] if row else []
    told = tell(plan, *rows, extent=DATA)
    assert told == f"{said} The data goes from 14 February 2022 to 1 September 2022."


def test_the_end_of_the_data_is_said_where_the_period_goes_on() -> None:
    assert tell(Plan(metrics=R), ("5",), extent=DATA).endswith(
        "The data goes up to 1 September 2022."
    )
    assert "data" not in tell(Plan(metrics=R, time=MAY), ("5",), extent=DATA)


def test_what_was_not_read_is_said_and_only_if_it_is_a_word() -> None:
    unused = ("cheerful", "revenue was 5,000", "2019")
    told = tell(Plan(metrics=R), ("5",), unused_words=unused)
    assert told == "Revenue was 5.00 for store 1. Not taken into account: “cheerful”."


def test_the_first_of_many_is_not_the_only_one() -> None:
    top = {"order": FIRST_REVENUE, "limit": 1}
    assert tell(BY_CATEGORY.model_copy(update=top), ("A", "3")) == (
        "A has the highest revenue for store 1, with 3.00."
    )
    worst = {"order": (Order(by="revenue"),), "limit": 1}
    assert tell(BY_MONTH.model_copy(update=worst), ("2022-01-01", "3")) == (
        "January 2022 has the lowest revenue for store 1, with 3.00."
    )


def test_the_best_months_are_no_stretch_of_time() -> None:
    plan = BY_MONTH.model_copy(update={"order": FIRST_REVENUE, "limit": 2})
    assert tell(plan, ("2022-07-01", "9"), ("2022-05-01", "7")) == (
        "July 2022 has the highest revenue for store 1, with 9.00. Of these 2 months, May 2022 has "
        "the lowest, with 7.00. Together these 2 come to 16.00."
    )


def test_two_values_are_not_rounded_to_one() -> None:
    plan = Plan(metrics=("duration",), dimensions=(by("category"),))
    assert tell(plan, ("A", "4.3812"), ("B", "4.3799")) == (
        "A leads the 2 categories by average duration for store 1, with 4.381 days. "
        "B comes last, with 4.380 days. Rounded to 3 decimals."
    )


def test_weeks_that_share_a_value_are_told_together() -> None:
    plan = Plan(metrics=("payment_count",), dimensions=(by("payment_date", "week"),))
    told = tell(plan, ("2022-06-06", 9), ("2022-06-13", 2), ("2022-06-20", 9))
    both = "the week of 6 June 2022 and the week of 20 June 2022"
    assert f"The highest was 9 in {both}." in told
