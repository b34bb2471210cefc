from datetime import date, datetime

import pytest
from pydantic import JsonValue

from contracts.context import UserContext
from contracts.plan import (
    Filter,
    Order,
    Plan,
    TimeRange,
)
from tests.workflow.narrate.examples import (
    MODEL,
    asker,
    by,
    compiled,
    planned,
    result_of,
)
from workflow.narrate.narrate import Narration, narrate

JULY = TimeRange(start=date(2022, 7, 1), end=date(2022, 8, 1), label="July 2022")
REVENUE = Plan(metrics=("revenue",))
BY_CATEGORY = Plan(metrics=("revenue",), dimensions=(by("category"),))
ROWS = (("Sports", "5314.21"), ("Action", "4375.85"), ("Music", "3417.72"))


def tell(
    plan: Plan,
    *rows: tuple[JsonValue, ...],
    context: UserContext | None = None,
    total_rows: int | None = None,
    is_truncated: bool = False,
    **given: object,
) -> Narration:
    narration = narrate(
        planned(plan, **given),
        result_of(plan, *rows, total_rows=total_rows, is_truncated=is_truncated),
        compiled(plan),
        (),
        context or asker(1),
        MODEL,
    )
    assert narration.struck == ()
    return narration


def test_one_number() -> None:
    assert tell(REVENUE, ("33689.74",)).answer == "Revenue was 33,689.74 for store 1."


@pytest.mark.parametrize(
    ("metric", "value", "said"),
    [
        ("revenue", "1234.5", "Revenue was 1,234.50 for store 1."),
        ("revenue", "-0.5", "Revenue was -0.50 for store 1."),
        ("revenue", "0", "Revenue was 0.00 for store 1."),
        ("revenue", "12345678901234567890123456789012345678.99",
         "Revenue was 12,345,678,901,234,567,890,123,456,789,012,345,678.99 for store 1."),
        ("average", "4.2006673312979002",
         "Average payment was 4.20 for store 1. Rounded to 2 decimals."),
        ("average", "2.675", "Average payment was 2.68 for store 1. Rounded to 2 decimals."),
        ("average", "0.00004", "Average payment was 0.000040 for store 1. Rounded to 6 decimals."),
        ("average", "4.200000000", "Average payment was 4.20 for store 1."),
        ("payment_count", 1234, "The number of payments was 1,234 for store 1."),
        ("payment_count", 0, "The number of payments was 0 for store 1."),
        ("open_share", "0.4512", "Open share was 45.1 % for store 1. Rounded to 1 decimal."),
        ("open_share", "26.5", "Open share was 26.5 for store 1."),
        ("duration", "4.9876",
         "Average duration was 4.99 days for store 1. Rounded to 2 decimals."),
        ("title_count", 1000, "The number of titles was 1,000."),
    ],
)  # fmt: skip
def test_units(metric: str, value: JsonValue, said: str) -> None:
    assert tell(Plan(metrics=(metric,)), (value,)).answer == said


@pytest.mark.parametrize(
    ("context", "scope"),
    [
        (asker(1), "store 1"),
        (asker(2, 1), "stores 1 and 2"),
        (asker(1, 2, 3), "stores 1, 2 and 3"),
        (asker(*range(1, 9)), "8 stores"),
        (asker(is_all=True), "all stores"),
        (asker(), "no store"),
    ],
)
def test_the_scope_is_said(context: UserContext, scope: str) -> None:
    narration = tell(REVENUE, ("5.00",), context=context)
    assert narration.answer == f"Revenue was 5.00 for {scope}."
    assert narration.widgets[0].subtitle.lower() == scope


