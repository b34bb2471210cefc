"""A small semantic model, results over it, and who asks."""

import hashlib
import json
from collections.abc import Sequence
from uuid import UUID

from pydantic import JsonValue

from contracts.context import Permission, UserContext
from contracts.plan import Dimension, MetricQuery, Plan, Planned
from contracts.result import Column, ResultSet
from workflow.semantic.columns import metric_columns
from workflow.semantic.index import index_of
from workflow.semantic.model import (
    Compiled,
    Dataset,
    Field,
    Metric,
    OutputColumn,
    SemanticModel,
)

FIELDS = (
    Field("payment_date", "payment_date", "timestamp", "Payment date", is_time=True),
    Field("amount", "amount", "decimal", "Amount"),
    Field("store_id", "store_id", "integer", "Store"),
    Field("film_title", "film_title", "text", "Film", is_indexed=True),
    Field("category", "category", "text", "Category", is_indexed=True),
    Field("is_open", "is_open", "boolean", "Open"),
)
MODEL = SemanticModel(
    name="example",
    digest="0",
    datasets=(
        Dataset(
            "payments",
            "v",
            "v",
            "Payments",
            FIELDS,
            scope_field="store_id",
            time_field="payment_date",
        ),
        Dataset("titles", "t", "t", "Titles", (Field("size", "size", "integer", "Size"),)),
    ),
    relationships=(),
    metrics=(
        Metric("revenue", "payments", "SUM(amount)", "Revenue", "decimal", unit="currency"),
        Metric("payment_count", "payments", "COUNT(*)", "Payments", "integer", unit="count"),
        Metric("payers", "payments", "COUNT(DISTINCT c)", "Payers", "integer", unit="count"),
        Metric("average", "payments", "AVG(amount)", "Average payment", "decimal", unit="currency"),
        Metric(
            "open_share", "payments", "SUM(o) / COUNT(*)", "Open share", "decimal", unit="ratio"
        ),
        Metric("duration", "payments", "AVG(d)", "Average duration", "decimal", unit="days"),
        Metric("title_count", "titles", "COUNT(*)", "Titles", "integer", unit="count"),
    ),
)


def asker(*store_ids: int, is_all: bool = False) -> UserContext:
    return UserContext(
        user_id=UUID(int=1),
        username="someone",
        org_id=UUID(int=2),
        role="finance",
        permissions=(Permission.ASK,),
        store_ids=store_ids,
        is_all_stores=is_all,
        allowed_views=("v",),
    )


def result(
    columns: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[JsonValue]],
    *,
    total_rows: int | None = None,
    is_truncated: bool = False,
) -> ResultSet:
    frozen = tuple(tuple(row) for row in rows)
    return ResultSet(
        columns=tuple(Column(name=name, type=kind) for name, kind in columns),
        rows=frozen,
        row_count=len(rows),
        total_rows=total_rows,
        truncated=is_truncated,
        digest=hashlib.sha256(json.dumps(frozen).encode()).hexdigest(),
    )


def compiled(plan: Plan) -> Compiled:
    fields = {field.name: field for field in FIELDS}
    columns: list[OutputColumn] = []
    for dimension in plan.dimensions:
        field = fields[dimension.field]
        label = dimension.grain.capitalize() if dimension.grain else field.label
        kind = "date" if dimension.grain else field.type
        columns.append(OutputColumn(field.name, "dimension", kind, label))
    index = index_of(MODEL)
    columns += metric_columns(plan, [index.metric(name) for name in plan.metrics])
    return Compiled("SELECT", tuple(columns))


def result_of(
    plan: Plan,
    *rows: Sequence[JsonValue],
    total_rows: int | None = None,
    is_truncated: bool = False,
) -> ResultSet:
    return result(
        [(column.name, column.type) for column in compiled(plan).columns],
        rows,
        total_rows=total_rows,
        is_truncated=is_truncated,
    )


def planned(plan: Plan, **given: object) -> Planned:
    return Planned.model_validate({"output": MetricQuery(plan=plan), "planner": "builtin", **given})


def by(field: str, grain: str | None = None) -> Dimension:
    return Dimension.model_validate({"field": field, "grain": grain})
