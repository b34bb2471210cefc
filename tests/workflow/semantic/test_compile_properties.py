"""Generated plans: the compiled statement always runs, and says what the rows say."""

from datetime import date
from decimal import Decimal

import psycopg
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts.plan import Dimension, Filter, Order, Plan, TimeRange
from tests.workflow.semantic.conftest import ROWS
from tests.workflow.semantic.oracle import answer, datasets_of, rounded
from workflow.semantic.compile_sql import PlanError, compile_plan
from workflow.semantic.model import SemanticModel

GRAINS = st.sampled_from(["day", "week", "month", "quarter", "year"])
METRICS = st.sampled_from(
    [
        "revenue", "units", "sale_count", "buyers", "last_sale", "visit_count", "minutes",
        "customer_count", "revenue_per_buyer", "bought_share", "sales_per_visit",
    ]
)  # fmt: skip
TEXTS = st.sampled_from(["tea", "Tea", "50% off_box", "o'clock \\ jam", "cocoa", "", "none"])
DAYS = st.dates(date(2022, 1, 25), date(2022, 6, 15))
NUMBERS = st.integers(-1, 12) | st.decimals(-1, 12, places=2)


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    field, values = draw(
        st.sampled_from(
            [
                ("product", TEXTS), ("region", st.sampled_from(["north", "south"])),
                ("customer_id", st.integers(0, 12)), ("amount", NUMBERS), ("sold_at", DAYS),
                ("joined", DAYS), ("is_member", st.booleans()),
                ("is_big", st.booleans()), ("tier", st.just("gold")),
            ]
        )
    )  # fmt: skip
    operators = ["eq", "ne", "in", "not_in", "is_null", "is_not_null"]
    if field in ("customer_id", "amount", "sold_at", "joined"):
        operators += ["lt", "lte", "gt", "gte", "between"]
    elif field in ("product", "region"):
        operators.append("contains")
    operator = draw(st.sampled_from(operators))
    low, high = {"in": (1, 3), "not_in": (1, 3), "between": (2, 2)}.get(
        operator, (0, 0) if "null" in operator else (1, 1)
    )
    given_values = draw(st.lists(values, min_size=low, max_size=high))
    assume(operator != "contains" or given_values[0])
    return Filter.model_validate(
        {"field": field, "operator": operator, "values": tuple(given_values)}
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    dimensions = draw(
        st.lists(
            st.sampled_from(
                ["product", "region", "customer_id", "is_member", "tier", "shop_id", "is_big"]
            ).map(lambda field: Dimension(field=field))
            | st.builds(
                Dimension,
                field=st.sampled_from(["sold_at", "visited_at", "joined", "shipped_on"]),
                grain=GRAINS,
            ),
            max_size=2,
            unique_by=lambda d: d.field,
        )
    )
    start, end = draw(st.none() | DAYS), draw(st.none() | DAYS)
    assume(start is None or end is None or start < end)
    return Plan(
        metrics=tuple(draw(st.lists(METRICS, min_size=1, max_size=3, unique=True))),
        dimensions=tuple(dimensions),
        filters=tuple(draw(st.lists(filters(), max_size=2))),
        time=draw(st.none() | st.just(TimeRange(start=start, end=end))),
    )


FEW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _rows(plan: Plan, shop: SemanticModel, shop_db: psycopg.Connection) -> list[tuple[object, ...]]:
    try:
        compiled = compile_plan(plan, shop)
    except PlanError:
        assume(False)  # a plan that has no answer
    return shop_db.execute(compiled.sql.encode()).fetchall()


@FEW
@given(plan=plans())
def test_rows_are_what_the_plan_means(
    plan: Plan, shop: SemanticModel, shop_db: psycopg.Connection
) -> None:
    rows = _rows(plan, shop, shop_db)
    assert sorted(map(rounded, rows)) == sorted(map(rounded, answer(plan, ROWS)))


@FEW
@given(plan=plans())
def test_groups_add_up_to_the_total(
    plan: Plan, shop: SemanticModel, shop_db: psycopg.Connection
) -> None:
    added = ("revenue", "units", "sale_count", "visit_count", "minutes", "customer_count")
    metrics = tuple(m for m in plan.metrics if m in added)
    assume(metrics and plan.dimensions)
    plan = plan.model_copy(update={"metrics": metrics})
    # several datasets may share a field by name but reach it differently from one alone
    assume(len(datasets_of(plan)) == 1 or all(d.grain is None for d in plan.dimensions))
    groups = _rows(plan, shop, shop_db)
    totals = _rows(plan.model_copy(update={"dimensions": ()}), shop, shop_db)[0]
    for offset, total in enumerate(totals, start=len(plan.dimensions)):
        values = [Decimal(str(row[offset])) for row in groups if row[offset] is not None]
        assert sum(values, Decimal()) == (Decimal(str(total)) if total is not None else 0)


@FEW
@given(plan=plans(), limit=st.integers(1, 6), descending=st.booleans(), data=st.data())
def test_a_limit_cuts_the_ordered_rows_and_is_the_same_every_time(
    plan: Plan,
    limit: int,
    descending: bool,
    data: st.DataObject,
    shop: SemanticModel,
    shop_db: psycopg.Connection,
) -> None:
    names = [*(d.field for d in plan.dimensions), *plan.metrics]
    by = data.draw(st.sampled_from(names))
    plan = plan.model_copy(update={"order": (Order(by=by, descending=descending),)})
    everything = _rows(plan, shop, shop_db)
    cut = _rows(plan.model_copy(update={"limit": limit}), shop, shop_db)
    assert cut == everything[:limit]
    values = [row[names.index(by)] for row in everything]
    present = [v for v in values if v is not None]
    assert values == present + [None] * (len(values) - len(present))
    if not all(isinstance(v, str) for v in present):  # text goes by the database's collation
        assert present == sorted(present, reverse=descending)  # type: ignore[type-var]  # one type


@FEW
@given(
    plan=plans(),
    text=st.text(min_size=1, max_size=30).filter(lambda t: "\x00" not in t and t.isprintable()),
)
def test_a_text_is_only_ever_a_value(
    plan: Plan, text: str, shop: SemanticModel, shop_db: psycopg.Connection
) -> None:
    for operator in ("eq", "contains"):
        filtered = plan.model_copy(
            update={"filters": (Filter(field="region", operator=operator, values=(text,)),)}
        )
        assert sorted(map(rounded, _rows(filtered, shop, shop_db))) == sorted(
            map(rounded, answer(filtered, ROWS))
        )