@pytest.mark.parametrize(
    ("start", "end", "label", "said"),
    [
        (date(2022, 7, 1), date(2022, 8, 1), "July 2022", "in July 2022"),
        (date(2022, 7, 1), date(2022, 8, 1), "last month", "in July 2022 (last month)"),
        (date(2022, 7, 5), date(2022, 7, 6), "5 July 2022", "on 5 July 2022"),
        (date(2022, 4, 1), date(2022, 7, 1), "Q2 2022", "in Q2 2022"),
        (date(2022, 2, 1), date(2022, 5, 1), "", "from February 2022 to April 2022"),
        (date(2022, 1, 1), date(2023, 1, 1), "2022", "in 2022"),
        (date(2021, 1, 1), date(2023, 1, 1), "", "from January 2021 to December 2022"),
        (date(2022, 7, 3), date(2022, 8, 1), "", "from 3 July 2022 to 31 July 2022"),
        (date(2022, 5, 3), date(2022, 8, 1), "last 90 days",
         "from 3 May 2022 to 31 July 2022 (last 90 days)"),
        (date(2022, 7, 3), None, "since 3 July 2022", "since 3 July 2022"),
        (None, date(2022, 7, 3), "before 3 July 2022", "before 3 July 2022"),
        (None, None, "all time", ""),
    ],
)  # fmt: skip
def test_the_period_is_said(start: date | None, end: date | None, label: str, said: str) -> None:
    plan = Plan(metrics=("revenue",), time=TimeRange(start=start, end=end, label=label))
    between = f" {said}" if said else ""
    assert tell(plan, ("5.00",)).answer == f"Revenue was 5.00{between} for store 1."


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Filter(field="category", operator="eq", values=("Action",)), "category Action, store 1"),
        (Filter(field="payments.category", operator="in", values=("Action", "PG-13")),
         "category Action or PG-13, store 1"),
        (Filter(field="category", operator="ne", values=("7 Up",)),
         "category other than 7 Up, store 1"),
        (Filter(field="store_id", operator="eq", values=(1,)), "store 1"),
        (Filter(field="store_id", operator="in", values=(1, 2)), "store 1 or 2"),
        (Filter(field="amount", operator="between", values=(2, 5)), "amount from 2 to 5, store 1"),
        (Filter(field="amount", operator="lt", values=(3,)), "amount below 3, store 1"),
        (Filter(field="film_title", operator="contains", values=("2001\x00",)),
         "film containing “2001”, store 1"),
        (Filter(field="category", operator="is_null"), "no category, store 1"),
        (Filter(field="is_open", operator="eq", values=(True,)), "open: yes, store 1"),
        (Filter(field="payment_date", operator="gte", values=(date(2022, 7, 3),)),
         "payment date from 3 July 2022, store 1"),
        (Filter(field="payment_date", operator="lt", values=(datetime(2022, 7, 3, 14, 30),)),
         "payment date before 3 July 2022 14:30, store 1"),
        (Filter(field="unknown_field", operator="eq", values=(4,)), "unknown field 4, store 1"),
    ],
)  # fmt: skip
def test_filters_are_said(given: Filter, said: str) -> None:
    plan = Plan(metrics=("revenue",), filters=(given,))
    assert tell(plan, ("7.25",)).answer == f"Revenue was 7.25 for {said}."


def test_several_metrics() -> None:
    plan = Plan(metrics=("revenue", "payment_count", "average"), time=JULY)
    assert tell(plan, ("5.00", 2, None)).answer == (
        "Revenue was 5.00 and the number of payments was 2 in July 2022 for store 1. "
        "There is no data for average payment in July 2022 for store 1."
    )


def test_nothing_is_never_a_silent_zero() -> None:
    plan = Plan(metrics=("revenue",), time=JULY)
    told = tell(plan, (None,))
    assert told.answer == "There is no data for revenue in July 2022 for store 1."
    assert [widget.type for widget in told.widgets] == ["table"]
    assert tell(BY_CATEGORY).answer == "There are no payments for store 1."
    assert tell(BY_CATEGORY, ("Action", None)).answer == "There is no data for revenue for store 1."
    both = Plan(metrics=("revenue", "title_count"), dimensions=(by("category"),))
    assert tell(both).answer == "There is no data for revenue or number of titles for store 1."


