"""Metrics of a document: resolved, safe, made of others."""

from pathlib import Path

import pytest

from contracts.catalog import NumberFormat
from contracts.plan import Dimension, Plan
from tests.workflow.semantic.documents import (
    SMALL,
    faults,
    load_text,
)
from workflow.semantic.compile_sql import compile_plan
from workflow.semantic.model import SemanticModel


def _metric(tmp_path: Path, expression: str, extra: str = "") -> SemanticModel:
    return load_text(tmp_path, SMALL.replace("SUM(orders.amount)", f"'{expression}'") + extra)


@pytest.mark.parametrize(
    ("expression", "stored"),
    [
        ("sum(Orders.AMOUNT)", "SUM(orders.amount)"),
        ("SUM(amount)", "SUM(orders.amount)"),
        ("COUNT(orders.*)", "COUNT(orders.*)"),
        (
            "COUNT(orders.id) / COUNT(DISTINCT orders.customer_id)",
            "CAST(COUNT(orders.id) AS DECIMAL) / NULLIF(COUNT(DISTINCT orders.customer_id), 0)",
        ),
        ("SUM(orders.amount) / 100", "SUM(orders.amount) / 100"),
        (
            "SUM(orders.amount) / (COUNT(orders.id) - 1)",
            "SUM(orders.amount) / NULLIF(COUNT(orders.id) - 1, 0)",
        ),
        (
            "SUM(orders.amount) / NULLIF(COUNT(orders.id), 0)",
            "SUM(orders.amount) / NULLIF(COUNT(orders.id), 0)",
        ),
        (
            "SUM(orders.amount) FILTER (WHERE orders.id > 5)",
            "SUM(orders.amount) FILTER(WHERE orders.id > 5)",
        ),
    ],
)
def test_a_metric_is_kept_with_its_names_resolved_and_its_ratios_safe(
    expression: str, stored: str, tmp_path: Path
) -> None:
    assert _metric(tmp_path, expression).metrics[0].expression == stored


def test_count_of_rows_with_its_dataset_named(tmp_path: Path) -> None:
    named = (
        "        custom_extensions: "
        '[{vendor_name: COUNTERSIGN, data: \'{"dataset": "customers"}\'}]\n'
    )
    model = _metric(tmp_path, "COUNT(*)", named)
    assert compile_plan(Plan(metrics=("total",)), model).sql == (
        "SELECT COUNT(*) AS total FROM v_customers AS customers"
    )


def test_an_aggregate_across_a_relationship_is_over_the_many_side(tmp_path: Path) -> None:
    model = _metric(tmp_path, "SUM(CASE WHEN customers.id > 5 THEN orders.amount END)")
    assert "FROM v_orders AS orders LEFT JOIN v_customers AS customers" in (
        compile_plan(Plan(metrics=("total",)), model).sql
    )


def test_names_that_postgres_reserves_are_quoted(tmp_path: Path) -> None:
    text = SMALL.replace("customers", "user").replace("amount", "Order")
    sql = compile_plan(
        Plan(metrics=("total",), dimensions=(Dimension(field="full_name"),)),
        load_text(tmp_path, text),
    ).sql
    assert 'AS "user"' in sql
    assert 'SUM(orders."order")' in sql


def test_a_metric_may_be_made_of_others(tmp_path: Path) -> None:
    more = """\
      - name: placed_orders
        expression: {dialects: [{dialect: ANSI_SQL, expression: COUNT(orders.id)}]}
      - name: per_order
        expression: {dialects: [{dialect: ANSI_SQL, expression: Total / placed_orders}]}
      - name: twice
        expression: {dialects: [{dialect: ANSI_SQL, expression: per_order * 2}]}
"""
    metrics = {m.name: m for m in load_text(tmp_path, SMALL + more).metrics}
    assert metrics["per_order"].expression == ("SUM(orders.amount) / NULLIF(COUNT(orders.id), 0)")
    assert metrics["twice"].expression == f"({metrics['per_order'].expression}) * 2"
    around = more.replace("COUNT(orders.id)", "twice - total")
    assert "is made of itself" in "\n".join(faults(tmp_path, SMALL + around))


def test_formats_and_cumulative_metrics_are_read(tmp_path: Path) -> None:
    extension = """\
        custom_extensions:
          - vendor_name: COUNTERSIGN
            data: '{"cumulative": true, "format": {"style": "currency", "currency": "EUR"}}'
"""
    (metric,) = load_text(tmp_path, SMALL + extension).metrics
    assert metric.is_cumulative
    assert metric.format == NumberFormat(style="currency", currency="EUR")
    averaged = SMALL.replace("SUM(orders.amount)", "AVG(orders.amount)")
    assert "can be cumulative" in faults(tmp_path, averaged + extension)[0]
    strange = extension.replace("EUR", "euros")
    assert faults(tmp_path, SMALL + strange)[0].startswith("m.yaml:38: ")
