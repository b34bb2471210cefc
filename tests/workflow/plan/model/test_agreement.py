"""When two plans mean the same."""

from datetime import date

import pytest

from contracts.plan import Dimension, Filter, FilterGroup, Order, Plan, TimeRange
from tests.workflow.plan.model.conftest import person
from workflow.plan.agreement import is_same

SCOPE = frozenset({"store_id"})
BASE = Plan(metrics=("revenue",), dimensions=(Dimension(field="category"),))
MAY = TimeRange(start=date(2022, 5, 1), end=date(2022, 6, 1), label="May 2022")


def changed(**update: object) -> Plan:
    return BASE.model_copy(update=update)


def where(*conditions: Filter | FilterGroup) -> Plan:
    return changed(filters=conditions)


def single(field: str, operator: str, *values: object) -> Filter:
    return Filter.model_validate({"field": field, "operator": operator, "values": values})


COMEDY = single("category", "eq", "Comedy")
PG = single("rating", "eq", "PG")
ONE_STORE = single("store_id", "eq", 1)


def negated(condition: Filter) -> FilterGroup:
    return FilterGroup(operator="not", filters=(condition,))


@pytest.mark.parametrize(
    ("plan", "other"),
    [
        (changed(metrics=("revenue", "tax")), changed(metrics=("tax", "revenue"))),
        (changed(time=MAY), changed(time=MAY.model_copy(update={"label": "the month of May"}))),
        (BASE, changed(order=(Order(by="revenue", descending=True),))),
        (BASE, changed(with_ties=True)),
        (where(COMEDY, PG), where(PG, COMEDY)),
        (where(COMEDY), where(single("category", "in", "Comedy"))),
        (where(COMEDY, PG), where(FilterGroup(operator="and", filters=(PG, COMEDY)))),
        (where(negated(COMEDY)), where(single("category", "ne", "Comedy"))),
        (
            where(FilterGroup(operator="or", filters=(COMEDY, PG))),
            where(FilterGroup(operator="or", filters=(PG, COMEDY))),
        ),
        (BASE, where(ONE_STORE)),
    ],
)  # fmt: skip
def test_the_same_in_other_words(plan: Plan, other: Plan) -> None:
    assert is_same(plan, other, person(1), SCOPE)
    assert is_same(other, plan, person(1), SCOPE)


@pytest.mark.parametrize(
    ("plan", "other"),
    [
        (BASE, changed(metrics=("payment_count",))),
        (BASE, changed(dimensions=())),
        (BASE, changed(time=MAY)),
        (BASE, changed(limit=5)),
        (where(COMEDY), where(negated(COMEDY))),
        (where(single("amount", "between", 1, 5)), where(single("amount", "between", 5, 1))),
        (where(COMEDY, PG), where(FilterGroup(operator="or", filters=(COMEDY, PG)))),
        (
            changed(limit=5, order=(Order(by="revenue", descending=True),)),
            changed(limit=5, order=(Order(by="revenue"),)),
        ),
        (changed(limit=5), changed(limit=5, with_ties=True)),
    ],
)
def test_not_the_same(plan: Plan, other: Plan) -> None:
    assert not is_same(plan, other, person(1), SCOPE)


def test_one_store_of_two_is_a_condition() -> None:
    assert not is_same(BASE, where(ONE_STORE), person(1, 2), SCOPE)
    assert not is_same(BASE, where(ONE_STORE), person(is_all_stores=True), SCOPE)