def test_a_ranking() -> None:
    assert tell(BY_CATEGORY, *ROWS, context=asker(1, 2)).answer == (
        "Sports leads the 3 categories by revenue for stores 1 and 2, with 5,314.21. "
        "Music comes last, with 3,417.72. The total is 13,107.78."
    )


def test_an_average_is_never_added_up() -> None:
    for metric in ("average", "payers", "open_share", "duration"):
        plan = Plan(metrics=(metric,), dimensions=(by("category"),))
        answer = tell(plan, ("A", "0.25"), ("B", "0.5")).answer
        assert "total" not in answer.lower()
        assert "together" not in answer.lower()


def test_the_top_of_a_ranking() -> None:
    order = (Order(by="revenue", descending=True),)
    plan = BY_CATEGORY.model_copy(update={"limit": 3, "order": order})
    assert tell(plan, *ROWS).answer == (
        "Sports has the highest revenue for store 1, with 5,314.21. "
        "Of these 3 categories, Music has the lowest, with 3,417.72. "
        "Together these 3 come to 13,107.78."
    )
    lowest = plan.model_copy(update={"order": (Order(by="revenue"),)})
    assert tell(lowest, *ROWS).answer.startswith(
        "Music has the lowest revenue for store 1, with 3,417.72. "
        "Of these 3 categories, Sports has the highest, with 5,314.21."
    )


def test_a_limit_that_cut_nothing_leaves_a_whole() -> None:
    plan = BY_CATEGORY.model_copy(update={"limit": 10})
    assert "The total is 13,107.78." in tell(plan, *ROWS).answer


def test_a_truncated_result_claims_no_total_and_no_leader_of_all() -> None:
    told = tell(BY_CATEGORY, *ROWS, total_rows=2345, is_truncated=True)
    assert told.answer == (
        "Of the 3 categories shown for store 1, Sports has the highest revenue, with 5,314.21. "
        "Music has the lowest of them, with 3,417.72. 3 of 2,345 rows are shown."
    )
    told = tell(BY_CATEGORY, *ROWS, is_truncated=True)
    assert told.answer.endswith("Only the first 3 rows are shown; there are more.")


def test_ties_are_said() -> None:
    assert tell(BY_CATEGORY, ("A", "2"), ("B", "2"), ("C", "1")).answer == (
        "A and B lead the 3 categories by revenue for store 1, with 2.00 each. "
        "C comes last, with 1.00. The total is 5.00."
    )
    many = [(f"n{n}", "2") for n in range(4)]
    assert tell(BY_CATEGORY, *many, ("C", "1")).answer.startswith(
        "Several lead the 5 categories by revenue for store 1, with 2.00 each."
    )
    assert tell(BY_CATEGORY, *many).answer.startswith(
        "All 4 categories have the same revenue for store 1: 2.00."
    )


def test_one_group_no_name_and_a_number_for_a_name() -> None:
    assert tell(BY_CATEGORY, ("Action", "2")).answer == (
        "The only category with revenue for store 1 is Action: 2.00."
    )
    assert "(no category) comes last" in tell(BY_CATEGORY, ("Action", "2"), (None, "1")).answer
    plan = Plan(metrics=("revenue", "payment_count"), dimensions=(by("store_id"),))
    assert tell(plan, (1, "5", 3), (2, "7.25", 4), context=asker(1, 2)).answer == (
        "Store 2 leads the 2 stores by revenue for stores 1 and 2, with 7.25 (number of "
        "payments 4). Store 1 comes last, with 5.00 (number of payments 3). The total is 12.25."
    )


def test_yes_and_no_are_groups() -> None:
    plan = Plan(metrics=("payment_count",), dimensions=(by("is_open"),))
    assert tell(plan, (True, 5), (False, 3)).answer == (
        "Open: yes leads the 2 groups by number of payments for store 1, with 5. "
        "Open: no comes last, with 3. The total is 8."
    )


