"""What the planner says of a plan, it reads as the same plan: the ground under every choice."""

from datetime import date
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contracts.plan import (
    Calculation,
    Comparison,
    Dimension,
    Filter,
    FilterGroup,
    MetricQuery,
    Order,
    Plan,
)
from tests.workflow.plan.builtin import small_source as source
from tests.workflow.plan.builtin.asking import MODELS, asked
from workflow.plan.lexicon import lexicon_for
from workflow.plan.say import question_of
from workflow.plan.when import time_range

LEXICON = lexicon_for(MODELS["admin"], source.FULL)
ADDITIVE = ("revenue", "payment_count", "rental_count", "open_rentals")
METRICS = (*ADDITIVE, "average_payment", "paying_customers", "average_rental_days")
GROUPS = ("category", "rating", "store_id", "customer_country", "film_title")
DATES = {"revenue": "payment_date", "payment_count": "payment_date",
         "average_payment": "payment_date", "paying_customers": "payment_date"}  # fmt: skip
MAY, JUNE = (date(2022, 5, 1), date(2022, 6, 1)), (date(2022, 6, 1), date(2022, 7, 1))
PERIODS = (MAY, JUNE, (date(2022, 1, 1), date(2022, 4, 1)), (date(2022, 6, 3), date(2022, 6, 20)),
           (date(2022, 5, 1), date(2022, 8, 1)), (date(2022, 7, 5), date(2022, 7, 6)),
           (date(2022, 1, 1), date(2023, 1, 1)))  # fmt: skip

filters = st.sampled_from([
    (),
    (Filter(field="category", operator="eq", values=("Horror",)),),
    (Filter(field="category", operator="in", values=("Horror", "Comedy")),),
    (Filter(field="category", operator="not_in", values=("Horror", "Comedy")),),
    (Filter(field="customer_country", operator="ne", values=("Canada",)),),
    (Filter(field="store_id", operator="eq", values=(1,)),),
    (Filter(field="rating", operator="eq", values=("PG-13",)),
     Filter(field="customer_country", operator="eq", values=("United Kingdom",))),
    (FilterGroup(operator="or", filters=(
        Filter(field="category", operator="eq", values=("Horror",)),
        Filter(field="customer_country", operator="eq", values=("Canada",)))),),
])  # fmt: skip


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    metric = draw(st.sampled_from(METRICS))
    grain = draw(st.sampled_from([None, None, "day", "week", "month", "quarter", "year"]))
    names = draw(st.lists(st.sampled_from(GROUPS), max_size=2, unique=True))
    dated = DATES.get(metric, "rental_date")
    groups = [Dimension(field=name) for name in names]
    dimensions = (*groups, Dimension(field=dated, grain=grain)) if grain else tuple(groups)
    period = draw(st.sampled_from([None, *PERIODS]))
    plan = Plan(
        metrics=(metric,),
        dimensions=dimensions,
        filters=draw(filters),
        time=time_range(*period) if period else None,
        comparison=draw(comparisons(period, is_split=grain is not None)),
        calculations=draw(calculations(metric, dimensions, grain is not None)),
        having=draw(having(metric)) if dimensions else (),
    )
    return plan.model_copy(update=draw(orders(plan, metric, grain is not None)))


@st.composite
def comparisons(
    draw: st.DrawFn, period: tuple[date, date] | None, *, is_split: bool
) -> Comparison | None:
    kinds = [None, None, Comparison(to="previous_period"), Comparison(to="previous_year")]
    if period is None and not is_split:
        return None
    if period == JUNE and not is_split:
        kinds.append(Comparison(to="period", period=time_range(*MAY)))
    return draw(st.sampled_from(kinds))


@st.composite
def calculations(
    draw: st.DrawFn, metric: str, dimensions: tuple[Dimension, ...], is_split: bool
) -> tuple[Calculation, ...]:
    if metric not in ADDITIVE or not dimensions or not draw(st.booleans()):
        return ()
    others = tuple(d.field for d in dimensions if d.grain is None)
    if is_split:
        return (Calculation(kind="running_total", metric=metric, within=others),)
    within = (dimensions[0].field,) if len(dimensions) > 1 and draw(st.booleans()) else ()
    return (Calculation(kind="share", metric=metric, within=within),)


@st.composite
def having(draw: st.DrawFn, metric: str) -> tuple[Filter, ...]:
    operator = draw(st.sampled_from([None, "gt", "gte", "lt", "lte", "eq", "between"]))
    if operator is None:
        return ()
    number = Decimal(draw(st.integers(1, 1500)))
    values = (number, number + 10) if operator == "between" else (number,)
    return (Filter(field=metric, operator=operator, values=values),)


@st.composite
def orders(draw: st.DrawFn, plan: Plan, metric: str, is_split: bool) -> dict[str, object]:
    if not plan.dimensions:
        return {}
    if len(plan.dimensions) == 1 and draw(st.booleans()):
        descending = draw(st.booleans())
        limit = draw(st.sampled_from([1, 3, 5, 20]))
        by = metric
        if plan.comparison is not None and not is_split and draw(st.booleans()):
            by = f"{metric}_change"
        ties = limit > 1 and draw(st.booleans())
        order = (Order(by=by, descending=descending),)
        return {"order": order, "limit": limit, "with_ties": ties}
    if is_split:
        ordered = sorted(plan.dimensions, key=lambda d: d.grain is None)
        return {"order": tuple(Order(by=d.field) for d in ordered)}
    return {"order": (Order(by=metric, descending=True),)}


@given(plans())
@settings(max_examples=200, deadline=None)
def test_what_is_said_of_a_plan_is_read_as_that_plan(plan: Plan) -> None:
    assume(not (plan.limit and plan.calculations))
    question = question_of(plan, LEXICON)
    planned = asked(question)
    assert isinstance(planned.output, MetricQuery), question
    assert planned.output.plan == plan, question
    # a period that is not over, beside a whole one, is said with a doubt
    assert planned.confidence == 1.0 or (plan.comparison and planned.confidence == 0.9), question
