"""A plan over a semantic model, as one SELECT in PostgreSQL's dialect.

Each aggregate is computed over the rows of its own dataset, at the dimensions asked for. What
comes from one dataset is one SELECT; several are stacked with UNION ALL and merged by dimension,
so that no row of one is ever repeated by a row of another, and rows without a value keep their
group. Joins run only along many-to-one relationships, for the same reason.

Over no rows a count is 0 and any other aggregate NULL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

from contracts.plan import Dimension, Filter, Order, Plan
from workflow.semantic.conditions import condition, time_conditions, utc
from workflow.semantic.errors import PlanError
from workflow.semantic.expressions import column, identifier
from workflow.semantic.index import BoundField, BoundMetric, Index, Unit, index_of
from workflow.semantic.model import Compiled, Field, FieldType, OutputColumn, SemanticModel

__all__ = ["PlanError", "compile_plan"]

_SQL_TYPES: dict[FieldType, exp.DataType] = {
    "text": exp.DataType.build("text"),
    "integer": exp.DataType.build("bigint"),
    "decimal": exp.DataType.build("decimal"),
    "boolean": exp.DataType.build("boolean"),
    "date": exp.DataType.build("date"),
    "timestamp": exp.DataType.build("timestamptz", dialect="postgres"),
}
_MERGED = "merged"
_GENERATOR = Postgres()


@dataclass(slots=True)
class _Select:
    """The SELECT over one dataset, while it is put together."""

    dataset: str
    dimensions: list[exp.Expr] = field(default_factory=list)
    outputs: list[OutputColumn] = field(default_factory=list)
    conditions: list[exp.Expr] = field(default_factory=list)
    joins: dict[str, exp.Join] = field(default_factory=dict)


def compile_plan(plan: Plan, model: SemanticModel) -> Compiled:
    """The plan as SQL: columns are the dimensions, then the metrics, named as in the plan.

    `model` is what the role may use: a name outside it does not exist. Rows come in the plan's
    order, then by the dimensions, nothing before a missing value; without a limit of the plan
    the statement has none. Dimensions with a grain are dates, the first day of the period in UTC.
    Raises PlanError, whose message is for the person who asked.
    """
    index = index_of(model)
    metrics = [index.metric(name) for name in plan.metrics]
    _check(plan, metrics)
    datasets = list(dict.fromkeys(unit.dataset for m in metrics for unit in m.units))
    selects = [_select(plan, index, name, datasets) for name in datasets]
    columns = (*_dimension_columns(plan, selects), *(_metric_column(m) for m in metrics))
    if len(selects) == 1:
        tree = _single(index, selects[0], metrics, columns)
    else:
        tree = _merged(index, selects, metrics, columns)
    _order(tree, plan, columns)
    if plan.limit is not None:
        tree.set("limit", exp.Limit(expression=exp.Literal.number(plan.limit)))
    return Compiled(_GENERATOR.generate(tree, copy=False), columns)


def _check(plan: Plan, metrics: Sequence[BoundMetric]) -> None:
    if plan.comparison or plan.calculations or plan.having or plan.with_ties:
        raise PlanError("This kind of calculation cannot be computed yet.")
    if plan.time and plan.time.relative:
        raise PlanError("A relative period has to be resolved first.", field="time")
    if not metrics:
        raise PlanError("A plan needs a metric: what should be counted or added up?")
    names: set[str] = set()
    for name in (*(_bare(d.field) for d in plan.dimensions), *plan.metrics):
        if name in names:
            raise PlanError(f"{name} is asked for twice.", field=name)
        names.add(name)
    time = plan.time
    if time and time.start and time.end and time.start >= time.end:
        raise PlanError("The period ends before it starts.", field="time")


def _bare(name: str) -> str:
    """The column that a field becomes: `dataset.field` is called by its field."""
    return name.rpartition(".")[2]


def _select(plan: Plan, index: Index, dataset: str, datasets: Sequence[str]) -> _Select:
    select = _Select(dataset)
    for dimension in plan.dimensions:
        bound = _dimension(index, dimension, dataset, datasets)
        tree = _use(select, index, bound)
        select.dimensions.append(_truncated(tree, bound.field, dimension))
        select.outputs.append(_dimension_column(index, bound, dimension))
    for given in plan.filters:
        if not isinstance(given, Filter):
            raise PlanError("Grouped filters cannot be computed yet.")
        bound = index.field(dataset, given.field)
        select.conditions.append(condition(_use(select, index, bound), bound.field, given))
    if plan.time and (plan.time.start or plan.time.end):
        bound = _time_field(index, dataset, "time")
        select.conditions += time_conditions(_use(select, index, bound), bound.field, plan.time)
    return select


def _dimension(
    index: Index, dimension: Dimension, dataset: str, datasets: Sequence[str]
) -> BoundField:
    """Where several datasets meet, the time field of any of them, with a grain, stands for time:
    each dataset is grouped by its own."""
    if dimension.grain and len(datasets) > 1:
        times = {name: index.datasets[name].time_field for name in datasets}
        given, _, rest = dimension.field.rpartition(".")
        if any(time == rest and given in ("", name) for name, time in times.items()):
            return _time_field(index, dataset, dimension.field)
    return index.field(dataset, dimension.field)


def _time_field(index: Index, dataset: str, asked: str) -> BoundField:
    found = index.datasets[dataset]
    if found.time_field is None:
        raise PlanError(f"{found.label} have no date that a period applies to.", field=asked)
    return index.fields[dataset, found.time_field]


def _use(select: _Select, index: Index, bound: BoundField) -> exp.Expr:
    """The field's expression, with the joins that it needs added to the SELECT."""
    _join(select, index, bound.dataset.name)
    return bound.tree.copy()


