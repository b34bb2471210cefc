"""Plans that have no answer."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.plan import Order, Plan, TimeRange
from tests.workflow.semantic.test_compile_sql import by, where
from workflow.semantic.compile_sql import PlanError, compile_plan
from workflow.semantic.model import SemanticModel

REFUSED: dict[str, tuple[Plan, str, str | None]] = {
    "no metric": (Plan(metrics=(), dimensions=(by(field="product"),)), "needs a metric", None),
    "an unknown metric": (Plan(metrics=("revenu",)), "Did you mean revenue", "revenu"),
    "an unknown field": (
        Plan(metrics=("revenue",), dimensions=(by(field="prodct"),)),
        "Did you mean product",
        "prodct",
    ),
    "the same metric twice": (Plan(metrics=("revenue", "revenue")), "twice", "revenue"),
    "the same field twice": (
        Plan(
            metrics=("revenue",),
            dimensions=(by(field="sold_at", grain="day"), by(field="sales.sold_at")),
        ),
        "twice",
        "sold_at",
    ),
    "a field on the many side": (
        Plan(metrics=("customer_count",), dimensions=(by(field="product"),)),
        "cannot be grouped",
        "product",
    ),
    "a metric as a filter": (
        Plan(metrics=("revenue",), filters=(where("revenue", "gt", 5),)),
        "is a metric",
        "revenue",
    ),
    "a grain on a text": (
        Plan(metrics=("revenue",), dimensions=(by(field="product", grain="month"),)),
        "no month",
        "product",
    ),
    "a period that ends before it starts": (
        Plan(metrics=("revenue",), time=TimeRange(start=date(2022, 3, 1), end=date(2022, 3, 1))),
        "ends before",
        "time",
    ),
    "an order by what is not asked for": (
        Plan(metrics=("revenue",), order=(Order(by="sale_count"),)),
        "not part of the plan",
        "sale_count",
    ),
    "a text for a number": (
        Plan(metrics=("revenue",), filters=(where("shop_id", "eq", "one"),)),
        "a whole number",
        "shop_id",
    ),
    "code for a number": (
        Plan(metrics=("revenue",), filters=(where("shop_id", "eq", "1 OR 1=1"),)),
        "a whole number",
        "shop_id",
    ),
    "a fraction for a whole number": (
        Plan(metrics=("revenue",), filters=(where("shop_id", "eq", Decimal("1.5")),)),
        "a whole number",
        "shop_id",
    ),
    "true for a number": (
        Plan(metrics=("revenue",), filters=(where("shop_id", "eq", True),)),
        "a whole number",
        "shop_id",
    ),
    "a number too long to mean anything": (
        Plan(metrics=("revenue",), filters=(where("amount", "lt", Decimal("1E+999")),)),
        "a number",
        "amount",
    ),
    "a number for a text": (
        Plan(metrics=("revenue",), filters=(where("product", "eq", 5),)),
        "is text",
        "product",
    ),
    "a text with a zero byte": (
        Plan(metrics=("revenue",), filters=(where("product", "eq", "a\x00b"),)),
        "is text",
        "product",
    ),
    "a word for a date": (
        Plan(metrics=("revenue",), filters=(where("sold_at", "gt", "yesterday"),)),
        "a date",
        "sold_at",
    ),
    "a number for a truth": (
        Plan(metrics=("revenue",), filters=(where("is_member", "eq", 1),)),
        "true or false",
        "is_member",
    ),
    "no value": (
        Plan(metrics=("revenue",), filters=(where("product", "eq"),)),
        "needs 1 values, not 0",
        "product",
    ),
    "one bound of two": (
        Plan(metrics=("revenue",), filters=(where("amount", "between", 1),)),
        "needs 2 values, not 1",
        "amount",
    ),
    "an empty list": (
        Plan(metrics=("revenue",), filters=(where("product", "in"),)),
        "values, not 0",
        "product",
    ),
    "an order on text": (
        Plan(metrics=("revenue",), filters=(where("product", "lt", "m"),)),
        "no order",
        "product",
    ),
    "a search in a number": (
        Plan(metrics=("revenue",), filters=(where("amount", "contains", "1"),)),
        "not a text",
        "amount",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_plan_that_has_no_answer_is_refused_in_words(name: str, shop: SemanticModel) -> None:
    plan, words, field = REFUSED[name]
    with pytest.raises(PlanError) as caught:
        compile_plan(plan, shop)
    assert words in str(caught.value)
    assert caught.value.field == field
