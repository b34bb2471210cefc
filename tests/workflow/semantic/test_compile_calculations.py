"""Groups of conditions, comparisons, shares, running totals, having and ties against SQL written
by hand, and through the real guardrails and executor."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest

from contracts.context import UserContext
from contracts.plan import Calculation, Comparison, Dimension, Order, Plan, TimeRange
from workflow.execute.warehouse import Warehouse
from workflow.guard.check import check
from workflow.guard.for_role import guard_scope
from workflow.semantic.compile_sql import PlanError, compile_plan
from workflow.semantic.load import load
from workflow.semantic.model import SemanticModel

MARCH = TimeRange(start=date(2022, 3, 1), end=date(2022, 4, 1))
FEBRUARY = TimeRange(start=date(2022, 2, 1), end=date(2022, 3, 1))
UNTIL_MAY = TimeRange(start=date(2022, 3, 1), end=date(2022, 5, 1))
SALES = "(SELECT *, (sold_at AT TIME ZONE 'UTC')::date AS day FROM v_sales)"

SHARE = {"kind": "share", "metric": "revenue"}
RUNNING = {"kind": "running_total", "metric": "revenue"}


def plan(**parts: object) -> Plan:
    """Dimensions as `field` or `field:grain`, an order as `by` or `-by`."""
    dimensions = [
        {"field": d.partition(":")[0], "grain": d.partition(":")[2] or None}
        for d in parts.pop("by", ())  # type: ignore[attr-defined]  # texts
    ]
    order = [
        Order(by=o.removeprefix("-"), descending=o.startswith("-"))
        for o in parts.pop("order", ())  # type: ignore[attr-defined]  # texts
    ]
    return Plan.model_validate({**parts, "dimensions": dimensions, "order": order})


def where(field: str, operator: str, *values: object) -> dict[str, object]:
    return {"field": field, "operator": operator, "values": values}


def group(operator: str, *filters: object) -> dict[str, object]:
    return {"operator": operator, "filters": filters}


GOLD: dict[str, tuple[Plan, str]] = {
    "either of two conditions": (
        plan(
            metrics=["sale_count"],
            filters=[
                group("or", where("product", "eq", "tea"), where("quantity", "gt", 2)),
                where("shop_id", "eq", 1),
            ],
        ),
        "SELECT count(*) FROM v_sales WHERE (product = 'tea' OR quantity > 2) AND shop_id = 1",
    ),
    "not of a group keeps the rows that do not meet it, missing values too": (
        plan(
            metrics=["sale_count"],
            filters=[
                group("not", group("and", where("product", "eq", "tea"), where("shop_id", "eq", 1)))
            ],
        ),
        "SELECT count(*) FROM v_sales WHERE coalesce(product, '') <> 'tea' OR shop_id <> 1",
    ),
    "not of a comparison, over a joined dataset": (
        plan(metrics=["sale_count"], filters=[group("not", where("tier", "eq", "gold"))]),
        "SELECT count(*) FROM v_sales s WHERE (SELECT tier FROM v_tiers JOIN v_customers c"
        " USING (tier_id) WHERE c.customer_id = s.customer_id) IS DISTINCT FROM 'gold'",
    ),
    "a whole period and the one before": (
        plan(metrics=["revenue"], time=MARCH, comparison={"to": "previous_period"}),
        f"SELECT n, b, n - b, (n - b) / b FROM (SELECT sum(amount) FILTER (WHERE day BETWEEN"
        f" '2022-03-01' AND '2022-03-31') AS n, sum(amount) FILTER (WHERE day BETWEEN"
        f" '2022-02-01' AND '2022-02-28') AS b FROM {SALES} s) x",
    ),
    "nothing before is no growth": (
        plan(metrics=["revenue", "sale_count"], time=MARCH, comparison={"to": "previous_year"}),
        f"SELECT sum(amount), NULL::numeric, NULL::numeric, NULL::numeric, count(*), 0, count(*),"
        f" NULL::numeric FROM {SALES} s WHERE day BETWEEN '2022-03-01' AND '2022-03-31'",
    ),
    "a group of only one period keeps its row, and changes by all of it": (
        plan(
            metrics=["revenue"],
            by=["product"],
            time=MARCH,
            comparison={"to": "period", "period": FEBRUARY},
            filters=[
                group(
                    "or",
                    group("and", where("sold_at", "lt", "2022-03-01"), where("shop_id", "eq", 1)),
                    where("product", "in", "tea", "coffee"),
                )
            ],
        ),
        "WITH f AS (SELECT * FROM " + SALES + " s WHERE (day < '2022-03-01' AND shop_id = 1) OR"
        " product IN ('tea', 'coffee')), n AS (SELECT product, sum(amount) AS v FROM f WHERE day"
        " BETWEEN '2022-03-01' AND '2022-03-31' GROUP BY 1), b AS (SELECT product, sum(amount)"
        " AS v FROM f WHERE day BETWEEN '2022-02-01' AND '2022-02-28' GROUP BY 1)"
        " SELECT p, n.v, b.v, coalesce(n.v, 0) - coalesce(b.v, 0),"
        " (coalesce(n.v, 0) - b.v) / b.v"
        " FROM (SELECT product FROM n UNION SELECT product FROM b) AS g(p)"
        " LEFT JOIN n ON n.product IS NOT DISTINCT FROM p"
        " LEFT JOIN b ON b.product IS NOT DISTINCT FROM p ORDER BY p COLLATE \"C\"",
    ),
    "rows of time beside the row before, read from before the period too": (
        plan(
            metrics=["revenue"],
            by=["sold_at:month"],
            time=UNTIL_MAY,
            comparison={"to": "previous_period"},
        ),
        "WITH m AS (SELECT date_trunc('month', sold_at AT TIME ZONE 'UTC')::date AS m,"
        " sum(amount) AS v FROM v_sales GROUP BY 1), l AS (SELECT m, v, lag(v) OVER (ORDER BY m)"
        " AS b FROM m) SELECT m, v, b, v - b, (v - b) / b FROM l"
        " WHERE m IN ('2022-03-01', '2022-04-01') ORDER BY m",
    ),
    "two datasets compared, each by its own time": (
        plan(
            metrics=["sale_count", "visit_count"],
            time=MARCH,
            comparison={"to": "previous_period"},
        ),
        "WITH c AS (SELECT (SELECT count(*) FROM v_sales WHERE sold_at >= '2022-03-01 00:00Z'"
        " AND sold_at < '2022-04-01 00:00Z') AS s, (SELECT count(*) FROM v_sales WHERE sold_at >="
        " '2022-02-01 00:00Z' AND sold_at < '2022-03-01 00:00Z') AS sb, (SELECT count(*) FROM"
        " v_visits WHERE visited_at >= '2022-03-01 00:00Z' AND visited_at < '2022-04-01 00:00Z')"
        " AS v, (SELECT count(*) FROM v_visits WHERE visited_at >= '2022-02-01 00:00Z' AND"
        " visited_at < '2022-03-01 00:00Z') AS vb)"
        " SELECT s, sb, s - sb, (s - sb)::numeric / sb, v, vb, v - vb, (v - vb)::numeric / vb"
        " FROM c",
    ),
    "a share is of all rows, whatever having and limit leave": (
        plan(
            metrics=["revenue"],
            by=["product"],
            calculations=[{"kind": "share", "metric": "revenue"}],
            having=[where("revenue_share", "gt", "0.1")],
            order=["-revenue"],
            limit=2,
        ),
        "SELECT product, s, s / t FROM (SELECT product, sum(amount) AS s FROM v_sales GROUP BY 1)"
        " g, (SELECT sum(amount) AS t FROM v_sales) a WHERE s / t > 0.1 ORDER BY s DESC LIMIT 2",
    ),
    "the share of one group in all of them": (
        plan(
            metrics=["revenue"],
            by=["product"],
            calculations=[{"kind": "share", "metric": "revenue"}],
            having=[where("product", "eq", "tea")],
        ),
        "SELECT product, s, s / t FROM (SELECT product, sum(amount) AS s FROM v_sales GROUP BY 1)"
        " g, (SELECT sum(amount) AS t FROM v_sales) a WHERE product = 'tea'",
    ),
    "a share within a group": (
        plan(
            metrics=["sale_count"],
            by=["shop_id", "region"],
            calculations=[{"kind": "share", "metric": "sale_count", "within": ["shop_id"]}],
        ),
        "SELECT shop_id, region, n, n::numeric / (SELECT count(*) FROM v_sales s WHERE s.shop_id ="
        " g.shop_id) FROM (SELECT shop_id, region, count(*) AS n FROM v_sales GROUP BY 1, 2) g"
        " ORDER BY shop_id, region",
    ),
    "a running total for each shop": (
        plan(
            metrics=["revenue"],
            by=["sold_at:month", "shop_id"],
            calculations=[{"kind": "running_total", "metric": "revenue", "within": ["shop_id"]}],
        ),
        "WITH g AS (SELECT date_trunc('month', sold_at AT TIME ZONE 'UTC')::date AS m, shop_id,"
        " sum(amount) AS v FROM v_sales GROUP BY 1, 2) SELECT m, shop_id, v, (SELECT sum(v) FROM"
        " g AS e WHERE e.m <= g.m AND e.shop_id = g.shop_id) FROM g ORDER BY m, shop_id",
    ),
    "having on a metric, either way": (
        plan(
            metrics=["sale_count", "average_sale"],
            by=["customer_id"],
            having=[
                group("or", where("sale_count", "gte", 12), where("average_sale", "lt", "3.5"))
            ],
        ),
        "SELECT customer_id, count(*), avg(amount) FROM v_sales GROUP BY 1"
        " HAVING count(*) >= 12 OR avg(amount) < 3.5 ORDER BY 1",
    ),
    "a limit with ties": (
        plan(metrics=["sale_count"], by=["sold_at:day"], order=["-sale_count"], limit=4,
             with_ties=True),
        "SELECT (sold_at AT TIME ZONE 'UTC')::date AS d, count(*) FROM v_sales GROUP BY 1"
        " HAVING count(*) >= (SELECT count(*) FROM v_sales GROUP BY"
        " (sold_at AT TIME ZONE 'UTC')::date ORDER BY 1 DESC OFFSET 3 LIMIT 1)"
        " ORDER BY 2 DESC, 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GOLD)
def test_calculations_give_what_hand_written_sql_gives(
    name: str, shop: SemanticModel, shop_db: psycopg.Connection
) -> None:
    given, gold = GOLD[name]
    compiled = compile_plan(given, shop)
    cursor = shop_db.execute(compiled.sql.encode())
    assert cursor.description is not None
    assert [c.name for c in cursor.description] == [c.name for c in compiled.columns]
    rows = cursor.fetchall()
    assert rows == shop_db.execute(gold.encode()).fetchall()
    assert rows


def test_the_ties_of_that_test_are_there(shop: SemanticModel, shop_db: psycopg.Connection) -> None:
    given, _ = GOLD["a limit with ties"]
    assert len(shop_db.execute(compile_plan(given, shop).sql.encode()).fetchall()) == 8
    without = given.model_copy(update={"with_ties": False})
    assert len(shop_db.execute(compile_plan(without, shop).sql.encode()).fetchall()) == 4


def test_added_columns_say_what_they_are(shop: SemanticModel) -> None:
    given = plan(
        metrics=["revenue"],
        by=["sold_at:month"],
        time=MARCH,
        comparison={"to": "previous_period"},
        calculations=[SHARE, RUNNING],
    )
    columns = compile_plan(given, shop).columns[1:]
    assert [(c.name, c.kind, c.unit, c.is_additive) for c in columns] == [
        ("revenue", "value", "currency", True),
        ("revenue_before", "before", "currency", True),
        ("revenue_change", "change", "currency", True),
        ("revenue_change_ratio", "change_ratio", "ratio", False),
        ("revenue_share", "share", "ratio", True),
        ("revenue_running_total", "running_total", "currency", False),
    ]
    assert {c.metric for c in columns} == {"revenue"}
    assert [c.format.style if c.format else None for c in columns[3:5]] == ["percent", "percent"]


PAGILA = load(Path(__file__).parents[3] / "seeds" / "pagila" / "model.yaml")
EVERYTHING = Plan(
    metrics=("revenue", "rental_count"),
    dimensions=(Dimension(field="payment_date", grain="month"), Dimension(field="category")),
    time=TimeRange(start=date(2022, 3, 1), end=date(2022, 6, 1)),
    comparison=Comparison(to="previous_period"),
    calculations=(
        Calculation(kind="share", metric="revenue", within=("payment_date",)),
        Calculation(kind="running_total", metric="rental_count", within=("category",)),
    ),
    order=(Order(by="revenue_change", descending=True),),
    limit=20,
    with_ties=True,
)


def test_the_row_scope_reaches_every_branch(
    warehouse: Warehouse,
    warehouse_url: str,
    context_of: Callable[..., UserContext],
    runner: asyncio.Runner,
) -> None:
    """The guardrails put the scope into each; the database would hold without them."""
    context = context_of(stores=(1,))
    compiled = compile_plan(EVERYTHING, PAGILA)
    verdict = check(compiled.sql, guard_scope(PAGILA, context, is_raw=False))
    assert (verdict.verdict, verdict.findings) == ("pass", ())
    assert verdict.sql is not None
    assert verdict.sql.count("WHERE store_id IN (1)") == verdict.sql.count("analytics.v_") == 4
    result = runner.run(warehouse.run(verdict.sql, context))
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("SET countersign.store_ids = '1'")
        connection.execute("SET search_path = analytics")
        truth = connection.execute(
            """
            WITH p AS (
                SELECT date_trunc('month', payment_date)::date AS m, category, sum(amount) AS v
                FROM v_payment_scoped GROUP BY 1, 2
            ), r AS (
                SELECT date_trunc('month', rental_date)::date AS m, category, count(*) AS v
                FROM v_rental_scoped GROUP BY 1, 2
            ), g AS (SELECT m, category FROM p UNION SELECT m, category FROM r)
            SELECT g.m::text, g.category, p.v::text, b.v::text, p.v - b.v, r.v
            FROM g LEFT JOIN p USING (m, category) LEFT JOIN r USING (m, category)
            LEFT JOIN p AS b ON b.category = g.category AND b.m = g.m - interval '1 month'
            WHERE g.m BETWEEN '2022-03-01' AND '2022-05-01'
            ORDER BY p.v - b.v DESC NULLS LAST, g.m, g.category LIMIT 20
            """
        ).fetchall()
    names = [column.name for column in result.columns]
    places = [
        names.index(n)
        for n in ("payment_date", "category", "revenue", "revenue_before", "rental_count")
    ]
    assert [tuple(row[i] for i in places) for row in result.rows[:20]] == [
        (*row[:4], row[5]) for row in truth
    ]
    assert result.row_count >= 20


def test_a_cumulative_metric_adds_up_over_time(
    shop: SemanticModel, shop_db: psycopg.Connection
) -> None:
    revenue = next(m for m in shop.metrics if m.name == "revenue")
    model = replace(
        shop, metrics=(*shop.metrics, replace(revenue, name="so_far", is_cumulative=True))
    )
    given = plan(metrics=["so_far"], by=["sold_at:month", "shop_id"])
    gold, _ = GOLD["a running total for each shop"]
    rows = shop_db.execute(compile_plan(given, model).sql.encode()).fetchall()
    truth = shop_db.execute(compile_plan(gold, shop).sql.encode()).fetchall()
    assert rows == [(month, shop_id, total) for month, shop_id, _, total in truth]
    total = plan(metrics=["so_far"], by=["shop_id"])
    assert shop_db.execute(compile_plan(total, model).sql.encode()).fetchall() == (
        shop_db.execute("SELECT shop_id, sum(amount) FROM v_sales GROUP BY 1 ORDER BY 1").fetchall()
    )
    for refused in (
        plan(metrics=["so_far"], by=["sold_at:day", "shipped_on:day"]),
        plan(metrics=["so_far"], time=MARCH, comparison={"to": "previous_period"}),
        plan(metrics=["so_far"], by=["sold_at:day"],
             calculations=[{"kind": "share", "metric": "so_far"}]),
    ):  # fmt: skip
        with pytest.raises(PlanError):
            compile_plan(refused, model)