def _join(select: _Select, index: Index, dataset: str) -> None:
    for step in index.path(select.dataset, dataset):
        if step.one in select.joins:
            continue
        on = [
            exp.EQ(this=_key(index, step.many, many), expression=_key(index, step.one, one))
            for many, one in zip(step.many_columns, step.one_columns, strict=True)
        ]
        select.joins[step.one] = exp.Join(this=_table(index, step.one), side="LEFT", on=_all(on))


def _key(index: Index, dataset: str, name: str) -> exp.Expr:
    bound = index.fields.get((dataset, name))
    return bound.tree.copy() if bound else column(dataset, name)


def _table(index: Index, dataset: str) -> exp.Table:
    alias = exp.TableAlias(this=identifier(dataset))
    return exp.Table(this=identifier(index.datasets[dataset].view), alias=alias)


def _truncated(tree: exp.Expr, source: Field, dimension: Dimension) -> exp.Expr:
    if dimension.grain is None:
        return tree
    if source.type not in ("date", "timestamp"):
        raise PlanError(
            f"{source.label} is not a date, so it has no {dimension.grain}.", field=dimension.field
        )
    if source.type == "timestamp":
        tree = utc(tree)
    if dimension.grain != "day":
        tree = exp.TimestampTrunc(this=tree, unit=exp.Var(this=dimension.grain.upper()))
    elif source.type == "date":
        return tree
    return exp.Cast(this=tree, to=_SQL_TYPES["date"].copy())


def _single(
    index: Index,
    select: _Select,
    metrics: Sequence[BoundMetric],
    columns: Sequence[OutputColumn],
) -> exp.Select:
    values = []
    for metric in metrics:
        for unit in metric.units:
            for other in unit.others:
                _join(select, index, other)
        values.append(metric.tree.copy())
    aliases = [c.name for c in columns]
    return _statement(index, select, [*select.dimensions, *values], aliases)


def _statement(
    index: Index, select: _Select, values: Sequence[exp.Expr], aliases: Sequence[str]
) -> exp.Select:
    tree = exp.Select(
        expressions=[
            exp.Alias(this=value, alias=identifier(alias))
            for value, alias in zip(values, aliases, strict=True)
        ],
        from_=exp.From(this=_table(index, select.dataset)),
        joins=list(select.joins.values()),
    )
    if select.conditions:
        tree.set("where", exp.Where(this=_all(select.conditions)))
    if select.dimensions:
        tree.set("group", exp.Group(expressions=[d.copy() for d in select.dimensions]))
    return tree


