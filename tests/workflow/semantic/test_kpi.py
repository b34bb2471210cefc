"""The plain form of a metric, on frames and in DuckDB."""

from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pandas as pd
import pytest
from pydantic import ValidationError

from contracts.kpi import PlainKpi
from workflow.semantic.compile_duckdb import compile_duckdb
from workflow.semantic.compile_pandas import compile_pandas
from workflow.semantic.errors import PlanError
from workflow.semantic.kpi import plan_of
from workflow.semantic.model import FieldType

TYPES: dict[str, FieldType] = {
    "Revenue (€)": "decimal", "status": "text", "created_at": "timestamp", "paid": "boolean",
}  # fmt: skip
AS_OF = date(2024, 3, 31)
ORDERS = pd.DataFrame(
    {
        "Revenue (€)": [0.1, 0.2, None, 5.0, 7.25],
        "status": ["paid", "paid", "paid", "open", None],
        "created_at": pd.to_datetime(
            [
                "2024-03-31 23:59",
                "2024-03-02 00:00",
                "2024-03-03 00:00",
                "2024-03-04 00:00",
                "2024-03-01 23:59",
            ]
        ),
        "paid": [True, False, None, True, True],
    }
)
PAID = [{"column": "status", "operator": "eq", "value": "paid"}]
KPIS: list[tuple[dict[str, object], object]] = [
    ({"metric": "sum", "column": "Revenue (€)", "filters": PAID, "time_column": "created_at",
      "time_window_days": 30}, Decimal("0.3")),
    ({"metric": "sum", "column": "Revenue (€)"}, Decimal("12.55")),
    ({"metric": "count"}, 5),
    ({"metric": "count", "column": "status"}, 4),
    ({"metric": "count_distinct", "column": "status"}, 2),
    ({"metric": "avg", "column": "Revenue (€)", "filters": PAID}, Decimal("0.15")),
    ({"metric": "min", "column": "created_at"}, datetime(2024, 3, 1, 23, 59, tzinfo=UTC)),
    ({"metric": "max", "column": "Revenue (€)", "filters": [
        {"column": "status", "operator": "not_in", "value": ["paid", "open"]}]}, Decimal("7.25")),
    ({"metric": "sum", "column": "Revenue (€)", "filters": [
        {"column": "status", "value": "lost"}]}, None),
    ({"metric": "count", "filters": [{"column": "paid", "operator": "is_null"}]}, 1),
]  # fmt: skip


@pytest.mark.parametrize(("form", "value"), KPIS)
def test_a_plain_kpi_is_the_same_on_a_frame_and_in_duckdb(
    form: dict[str, object], value: object
) -> None:
    plan, model = plan_of(PlainKpi.model_validate(form), "orders", TYPES, AS_OF)
    frame = compile_pandas(plan, model).run({"orders": ORDERS})
    assert frame["value"].tolist() == [value]
    with duckdb.connect() as connection:
        connection.execute(
            'CREATE TABLE orders ("Revenue (€)" DECIMAL(18, 2), status VARCHAR,'
            " created_at TIMESTAMPTZ, paid BOOLEAN)"
        )
        rows = [
            [None if pd.isna(cell) else cell for cell in row]
            for row in ORDERS.itertuples(index=False)
        ]
        for row in rows:
            row[2] = row[2].to_pydatetime().replace(tzinfo=UTC)
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", rows)
        (found,) = connection.execute(compile_duckdb(plan, model).sql).fetchone() or ("none",)
    assert (found.replace(tzinfo=UTC) if isinstance(found, datetime) else found) == value


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"metric": "sum", "column": "revenu"}, "no column called revenu"),
        ({"metric": "sum", "column": "status"}, "not a number"),
        ({"metric": "max", "column": "status"}, "no order"),
        ({"metric": "count", "time_column": "status", "time_window_days": 3}, "not a date"),
    ],
)
def test_a_kpi_that_does_not_fit_is_refused(form: dict[str, object], words: str) -> None:
    with pytest.raises(PlanError, match=words):
        plan_of(PlainKpi.model_validate(form), "orders", TYPES, AS_OF)


@pytest.mark.parametrize(
    "form",
    [
        {"metric": "sum"},
        {"metric": "median", "column": "a"},
        {"metric": "count", "time_window_days": 3},
        {"metric": "count", "code": "import os"},
    ],
)
def test_what_is_no_kpi_is_refused_on_the_wire(form: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PlainKpi.model_validate(form)
