"""Compiled plans against SQL written by hand, on a real PostgreSQL."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from contracts.plan import Dimension, Filter, Order, Plan, TimeRange
from workflow.semantic.compile_sql import compile_plan
from workflow.semantic.load import load
from workflow.semantic.model import SemanticModel

by = Dimension


def where(field: str, operator: str, *values: object) -> Filter:
    return Filter.model_validate({"field": field, "operator": operator, "values": values})


GOLD: dict[str, tuple[Plan, str]] = {
    "one number": (
        Plan(metrics=("revenue",)),
        "SELECT sum(amount) FROM v_sales",
    ),
    "every metric of one dataset": (
        Plan(metrics=("revenue", "sale_count", "average_sale", "units", "buyers", "last_sale")),
        "SELECT sum(amount), count(*), avg(amount), sum(quantity), count(DISTINCT customer_id),"
        " max(sold_at) FROM v_sales",
    ),
    "a ratio of two counts keeps its fraction": (
        Plan(metrics=("bought_share",)),
        "SELECT (count(*) FILTER (WHERE is_bought))::numeric / count(*) FROM v_visits",
    ),
    "a group without a value": (
        Plan(metrics=("revenue",), dimensions=(by(field="product"),)),
        "SELECT product, sum(amount) FROM v_sales GROUP BY product ORDER BY product",
    ),
    "top by a metric, missing sums last": (
        Plan(
            metrics=("revenue",),
            dimensions=(by(field="customer_id"),),
            order=(Order(by="revenue", descending=True),),
            limit=3,
        ),
        "SELECT customer_id, sum(amount) AS s FROM v_sales GROUP BY 1"
        " ORDER BY s DESC NULLS LAST, 1 LIMIT 3",
    ),
    "months in UTC, whatever the session": (
        Plan(metrics=("revenue",), dimensions=(by(field="sold_at", grain="month"),)),
        "SELECT date_trunc('month', sold_at AT TIME ZONE 'UTC')::date AS m, sum(amount)"
        " FROM v_sales GROUP BY m ORDER BY m",
    ),
    "days of a date": (
        Plan(metrics=("sale_count",), dimensions=(by(field="shipped_on", grain="day"),)),
        "SELECT shipped_on, count(*) FROM v_sales GROUP BY 1 ORDER BY 1",
    ),
    "quarters of a date": (
        Plan(metrics=("customer_count",), dimensions=(by(field="joined", grain="quarter"),)),
        "SELECT date_trunc('quarter', joined::timestamp)::date, count(*) FROM v_customers"
        " GROUP BY 1 ORDER BY 1",
    ),
    "a period is half open, in UTC": (
        Plan(
            metrics=("sale_count",),
            time=TimeRange(start=date(2022, 2, 1), end=date(2022, 3, 1)),
        ),
        "SELECT count(*) FROM v_sales WHERE sold_at >= '2022-02-01 00:00+00'"
        " AND sold_at < '2022-03-01 00:00+00'",
    ),
    "an open period": (
        Plan(metrics=("sale_count",), time=TimeRange(start=date(2022, 3, 1))),
        "SELECT count(*) FROM v_sales WHERE sold_at >= '2022-03-01 00:00+00'",
    ),
    "a date on a timestamp is the whole day": (
        Plan(
            metrics=("sale_count",),
            filters=(where("sold_at", "between", date(2022, 2, 1), date(2022, 2, 28)),),
        ),
        "SELECT count(*) FROM v_sales WHERE sold_at >= '2022-02-01 00:00+00'"
        " AND sold_at < '2022-03-01 00:00+00'",
    ),
    "an instant without a zone is in UTC": (
        Plan(
            metrics=("sale_count",),
            filters=(where("sold_at", "lt", datetime(2022, 2, 11, 12, 30)),),
        ),
        "SELECT count(*) FROM v_sales WHERE sold_at < '2022-02-11 12:30+00'",
    ),
    "an instant with a zone": (
        Plan(metrics=("sale_count",), filters=(where("sold_at", "gt", "2022-02-11T12:30+02:00"),)),
        "SELECT count(*) FROM v_sales WHERE sold_at > '2022-02-11 10:30+00'",
    ),
    "text is exact": (
        Plan(metrics=("sale_count",), filters=(where("product", "eq", "tea"),)),
        "SELECT count(*) FROM v_sales WHERE product = 'tea'",
    ),
    "text with quotes and backslashes": (
        Plan(metrics=("sale_count",), filters=(where("product", "eq", "o'clock \\ jam"),)),
        "SELECT count(*) FROM v_sales WHERE product = $$o'clock \\ jam$$",
    ),
    "contains takes wildcards literally and any case": (
        Plan(metrics=("sale_count",), filters=(where("product", "contains", "0% OFF_"),)),
        "SELECT count(*) FROM v_sales WHERE position('0% off_' IN lower(product)) > 0",
    ),
    "contains takes a backslash literally": (
        Plan(metrics=("sale_count",), filters=(where("product", "contains", "\\"),)),
        "SELECT count(*) FROM v_sales WHERE position($$\\$$ IN product) > 0",
    ),
    "not this one keeps rows without a value": (
        Plan(metrics=("sale_count",), filters=(where("product", "ne", "tea"),)),
        "SELECT count(*) FROM v_sales WHERE product IS DISTINCT FROM 'tea'",
    ),
    "not in keeps rows without a value": (
        Plan(metrics=("sale_count",), filters=(where("product", "not_in", "tea", "Tea"),)),
        "SELECT count(*) FROM v_sales"
        " WHERE product IS DISTINCT FROM 'tea' AND product IS DISTINCT FROM 'Tea'",
    ),
    "in": (
        Plan(metrics=("sale_count",), filters=(where("customer_id", "in", 1, 2, 99),)),
        "SELECT count(*) FROM v_sales WHERE customer_id IN (1, 2, 99)",
    ),
    "decimals": (
        Plan(metrics=("sale_count",), filters=(where("amount", "between", "1.49", Decimal(3)),)),
        "SELECT count(*) FROM v_sales WHERE amount BETWEEN 1.49 AND 3",
    ),
    "a negative bound": (
        Plan(metrics=("sale_count",), filters=(where("amount", "gt", Decimal("-0.5")),)),
        "SELECT count(*) FROM v_sales WHERE amount > -0.5",
    ),
    "missing": (
        Plan(metrics=("sale_count",), filters=(where("product", "is_null"),)),
        "SELECT count(*) FROM v_sales WHERE product IS NULL",
    ),
    "two filters": (
        Plan(
            metrics=("sale_count",),
            filters=(where("product", "is_not_null"), where("region", "ne", "north")),
        ),
        "SELECT count(*) FROM v_sales"
        " WHERE product IS NOT NULL AND region IS DISTINCT FROM 'north'",
    ),
    "a field of the one side": (
        Plan(metrics=("revenue",), dimensions=(by(field="is_member"),)),
        "SELECT (SELECT is_member FROM v_customers c WHERE c.customer_id = s.customer_id),"
        " sum(amount) FROM v_sales s GROUP BY 1 ORDER BY 1",
    ),
    "a field two steps away": (
        Plan(
            metrics=("sale_count",),
            dimensions=(by(field="tier"),),
            filters=(where("is_member", "eq", True),),
        ),
        "SELECT (SELECT tier FROM v_tiers t JOIN v_customers c USING (tier_id)"
        " WHERE c.customer_id = s.customer_id), count(*) FROM v_sales s"
        " WHERE customer_id IN (SELECT customer_id FROM v_customers WHERE is_member)"
        " GROUP BY 1 ORDER BY 1",
    ),
    "two datasets, one row": (
        Plan(metrics=("revenue", "visit_count")),
        "SELECT (SELECT sum(amount) FROM v_sales), (SELECT count(*) FROM v_visits)",
    ),
    "two datasets: no sum is fanned out, no group is lost": (
        Plan(metrics=("revenue", "minutes", "visit_count"), dimensions=(by(field="product"),)),
        "SELECT p, (SELECT sum(amount) FROM v_sales WHERE product IS NOT DISTINCT FROM p),"
        " (SELECT sum(minutes) FROM v_visits WHERE product IS NOT DISTINCT FROM p),"
        " (SELECT count(*) FROM v_visits WHERE product IS NOT DISTINCT FROM p)"
        " FROM (SELECT product FROM v_sales UNION SELECT product FROM v_visits) AS x(p)"
        " ORDER BY p",
    ),
    "two datasets by month: each by its own time": (
        Plan(
            metrics=("sale_count", "visit_count"),
            dimensions=(by(field="sold_at", grain="month"),),
            time=TimeRange(start=date(2022, 3, 1)),
        ),
        "SELECT m::date, (SELECT count(*) FROM v_sales"
        " WHERE date_trunc('month', sold_at AT TIME ZONE 'UTC') = m),"
        " (SELECT count(*) FROM v_visits"
        " WHERE date_trunc('month', visited_at AT TIME ZONE 'UTC') = m)"
        " FROM generate_series(timestamp '2022-03-01', '2022-06-01', '1 month') AS m ORDER BY m",
    ),
    "three datasets": (
        Plan(metrics=("revenue", "visit_count", "customer_count"), dimensions=(by(field="tier"),)),
        "SELECT t, (SELECT sum(amount) FROM v_sales s LEFT JOIN v_customers USING (customer_id)"
        " LEFT JOIN v_tiers USING (tier_id) WHERE tier IS NOT DISTINCT FROM t),"
        " (SELECT count(*) FROM v_visits s LEFT JOIN v_customers USING (customer_id)"
        " LEFT JOIN v_tiers USING (tier_id) WHERE tier IS NOT DISTINCT FROM t),"
        " (SELECT count(*) FROM v_customers LEFT JOIN v_tiers USING (tier_id)"
        " WHERE tier IS NOT DISTINCT FROM t)"
        " FROM (VALUES ('blue'), ('gold'), (NULL)) AS x(t) ORDER BY t",
    ),
    "a metric over two datasets": (
        Plan(metrics=("sales_per_visit",), dimensions=(by(field="product"),)),
        "SELECT p, (SELECT count(*) FROM v_sales WHERE product IS NOT DISTINCT FROM p)::numeric"
        " / (SELECT count(*) FROM v_visits WHERE product IS NOT DISTINCT FROM p)"
        " FROM (SELECT product FROM v_sales UNION SELECT product FROM v_visits) AS x(p)"
        " ORDER BY p",
    ),
    "no rows: a count is 0, a sum and an average have no value": (
        Plan(
            metrics=("revenue", "sale_count", "average_sale", "revenue_per_buyer"),
            filters=(where("product", "eq", "nothing"),),
        ),
        "SELECT NULL::numeric, 0::bigint, NULL::numeric, NULL::numeric",
    ),
    "no rows in any of two datasets": (
        Plan(
            metrics=("revenue", "visit_count", "sales_per_visit"),
            filters=(where("product", "eq", "nothing"),),
        ),
        "SELECT NULL::numeric, 0::bigint, NULL::numeric",
    ),
}


@pytest.mark.parametrize("name", GOLD)
def test_compiled_plans_give_what_hand_written_sql_gives(
    name: str, shop: SemanticModel, shop_db: psycopg.Connection
) -> None:
    plan, gold = GOLD[name]
    compiled = compile_plan(plan, shop)
    cursor = shop_db.execute(compiled.sql.encode())
    assert cursor.description is not None
    assert [c.name for c in cursor.description] == [c.name for c in compiled.columns]
    rows = cursor.fetchall()
    assert rows == shop_db.execute(gold.encode()).fetchall()
    assert rows


def test_a_plan_read_back_from_json_compiles_to_the_same_statement(shop: SemanticModel) -> None:
    plan = Plan(
        metrics=("revenue",),
        dimensions=(by(field="sold_at", grain="week"),),
        filters=(
            where("sold_at", "gte", date(2022, 2, 3)),
            where("sold_at", "lt", datetime(2022, 4, 3, 7, 1, tzinfo=UTC)),
            where("amount", "lte", Decimal("9.10")),
            where("shop_id", "in", 1, 2),
            where("is_member", "eq", False),
        ),
        time=TimeRange(start=date(2022, 1, 1)),
    )
    assert compile_plan(Plan.model_validate_json(plan.model_dump_json()), shop) == compile_plan(
        plan, shop
    )


def test_values_that_are_equal_and_not_written_alike_are_compiled_apart(
    shop: SemanticModel,
) -> None:
    def compiled(value: object) -> str:
        plan = Plan(metrics=("revenue",), filters=(where("amount", "eq", value),))
        return compile_plan(plan, shop).sql

    assert compiled(1) == compiled(1)
    assert len({compiled(1), compiled(Decimal("1.0")), compiled(Decimal("1.00"))}) == 3


def test_a_field_can_be_called_with_its_dataset(
    shop: SemanticModel, shop_db: psycopg.Connection
) -> None:
    qualified = Plan(
        metrics=("revenue",),
        dimensions=(by(field="tiers.tier_id"),),
        order=(Order(by="tiers.tier_id", descending=True),),
    )
    compiled = compile_plan(qualified, shop)
    assert [c.name for c in compiled.columns] == ["tier_id", "revenue"]
    rows = shop_db.execute(compiled.sql.encode()).fetchall()
    assert [row[0] for row in rows] == [2, 1, None]


def test_columns_say_what_they_mean(shop: SemanticModel) -> None:
    plan = Plan(
        metrics=("revenue", "sale_count"),
        dimensions=(by(field="sold_at", grain="month"), by(field="shipped_on", grain="week")),
    )
    assert [
        (c.name, c.role, c.type, c.label, c.unit) for c in compile_plan(plan, shop).columns
    ] == [
        ("sold_at", "dimension", "date", "Month", None),
        ("shipped_on", "dimension", "date", "Week of shipped on", None),
        ("revenue", "metric", "decimal", "Revenue", "currency"),
        ("sale_count", "metric", "integer", "Sale count", "count"),
    ]


def test_compiling_leaves_the_parsed_model_as_it_was(shop: SemanticModel) -> None:
    plan, _ = GOLD["three datasets"]
    assert compile_plan(plan, shop).sql == compile_plan(plan, shop).sql


def test_names_of_any_kind_are_quoted(tmp_path: Path, shop_db: psycopg.Connection) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(
        """
