"""A metric in its plain form, as a plan over a model of one table, for any of the compilers."""

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta

from sqlglot import exp

from contracts.kpi import PlainKpi
from contracts.plan import Filter, Plan, TimeRange
from workflow.semantic.errors import PlanError
from workflow.semantic.expressions import column
from workflow.semantic.index import sql_of
from workflow.semantic.model import Dataset, Field, FieldType, Metric, SemanticModel

VALUE = "value"
"""The one column of the result."""
_DATASET = "rows"
_CALLS: dict[str, type[exp.AggFunc]] = {
    "sum": exp.Sum, "count": exp.Count, "count_distinct": exp.Count, "avg": exp.Avg,
    "min": exp.Min, "max": exp.Max,
}  # fmt: skip


def plan_of(
    kpi: PlainKpi, table: str, types: Mapping[str, FieldType], as_of: date
) -> tuple[Plan, SemanticModel]:
    """The plan and its model: `table` is what the compilers call the table, `types` has its
    columns, `as_of` is the last day of the time window.

    Raises PlanError for a column that is not there, one that the metric does not fit, or a time
    column that is no time.
    """
    for name in (kpi.column, kpi.time_column):
        if name is not None and name not in types:
            raise PlanError(f"There is no column called {name}.", field=name)
    if kpi.time_column is not None and types[kpi.time_column] not in ("date", "timestamp"):
        raise PlanError(f"{kpi.time_column} is not a date.", field=kpi.time_column)
    dataset = Dataset(
        name=_DATASET,
        source=table,
        view=table,
        label=table,
        fields=tuple(
            Field(name, sql_of(exp.column(name, quoted=True)), type_, name)
            for name, type_ in types.items()
        ),
        time_field=kpi.time_column,
    )
    metric = Metric(VALUE, _DATASET, _expression(kpi, types), VALUE, _type(kpi, types))
    time = None
    if kpi.time_window_days is not None:
        end = as_of + timedelta(days=1)
        time = TimeRange(start=end - timedelta(days=kpi.time_window_days), end=end)
    filters = tuple(
        Filter(field=f.column, operator=f.operator, values=f.values()) for f in kpi.filters
    )
    digest = hashlib.sha256(kpi.model_dump_json().encode()).hexdigest()
    model = SemanticModel(table, digest, (dataset,), (), (metric,))
    return Plan(metrics=(VALUE,), filters=filters, time=time), model


def _expression(kpi: PlainKpi, types: Mapping[str, FieldType]) -> str:
    if kpi.column is None:
        return "COUNT(*)"
    type_ = types[kpi.column]
    is_number = type_ in ("integer", "decimal")
    if kpi.metric in ("sum", "avg") and not is_number:
        raise PlanError(f"{kpi.column} is not a number to add up.", field=kpi.column)
    if kpi.metric in ("min", "max") and type_ in ("text", "boolean"):
        raise PlanError(f"{kpi.column} has no order to go by.", field=kpi.column)
    value: exp.Expr = column(_DATASET, kpi.column)
    if kpi.metric == "count_distinct":
        value = exp.Distinct(expressions=[value])
    return sql_of(_CALLS[kpi.metric](this=value))


def _type(kpi: PlainKpi, types: Mapping[str, FieldType]) -> FieldType:
    if kpi.metric in ("count", "count_distinct") or kpi.column is None:
        return "integer"
    return "decimal" if kpi.metric == "avg" else types[kpi.column]