def test_a_name_from_the_data_stays_as_it_is_but_for_control_characters() -> None:
    names = ("<b>A & B</b>", "say\x00\x1b[31m \u202e9 to 5\u200b\n", "2001. A film", "1,234.56")
    rows = [(name, str(9 - place)) for place, name in enumerate(names)]
    first = tell(BY_CATEGORY, *rows[:2]).answer
    assert first.startswith("<b>A & B</b> leads the 2 categories")
    assert "say [31m 9 to 5 comes last" in first
    second = tell(BY_CATEGORY, *rows[2:]).answer
    assert second.startswith("2001. A film leads the 2 categories")
    assert "1,234.56 comes last, with 6.00." in second


def test_a_series() -> None:
    plan = Plan(metrics=("revenue",), dimensions=(by("payment_date", "month"),))
    rows = (("2022-06-01", "9629.89"), ("2022-05-01", "4823.44"), ("2022-07-01", "2836.00"))
    assert tell(plan, *rows).answer == (
        "Revenue by month for store 1 went from 4,823.44 in May 2022 to 2,836.00 in July 2022. "
        "The highest was 9,629.89 in June 2022. The lowest was 2,836.00 in July 2022. "
        "The total is 17,289.33."
    )
    assert tell(plan, ("2022-07-01", "5")).answer == (
        "Revenue for store 1 was 5.00, all in July 2022."
    )
    assert "the same in all 2 months" in tell(plan, ("2022-06-01", "5"), ("2022-07-01", "5")).answer


@pytest.mark.parametrize(
    ("grain", "cells", "said"),
    [
        ("day", ("2022-07-01", "2022-07-31"), "on 1 July 2022 to 9.00 on 31 July 2022"),
        ("week", ("2022-07-04", "2022-07-11"),
         "in the week of 4 July 2022 to 9.00 in the week of 11 July 2022"),
        ("quarter", ("2022-01-01", "2022-10-01"), "in Q1 2022 to 9.00 in Q4 2022"),
        ("year", ("2021-01-01", "2022-01-01"), "in 2021 to 9.00 in 2022"),
    ],
)  # fmt: skip
def test_grains(grain: str, cells: tuple[str, str], said: str) -> None:
    plan = Plan(metrics=("revenue",), dimensions=(by("payment_date", grain),))
    answer = tell(plan, (cells[0], "5"), (cells[1], "9")).answer
    assert f"Revenue by {grain} for store 1 went from 5.00 {said}." in answer


def test_two_dimensions() -> None:
    plan = Plan(
        metrics=("revenue",), dimensions=(by("payment_date", "month"), by("category")), time=JULY
    )
    rows = (("2022-07-01", "Action", "4.44"), ("2022-07-01", "Music", "9.89"))
    assert tell(plan, *rows).answer == (
        "Revenue by month and category in July 2022 for store 1 has 2 rows. The highest value is "
        "9.89 (July 2022, Music). The lowest value is 4.44 (July 2022, Action). "
        "The total is 14.33."
    )


def test_notes_are_passed_on() -> None:
    note = "Last month counts from 31 July 2022, the newest day in the data."
    assert tell(REVENUE, ("5.00",), notes=(note,)).answer.endswith(f"for store 1. {note}")


def test_a_model_may_not_smuggle_a_number_in_a_note() -> None:
    notes = ("Counted from 31 July 2022.", "Store 2 made 9,999.00.", "Read as revenue.")
    narration = narrate(
        planned(REVENUE, planner="model", notes=notes),
        result_of(REVENUE, ("5.00",)),
        compiled(REVENUE),
        (),
        asker(1),
        MODEL,
    )
    assert narration.answer == (
        "Revenue was 5.00 for store 1. Counted from 31 July 2022. Read as revenue."
    )
    assert narration.struck == ("Store 2 made 9,999.00.",)