def _merged(
    index: Index,
    selects: Sequence[_Select],
    metrics: Sequence[BoundMetric],
    columns: Sequence[OutputColumn],
) -> exp.Select:
    """One SELECT a dataset, stacked, then merged: within a group each aggregate has one value
    and is otherwise NULL, so that MAX finds it."""
    names = [c.name for c in columns if c.role == "dimension"]
    units = {(u.dataset, u.sql): u for metric in metrics for u in metric.units}
    parts = {key: f"part_{number}" for number, key in enumerate(units, start=1)}
    while set(parts.values()) & set(names):
        parts = {key: f"{part}_" for key, part in parts.items()}
    stacked: exp.Select | exp.Union | None = None
    for select in selects:
        values: list[exp.Expr] = list(select.dimensions)
        for unit in units.values():
            if unit.dataset == select.dataset:
                for other in unit.others:
                    _join(select, index, other)
                values.append(unit.tree.copy())
            else:
                values.append(exp.Cast(this=exp.Null(), to=_type_of(index, unit)))
        branch = _statement(index, select, values, [*names, *parts.values()])
        stacked = exp.Union(this=stacked, expression=branch, distinct=False) if stacked else branch
    merged = [column(_MERGED, name) for name in names]
    values = [*(m.copy() for m in merged), *(_final(m, parts) for m in metrics)]
    tree = exp.Select(
        expressions=[
            exp.Alias(this=value, alias=identifier(c.name))
            for value, c in zip(values, columns, strict=True)
        ],
        from_=exp.From(
            this=exp.Subquery(this=stacked, alias=exp.TableAlias(this=identifier(_MERGED)))
        ),
    )
    if merged:
        tree.set("group", exp.Group(expressions=merged))
    return tree


def _final(metric: BoundMetric, parts: Mapping[tuple[str, str], str]) -> exp.Expr:
    """The metric, with each aggregate call replaced by the merged value it came to."""
    values: dict[int, exp.Expr] = {}
    for unit in metric.units:
        value: exp.Expr = exp.Max(this=column(_MERGED, parts[unit.dataset, unit.sql]))
        if unit.is_count:
            value = exp.Coalesce(this=value, expressions=[exp.Literal.number(0)])
        values[id(unit.tree)] = value
    return _replaced(metric.tree, values)


def _replaced(tree: exp.Expr, values: dict[int, exp.Expr]) -> exp.Expr:
    if id(tree) in values:
        return values[id(tree)]
    copy = tree.copy()
    for original, twin in zip(list(tree.walk()), list(copy.walk()), strict=True):
        if id(original) in values:
            twin.replace(values[id(original)])
    return copy


def _type_of(index: Index, unit: Unit) -> exp.DataType:
    """The type of the NULL that stands for this aggregate in another dataset's rows."""
    call = unit.tree.find(exp.AggFunc)
    type_: FieldType = "integer" if isinstance(call, exp.Count) else "decimal"
    if isinstance(call, exp.Sum | exp.Min | exp.Max) and isinstance(call.this, exp.Column):
        source = index.fields.get((call.this.table, call.this.name))
        type_ = source.field.type if source else type_
    return _SQL_TYPES[type_].copy()


def _order(tree: exp.Select, plan: Plan, columns: Sequence[OutputColumn]) -> None:
    values = {c.name: item.this for c, item in zip(columns, tree.expressions, strict=True)}
    wanted: dict[str, bool] = {}
    for order in (*plan.order, *(Order(by=d.field) for d in plan.dimensions)):
        name = order.by if order.by in values else _bare(order.by)
        if name not in values:
            raise PlanError(f"{order.by} is not part of the plan to order by.", field=order.by)
        wanted.setdefault(name, order.descending)
    if not plan.dimensions:
        return  # one row
    terms = [
        exp.Ordered(this=values[name].copy(), desc=descending, nulls_first=False)
        for name, descending in wanted.items()
    ]
    tree.set("order", exp.Order(expressions=terms))


def _all(conditions: Sequence[exp.Expr]) -> exp.Expr:
    tree = conditions[0]
    for following in conditions[1:]:
        tree = exp.And(this=tree, expression=following)
    return tree


def _dimension_columns(plan: Plan, selects: Sequence[_Select]) -> tuple[OutputColumn, ...]:
    first = selects[0]
    for other in selects[1:]:
        for mine, theirs, asked in zip(first.outputs, other.outputs, plan.dimensions, strict=True):
            if mine.type != theirs.type:
                raise PlanError(
                    f"{mine.label} is not the same kind of value in {first.dataset} and "
                    f"{other.dataset}.",
                    field=asked.field,
                )
    return tuple(first.outputs)


def _dimension_column(index: Index, bound: BoundField, dimension: Dimension) -> OutputColumn:
    label = bound.field.label
    if dimension.grain:
        is_main = bound.dataset.time_field == bound.field.name
        period = dimension.grain.capitalize()
        label = period if is_main else f"{period} of {label[:1].lower()}{label[1:]}"
    type_ = "date" if dimension.grain else bound.field.type
    return OutputColumn(_bare(dimension.field), "dimension", type_, label)


def _metric_column(bound: BoundMetric) -> OutputColumn:
    metric = bound.metric
    return OutputColumn(metric.name, "metric", metric.type, metric.label, metric.unit)
