"""Comparisons, calculations and conditions that would mislead."""

import pytest

from contracts.plan import Plan
from tests.workflow.semantic.test_compile_calculations import (
    FEBRUARY,
    MARCH,
    RUNNING,
    SHARE,
    group,
    plan,
    where,
)
from workflow.semantic.compile_sql import PlanError, compile_plan
from workflow.semantic.model import SemanticModel

REFUSED: dict[str, tuple[Plan, str]] = {
    "a share of distinct values": (
        plan(metrics=["buyers"], by=["product"],
             calculations=[{"kind": "share", "metric": "buyers"}]),
        "cannot be added up",
    ),
    "a running total of an average": (
        plan(metrics=["average_sale"], by=["sold_at:month"],
             calculations=[{"kind": "running_total", "metric": "average_sale"}]),
        "cannot be added up",
    ),
    "a share of a ratio": (
        plan(metrics=["revenue_per_buyer"], by=["product"],
             calculations=[{"kind": "share", "metric": "revenue_per_buyer"}]),
        "cannot be added up",
    ),
    "a share of nothing": (plan(metrics=["revenue"], calculations=[SHARE]), "needs groups"),
    "a share within all": (
        plan(metrics=["revenue"], by=["product"],
             calculations=[{**SHARE, "within": ["product"]}]),
        "needs groups",
    ),
    "a share within what is not there": (
        plan(metrics=["revenue"], by=["product"], calculations=[{**SHARE, "within": ["region"]}]),
        "not a dimension",
    ),
    "a running total over no time": (
        plan(metrics=["revenue"], by=["product"], calculations=[RUNNING]),
        "one date",
    ),
    "a running total that jumps between groups": (
        plan(metrics=["revenue"], by=["sold_at:month", "product"], calculations=[RUNNING]),
        "product in `within`",
    ),
    "a calculation on another metric": (
        plan(metrics=["units"], by=["product"], calculations=[SHARE]),
        "not a metric of this plan",
    ),
    "the same calculation twice": (
        plan(metrics=["revenue"], by=["product"], calculations=[SHARE, SHARE]),
        "twice",
    ),
    "a comparison without a period": (
        plan(metrics=["revenue"], comparison={"to": "previous_year"}),
        "a first and a last day",
    ),
    "a comparison with no other period": (
        plan(metrics=["revenue"], time=MARCH, comparison={"to": "period"}),
        "a first and a last day",
    ),
    "a comparison of rows with one period": (
        plan(metrics=["revenue"], time=MARCH, by=["sold_at:week"],
             comparison={"to": "period", "period": FEBRUARY}),
        "leave the grain out",
    ),
    "a comparison by another date": (
        plan(metrics=["revenue"], time=MARCH, by=["shipped_on:month"],
             comparison={"to": "previous_period"}),
        "goes by the date",
    ),
    "a comparison of days": (
        plan(metrics=["last_sale"], time=MARCH, comparison={"to": "previous_period"}),
        "cannot be compared",
    ),
    "having on what is not asked for": (
        plan(metrics=["revenue"], by=["product"], having=[where("units", "gt", 1)]),
        "not a column of this plan",
    ),
    "not of two": (
        plan(metrics=["revenue"],
             filters=[group("not", where("product", "eq", "tea"), where("shop_id", "eq", 1))]),
        "takes one condition",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_mislead_is_refused_in_words(name: str, shop: SemanticModel) -> None:
    given, words = REFUSED[name]
    with pytest.raises(PlanError, match=words):
        compile_plan(given, shop)


def test_conditions_cannot_be_nested_without_end(shop: SemanticModel) -> None:
    nested: dict[str, object] = where("product", "eq", "tea")
    for _ in range(20):
        nested = group("not", nested)
    with pytest.raises(PlanError, match="nested"):
        compile_plan(plan(metrics=["revenue"], filters=[nested]), shop)
