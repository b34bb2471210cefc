"""A reply against the catalog: what stands, what is objected to, and in which words."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.plan import (
    Calculation,
    Comparison,
    Dimension,
    Filter,
    FilterGroup,
    Order,
    Plan,
    RelativeTime,
    Scalar,
    TimeRange,
)
from tests.workflow.plan.model.conftest import MODEL, PROFILE
from workflow.plan.model_check import Objections, checked_investigation, checked_plan
from workflow.plan.model_reply import InvestigationReply, PlanReply, Reply, parse
from workflow.plan.role_catalog import role_catalog

CATALOG = role_catalog(MODEL)


def checked(**reply: object) -> object:
    given_ = {"metrics": ["revenue"], **reply}
    return checked_plan(PlanReply.model_validate(given_), CATALOG, PROFILE)


def condition(field: str, operator: str, *values: object) -> Filter:
    plan = checked(filters=[{"field": field, "operator": operator, "values": values}])
    return plan.filters[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("field", "given_value", "value"),
    [
        ("store_id", 1, 1),
        ("store_id", "1", 1),
        ("store_id", 1.0, 1),
        ("amount", "2.50", Decimal("2.50")),
        ("amount", 0.1, Decimal("0.1")),
        ("is_late", "true", True),
        ("is_late", False, False),
        ("category", "comedy", "Comedy"),
        ("category", " Sci-Fi ", "Sci-Fi"),
        ("film_title", 1984, "1984"),
        ("payment_date", "2022-05-01", date(2022, 5, 1)),
        ("payment_date", "2022-05-01T12:00", datetime(2022, 5, 1, 12, tzinfo=UTC)),
        ("create_date", "2022-05-01", date(2022, 5, 1)),
    ],
)
def test_values_take_the_type_of_their_field(
    field: str, given_value: object, value: Scalar
) -> None:
    made = condition(field, "eq", given_value).values[0]
    assert made == value and type(made) is type(value)


@pytest.mark.parametrize(
    ("reply", "objection"),
    [
        ({"metrics": ["revenu"]}, "there is no metric 'revenu'; nearest: 'revenue'"),
        ({"dimensions": [{"field": "genres"}]}, "there is no field 'genres'"),
        (
            {"metrics": ["customer_count"], "dimensions": [{"field": "category"}]},
            "the field category does not fit every metric of the plan",
        ),
        (
            {"metrics": ["revenue", "customer_count"], "dimensions": [{"field": "category"}]},
            "the field category does not fit every metric of the plan",
        ),
        (
            {"dimensions": [{"field": "category", "grain": "month"}]},
            "category is not a time field, so its grain must be null",
        ),
        (
            {
                "dimensions": [
                    {"field": "payment_date", "grain": "month"},
                    {"field": "payment_date", "grain": "year"},
                ]
            },
            "a field stands twice among the dimensions",
        ),
        (
            {"time": {"start": "2022-05-01", "relative": {"unit": "day"}}},
            "time has either start and end or relative, and the other is null",
        ),
        (
            {"time": {"relative": {"unit": "month", "offset": 1}}},
            "relative needs an offset of 0 or less and a count of 1 or more",
        ),
        (
            {"comparison": {"to": "period"}},
            "comparison to a period needs that period, and any other has none",
        ),
        (
            {"comparison": {"to": "previous_year", "period": {"start": "2022-05-01"}}},
            "comparison to a period needs that period, and any other has none",
        ),
        (
            {"calculations": [{"kind": "share", "metric": "revenu"}]},
            "there is no metric 'revenu'; nearest: 'revenue'",
        ),
        (
            {"calculations": [{"kind": "share", "metric": "revenue", "within": ["x y"]}]},
            "there is no field 'x y'",
        ),
        (
            {"having": [{"field": "revenue", "operator": "gt", "values": ["many"]}]},
            "'many' is not a number to hold revenue against",
        ),
        (
            {"having": [{"field": "revenue; drop", "operator": "gt", "values": [1]}]},
            "having 'revenue; drop': not a column of the result",
        ),
        (
            {"having": [{"field": "revenue", "operator": "between", "values": [1]}]},
            "between on revenue needs 2 value(s), and has 1",
        ),
        (
            {"either": [{"any_of": [{"field": "category", "operator": "eq", "values": ["x"]}]}]},
            "'x' does not occur in category",
        ),
        ({"limit": 0}, "limit must be 1 or more, or null"),
        (
            {"time": {"start": "May 2022"}},
            "start and end of time must be dates written YYYY-MM-DD",
        ),
        (
            {"time": {"start": "2022-05-01", "end": "2022-05-01"}},
            "the start of time must come before its end, which is not included",
        ),
        (
            {"metrics": ["customer_count"], "time": {"start": "2022-05-01"}},
            "the metrics of customers have no time, so time must be null",
        ),
    ],
)
def test_a_plan_that_cannot_be_is_objected_to(reply: dict[str, object], objection: str) -> None:
    with pytest.raises(Objections) as caught:
        checked(**reply)
    assert caught.value.all_of_them == (objection,)


@pytest.mark.parametrize(
    ("field", "operator", "values", "objection"),
    [
        ("amount", "contains", ["5"], "contains is for text, and amount is decimal"),
        ("category", "gt", ["A"], "gt is not for text, and category is text"),
        ("is_late", "between", [True, False], "between is not for boolean, and is_late is boolean"),
        ("amount", "between", [1], "between on amount needs 2 value(s), and has 1"),
        ("amount", "eq", [1, 2], "eq on amount needs 1 value(s), and has 2"),
        ("amount", "in", [], "in on amount needs 1 value(s), and has 0"),
        ("amount", "is_null", [1], "is_null on amount needs 0 value(s), and has 1"),
        ("store_id", "eq", ["one"], "'one' is not a value for store_id, which is integer"),
        ("store_id", "eq", [True], "'True' is not a value for store_id, which is integer"),
        ("store_id", "eq", [1.5], "'1.5' is not a value for store_id, which is integer"),
        ("store_id", "eq", [10**20], f"'{10**20}' is not a value for store_id, which is integer"),
        ("amount", "gt", ["NaN"], "'NaN' is not a value for amount, which is decimal"),
        ("amount", "gt", ["sNaN"], "'sNaN' is not a value for amount, which is decimal"),
        ("is_late", "eq", ["late"], "'late' is not a value for is_late, which is boolean"),
        ("create_date", "eq", ["soon"], "'soon' is not a value for create_date, which is date"),
        ("film_title", "eq", [""], "'' is not a value for film_title, which is text"),
        ("film_title", "eq", ["a\x00b"], "'a\\x00b' is not a value for film_title, which is text"),
        ("category", "eq", ["Comedie"], "'Comedie' does not occur in category; nearest: 'Comedy'"),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_objected_to(
    field: str, operator: str, values: list[object], objection: str
) -> None:
    with pytest.raises(Objections) as caught:
        condition(field, operator, *values)
    assert caught.value.all_of_them == (objection,)


def test_groups_of_conditions() -> None:
    comedy = {"field": "category", "operator": "eq", "values": ["Comedy"]}
    late = {"field": "is_late", "operator": "eq", "values": [True]}
    plan = checked(either=[{"any_of": [comedy, {**late, "is_negated": True}]}])
    is_comedy = Filter(field="category", operator="eq", values=("Comedy",))
    is_late = Filter(field="is_late", operator="eq", values=(True,))
    not_late = FilterGroup(operator="not", filters=(is_late,))
    assert plan.filters == (  # type: ignore[attr-defined]
        FilterGroup(operator="or", filters=(is_comedy, not_late)),
    )
    plan = checked(either=[{"any_of": [{**late, "is_negated": True}]}])
    assert plan.filters == (not_late,)  # type: ignore[attr-defined]


def test_comparisons_calculations_and_conditions_on_groups() -> None:
    plan = checked(
        dimensions=[{"field": "category"}],
        time={"relative": {"unit": "month", "offset": -1, "count": 1}},
        comparison={"to": "period", "period": {"start": "2022-01-01", "end": "2022-02-01"}},
        calculations=[{"kind": "share", "metric": "revenue", "within": ["category"]}],
        having=[{"field": "revenue_change", "operator": "gt", "values": [0.5]}],
        order=[{"by": "revenue_change", "descending": True}],
        limit=3,
        with_ties=True,
    )
    assert plan == Plan(
        metrics=("revenue",),
        dimensions=(Dimension(field="category"),),
        time=TimeRange(relative=RelativeTime(unit="month", offset=-1, count=1)),
        comparison=Comparison(
            to="period",
            period=TimeRange(start=date(2022, 1, 1), end=date(2022, 2, 1), label="January 2022"),
        ),
        calculations=(Calculation(kind="share", metric="revenue", within=("category",)),),
        having=(Filter(field="revenue_change", operator="gt", values=(Decimal("0.5"),)),),
        order=(Order(by="revenue_change", descending=True),),
        limit=3,
        with_ties=True,
    )


def test_an_investigation_is_a_change_and_the_same_change_by_each_field() -> None:
    reply = InvestigationReply.model_validate(
        {
            "metric": "revenue",
            "time": {"start": "2022-05-01", "end": "2022-06-01"},
            "comparison": {"to": "previous_period"},
            "breakdowns": ["category", "rating"],
        }
    )
    made = checked_investigation(reply, CATALOG, PROFILE)
    assert made.change.comparison == Comparison(to="previous_period")
    assert [plan.dimensions[0].field for plan in made.breakdowns] == ["category", "rating"]
    assert {plan.time for plan in made.breakdowns} == {made.change.time}
    for wrong in ({"metric": "revenu"}, {"breakdowns": ["categories"]}):
        with pytest.raises(Objections):
            checked_investigation(reply.model_copy(update=wrong), CATALOG, PROFILE)


def test_all_objections_come_at_once() -> None:
    with pytest.raises(Objections) as caught:
        checked(metrics=["revenue", "x1"], dimensions=[{"field": "x2"}], limit=-1)
    assert len(caught.value.all_of_them) == 3


def test_fields_over_many_to_one_paths_fit() -> None:
    plan = checked(dimensions=[{"field": "segment"}, {"field": "customer_city"}])
    assert plan


def test_a_limit_over_the_cap_is_left_to_the_cap() -> None:
    plan = checked(limit=5000, order=[{"by": "revenue", "descending": True}])
    assert plan.limit is None  # type: ignore[attr-defined]
    assert plan.order == (Order(by="revenue", descending=True),)  # type: ignore[attr-defined]


def test_a_period_gets_our_label() -> None:
    plan = checked(time={"start": "2022-04-01", "end": "2022-07-01"})
    assert plan.time == TimeRange(  # type: ignore[attr-defined]
        start=date(2022, 4, 1), end=date(2022, 7, 1), label="Q2 2022"
    )


def test_an_empty_period_is_none() -> None:
    assert checked(time={"start": None, "end": ""}).time is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        '{"kind": "metric_query"}',
        '{"kind": "metric_query", "sql": {"sql": "SELECT 1"}}',
        '{"kind": "drop_table"}',
        '{"kind": "metric_query", "metric_query": {"metrics": []}}',
        '{"kind": "sql", "sql": {"sql": ""}}',
        '{"kind": "refuse", "refuse": {"reason": "x"}, "role": "admin"}',
        '{"kind": "clarify", "clarify": {"question": "?", "choices": []}}',
        '{"a":' * 5000 + "1" + "}" * 5000,
        '{"kind": "refuse", "refuse": {"reason": "' + "x" * 100_000 + '"}}',
    ],
)
def test_another_shape_is_objected_to(text: str) -> None:
    objections = parse(text)
    assert isinstance(objections, tuple) and 1 <= len(objections) <= 8
    assert all(len(one) < 310 for one in objections)


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    assert isinstance(parse(text), Reply | tuple)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
_NAME = st.sampled_from(["revenue", "customer_count", "category", "store_id", "amount", "x", ""])
_PLANS = st.fixed_dictionaries(
    {
        "metrics": st.lists(_NAME, max_size=3),
        "dimensions": st.lists(
            st.fixed_dictionaries({"field": _NAME, "grain": st.sampled_from(["day", None])}),
            max_size=3,
        ),
        "filters": st.lists(
            st.fixed_dictionaries(
                {
                    "field": _NAME,
                    "operator": st.sampled_from(["eq", "in", "between", "contains", "is_null"]),
                    "values": st.lists(
                        st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
                        max_size=3,
                    ),
                }
            ),
            max_size=2,
        ),
        "limit": st.none() | st.integers(),
    }
)


@given(_PLANS | _JSON)
def test_any_plan_is_either_sound_or_objected_to(plan: object) -> None:
    reply = parse(json.dumps({"kind": "metric_query", "metric_query": plan}))
    if not isinstance(reply, Reply) or reply.metric_query is None:
        return
    try:
        sound = checked_plan(reply.metric_query, CATALOG, PROFILE)
    except Objections as objections:
        assert objections.all_of_them
        return
    assert set(sound.metrics) <= set(CATALOG.metrics)
    assert {one.field for one in (*sound.dimensions, *sound.filters)} <= set(CATALOG.fields)