version: "0.2.0.dev0"
semantic_model:
  - name: strange
    datasets:
      - name: 'We"ird Set'
        source: '"scratch"."Vi "" ew"'
        fields:
          - name: 'sel"ect'
            expression: {dialects: [{dialect: ANSI_SQL, expression: '"Col ""umn"'}]}
          - name: größe
            expression: {dialects: [{dialect: ANSI_SQL, expression: '"Größe" + 1'}]}
            datatype: Integer
          - name: one
            expression: {dialects: [{dialect: ANSI_SQL, expression: '1'}]}
            datatype: Integer
          - name: at
            expression: {dialects: [{dialect: ANSI_SQL, expression: At}]}
            datatype: DateTime
    metrics:
      - name: Group
        expression: {dialects: [{dialect: ANSI_SQL, expression: 'SUM("We""ird Set"."größe")'}]}
      - name: average
        expression: {dialects: [{dialect: SNOWFLAKE, expression: 'AVG("größe")'}]}
""",
        encoding="utf-8",
    )
    model = load(path)
    shop_db.execute(
        'CREATE TABLE "Vi "" ew" ("Col ""umn" text, "Größe" int, at timestamp);'
        'INSERT INTO "Vi "" ew" VALUES'
        " ('a', 1, '2022-01-31 23:30'), ('a', 5, '2022-01-01 00:00'), (NULL, 7, '2022-02-01')"
    )
    plan = Plan(
        metrics=("Group", "average"),
        dimensions=(by(field='sel"ect'), by(field="one"), by(field="at", grain="month")),
        filters=(where("größe", "lt", 9),),
        order=(Order(by="Group"),),
    )
    assert (
        shop_db.execute(compile_plan(plan, model).sql.encode()).fetchall()
        == [
            (None, 1, date(2022, 2, 1), 8, 8.0),
            ("a", 1, date(2022, 1, 1), 8, 4.0),
        ][::-1]
    )
