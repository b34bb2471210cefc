"""The rows that a plan's metrics are computed over, as SELECTs in PostgreSQL's dialect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from workflow.semantic.conditions import as_date, condition, joined, time_conditions, utc
from workflow.semantic.expressions import column, identifier
from workflow.semantic.filter_values import Subject
from workflow.semantic.index import BoundField, BoundMetric, Index, Unit
from workflow.semantic.model import FieldType
from workflow.semantic.request import BoundDimension, Move, Request, Slice

_SQL_TYPES: dict[FieldType, exp.DataType] = {
    "text": exp.DataType.build("text"),
    "integer": exp.DataType.build("bigint"),
    "decimal": exp.DataType.build("decimal"),
    "boolean": exp.DataType.build("boolean"),
    "date": exp.DataType.build("date"),
    "timestamp": exp.DataType.build("timestamptz", dialect="postgres"),
}
_MERGED = "merged"
_Key = tuple[bool, str, str]
"""An aggregate call: whether it is of the period before, its dataset, its text."""


def type_tree(type_: FieldType) -> exp.DataType:
    """A field's type."""
    return _SQL_TYPES[type_].copy()


def select_as(
    values: Sequence[exp.Expr], aliases: Sequence[str], source: exp.Table | exp.Subquery
) -> exp.Select:
    """`SELECT value AS alias, … FROM source`."""
    return exp.Select(
        expressions=[
            exp.Alias(this=value, alias=identifier(alias))
            for value, alias in zip(values, aliases, strict=True)
        ],
        from_=exp.From(this=source),
    )


def subquery(inner: exp.Query, alias: str) -> exp.Subquery:
    """A query to select from."""
    return exp.Subquery(this=inner, alias=exp.TableAlias(this=identifier(alias)))


def rows(request: Request) -> exp.Select:
    """The plan's rows: dimensions, then each metric, followed by its value before where the plan
    compares. Not ordered. A cumulative metric is not yet added up."""
    if len(request.slices) == 1:
        return _single(request)
    return _merged(request)


@dataclass(slots=True)
class _Select:
    """The SELECT over one slice, while it is put together."""

    index: Index
    slice: Slice
    dimensions: list[exp.Expr] = field(default_factory=list)
    conditions: list[exp.Expr] = field(default_factory=list)
    joins: dict[str, exp.Join] = field(default_factory=dict)

    def value(self, subject: Subject) -> exp.Expr:
        """The field's expression, with the joins that it needs added."""
        assert isinstance(subject, BoundField)  # noqa: S101 - a slice has no output yet
        self.join(subject.dataset.name)
        return subject.tree.copy()

    def join(self, dataset: str) -> None:
        """Bring a dataset within reach, along the many-to-one path to it."""
        for step in self.index.path(self.slice.dataset, dataset):
            if step.one in self.joins:
                continue
            on = [
                exp.EQ(this=self._key(step.many, many), expression=self._key(step.one, one))
                for many, one in zip(step.many_columns, step.one_columns, strict=True)
            ]
            self.joins[step.one] = exp.Join(this=self._table(step.one), side="LEFT", on=joined(on))

    def units(self, units: Sequence[Unit]) -> None:
        """Bring the datasets of aggregate calls within reach."""
        for unit in units:
            for other in unit.others:
                self.join(other)

    def _key(self, dataset: str, name: str) -> exp.Expr:
        bound = self.index.fields.get((dataset, name))
        return bound.tree.copy() if bound else column(dataset, name)

    def _table(self, dataset: str) -> exp.Table:
        alias = exp.TableAlias(this=identifier(dataset))
        return exp.Table(this=identifier(self.index.datasets[dataset].view), alias=alias)

    def statement(self, values: Sequence[exp.Expr], aliases: Sequence[str]) -> exp.Select:
        """The whole, grouped by its dimensions."""
        tree = select_as(values, aliases, self._table(self.slice.dataset))
        tree.set("joins", list(self.joins.values()))
        if self.conditions:
            tree.set("where", exp.Where(this=joined(self.conditions)))
        if self.dimensions:
            tree.set("group", exp.Group(expressions=[d.copy() for d in self.dimensions]))
        return tree


def _select(request: Request, part: Slice) -> _Select:
    select = _Select(request.index, part)
    for place, dimension in enumerate(part.dimensions):
        tree = _truncated(select.value(dimension.bound), dimension)
        if part.move and part.move.index == place:
            if (part.move.grain, dimension.grain) == ("year", "day"):
                select.conditions.append(_has_twin(tree.copy(), part.move))
            tree = _moved(tree, part.move, exp.Add)
        select.dimensions.append(tree)
    select.conditions += [condition(given, select.value) for given in part.conditions]
    if part.time is not None:
        tree = select.value(part.time)
        select.conditions += time_conditions(tree, part.time.field.type, part.start, part.end)
    return select


