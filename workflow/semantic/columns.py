"""The columns that a plan's metrics become, with what is needed to show and tell them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from contracts.catalog import NumberFormat
from contracts.plan import Calculation, Plan
from workflow.semantic.index import BoundMetric
from workflow.semantic.model import OutputColumn

PERCENT = NumberFormat(style="percent", decimals=1)


def metric_columns(plan: Plan, metrics: Sequence[BoundMetric]) -> tuple[OutputColumn, ...]:
    """Each metric, what the comparison adds to it, and then the calculations."""
    values = {bound.metric.name: _value(bound) for bound in metrics}
    columns: list[OutputColumn] = []
    for value in values.values():
        columns.append(value)
        if plan.comparison:
            columns += _compared(value)
    columns += [_calculated(values[one.metric], one) for one in plan.calculations]
    return tuple(columns)


def _value(bound: BoundMetric) -> OutputColumn:
    metric = bound.metric
    return OutputColumn(
        name=metric.name,
        role="metric",
        type=metric.type,
        label=metric.label,
        unit=metric.unit,
        kind="running_total" if metric.is_cumulative else "value",
        metric=metric.name,
        format=metric.format,
        is_additive=bound.is_additive and not metric.is_cumulative,
    )


def _compared(value: OutputColumn) -> Iterator[OutputColumn]:
    name, label = value.name, value.label
    yield replace(value, name=f"{name}_before", label=f"{label} before", kind="before")
    yield replace(value, name=f"{name}_change", label=f"Change of {_lower(label)}", kind="change")
    yield replace(
        value,
        name=f"{name}_change_ratio",
        label=f"Relative change of {_lower(label)}",
        kind="change_ratio",
        type="decimal",
        unit="ratio",
        format=PERCENT,
        is_additive=False,
    )


def _calculated(value: OutputColumn, given: Calculation) -> OutputColumn:
    if given.kind == "share":
        return replace(
            value,
            name=f"{value.name}_share",
            label=f"Share of {_lower(value.label)}",
            kind="share",
            type="decimal",
            unit="ratio",
            format=PERCENT,
            is_additive=not given.within,
        )
    return replace(
        value,
        name=f"{value.name}_running_total",
        label=f"Running total of {_lower(value.label)}",
        kind="running_total",
        is_additive=False,
    )


def _lower(label: str) -> str:
    is_acronym = len(label) > 1 and label[1].isupper()
    return label if is_acronym else label[:1].lower() + label[1:]
