"""Plans in plain words."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from contracts.plan import Dimension, Filter, Order, Plan, TimeRange
from tests.workflow.semantic.test_compile_properties import plans
from workflow.semantic.model import SemanticModel
from workflow.semantic.words import period_in_words, plan_in_words


def where(field: str, operator: str, *values: object) -> Filter:
    return Filter.model_validate({"field": field, "operator": operator, "values": values})


WORDS: list[tuple[Plan, str]] = [
    (Plan(metrics=("revenue",)), "revenue"),
    (
        Plan(
            metrics=("revenue",),
            dimensions=(Dimension(field="product"),),
            filters=(where("shop_id", "eq", 1),),
            time=TimeRange(start=date(2022, 5, 1), end=date(2022, 6, 1)),
            order=(Order(by="revenue", descending=True),),
            limit=5,
        ),
        "revenue by product, shop id 1 only, May 2022, highest first, top 5",
    ),
    (
        Plan(
            metrics=("revenue", "visit_count"),
            dimensions=(Dimension(field="sold_at", grain="month"), Dimension(field="region")),
            order=(Order(by="visit_count"), Order(by="sold_at", descending=True)),
            limit=3,
        ),
        "revenue and visit count by month and region, lowest first by visit count, newest first,"
        " bottom 3",
    ),
    (
        Plan(
            metrics=("sale_count",),
            dimensions=(Dimension(field="shipped_on", grain="week"),),
            order=(Order(by="shipped_on"),),
            limit=2,
        ),
        "sale count by week of shipped on, oldest first, first 2",
    ),
    (
        Plan(
            metrics=("sale_count",),
            filters=(
                where("product", "in", "tea", "coffee", "jam"),
                where("region", "ne", "north"),
                where("is_member", "eq", False),
                where("amount", "between", Decimal("1.50"), 3),
                where("quantity", "gte", 2),
                where("sold_at", "lt", datetime(2022, 4, 1, 9, 5)),
                where("product", "contains", "te"),
                where("customer_id", "is_null"),
            ),
        ),
        "sale count, product tea, coffee or jam only, region not north, is member: no,"
        " amount from 1.50 to 3, quantity at least 2, sold at before 1 April 2022 09:05,"
        " product containing “te”, without customer id",
    ),
]


@pytest.mark.parametrize(("plan", "words"), WORDS)
def test_a_plan_in_words(plan: Plan, words: str, shop: SemanticModel) -> None:
    assert plan_in_words(plan, shop) == words


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (date(2022, 12, 1), date(2023, 1, 1), "December 2022"),
        (date(2022, 1, 1), date(2023, 1, 1), "2022"),
        (date(2022, 3, 1), date(2022, 4, 16), "1 March 2022 to 15 April 2022"),
        (date(2022, 3, 1), date(2022, 3, 2), "1 March 2022"),
        (date(2022, 3, 1), None, "from 1 March 2022"),
        (None, date(2022, 3, 1), "before 1 March 2022"),
        (date(9999, 12, 1), date.max, "1 December 9999 to 30 December 9999"),
        (date.min, date.min, "1 January 1"),
    ],
)
def test_a_period_in_words(start: date | None, end: date | None, words: str) -> None:
    assert period_in_words(TimeRange(start=start, end=end)) == words
    assert period_in_words(TimeRange(start=start, end=end, label="then")) == "then"


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=plans())
def test_any_plan_can_be_said(plan: Plan, shop: SemanticModel) -> None:
    assert plan_in_words(plan, shop)


def test_a_plan_of_unknown_names_can_be_said(shop: SemanticModel) -> None:
    plan = Plan(
        metrics=("nothing",),
        dimensions=(Dimension(field="nowhere"),),
        filters=(where("no one", "eq"),),
        order=(Order(by="never"),),
        limit=1,
    )
    assert plan_in_words(plan, shop) == (
        "nothing by nowhere, no one nothing only, lowest first by never, bottom 1"
    )