def _truncated(tree: exp.Expr, dimension: BoundDimension) -> exp.Expr:
    if dimension.grain is None:
        return tree
    type_ = dimension.bound.field.type
    if type_ == "timestamp":
        tree = utc(tree)
    if dimension.grain != "day":
        tree = exp.TimestampTrunc(this=tree, unit=exp.Var(this=dimension.grain.upper()))
    elif type_ == "date":
        return tree
    return as_date(tree)


def _moved(tree: exp.Expr, move: Move, operator: type[exp.Binary]) -> exp.Cast:
    months = {"month": 1, "quarter": 3, "year": 12}.get(move.grain)
    count = months or (7 if move.grain == "week" else 1)
    unit = exp.Var(this="MONTH" if months else "DAY")
    step = exp.Interval(this=exp.Literal.string(str(count * move.count)), unit=unit)
    return as_date(operator(this=tree, expression=step))


def _has_twin(tree: exp.Expr, move: Move) -> exp.Expr:
    """29 February stands beside no day of another year; moved, it would join the 28th."""
    there_and_back = _moved(_moved(tree.copy(), move, exp.Add), move, exp.Sub)
    return exp.EQ(this=there_and_back, expression=tree)


def _single(request: Request) -> exp.Select:
    select = _select(request, request.slices[0])
    values = []
    for metric in request.metrics:
        select.units(metric.units)
        values.append(metric.tree.copy())
    aliases = [c.name for c in request.dimensions] + [m.metric.name for m in request.metrics]
    return select.statement([*select.dimensions, *values], aliases)


def _merged(request: Request) -> exp.Select:
    """One SELECT a slice, stacked, then merged: within a group each aggregate has one value and
    is otherwise NULL, so that MAX finds it. No row of one slice is repeated by a row of another,
    and none is lost."""
    names = [c.name for c in request.dimensions]
    sides = [False, True] if request.plan.comparison else [False]
    units: dict[_Key, Unit] = {
        (side, unit.dataset, unit.sql): unit
        for side in sides
        for metric in request.metrics
        for unit in metric.units
    }
    parts = {key: f"part_{number}" for number, key in enumerate(units, start=1)}
    while set(parts.values()) & set(names):
        parts = {key: f"{part}_" for key, part in parts.items()}
    stacked: exp.Select | exp.Union | None = None
    for one in request.slices:
        branch = _branch(request, one, units, [*names, *parts.values()])
        stacked = exp.Union(this=stacked, expression=branch, distinct=False) if stacked else branch
    assert stacked is not None  # noqa: S101 - a request has a slice
    merged = [column(_MERGED, name) for name in names]
    values: list[exp.Expr] = [m.copy() for m in merged]
    aliases = list(names)
    for metric in request.metrics:
        for side in sides:
            values.append(_final(metric, side, parts))
            aliases.append(f"{metric.metric.name}_before" if side else metric.metric.name)
    tree = select_as(values, aliases, subquery(stacked, _MERGED))
    if merged:
        tree.set("group", exp.Group(expressions=merged))
    return tree


def _branch(
    request: Request, one: Slice, units: Mapping[_Key, Unit], aliases: Sequence[str]
) -> exp.Select:
    select = _select(request, one)
    values: list[exp.Expr] = list(select.dimensions)
    for (is_before, dataset, _), unit in units.items():
        if (is_before, dataset) == (one.is_before, one.dataset):
            select.units([unit])
            values.append(unit.tree.copy())
        else:
            values.append(exp.Cast(this=exp.Null(), to=_type_of(request.index, unit)))
    return select.statement(values, aliases)


def _final(metric: BoundMetric, is_before: bool, parts: Mapping[_Key, str]) -> exp.Expr:
    """The metric, with each aggregate call replaced by the merged value it came to."""
    values: dict[int, exp.Expr] = {}
    for unit in metric.units:
        part = parts[is_before, unit.dataset, unit.sql]
        value: exp.Expr = exp.Max(this=column(_MERGED, part))
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
    """The type of the NULL that stands for this aggregate in another slice's rows."""
    call = unit.tree.find(exp.AggFunc)
    type_: FieldType = "integer" if isinstance(call, exp.Count) else "decimal"
    if isinstance(call, exp.Sum | exp.Min | exp.Max) and isinstance(call.this, exp.Column):
        source = index.fields.get((call.this.table, call.this.name))
        type_ = source.field.type if source else type_
    return type_tree(type_)
