"""A plan bound to a model: what every compiler starts from, and where a plan is refused.

Whatever cannot be computed, or would come out as a number that misleads, is refused here, so
that all compilers refuse the same plans.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contracts.plan import Dimension, Grain, Plan
from workflow.semantic.columns import metric_columns
from workflow.semantic.errors import PlanError
from workflow.semantic.filter_values import Condition, Subject, bind, subjects_of
from workflow.semantic.index import BoundField, BoundMetric, Index
from workflow.semantic.model import OutputColumn
from workflow.semantic.periods import shifted, shifted_end
from workflow.semantic.resolve import period_before

_TIMES = frozenset({"date", "timestamp"})
_NUMBERS = frozenset({"integer", "decimal"})


@dataclass(frozen=True, slots=True)
class BoundDimension:
    """A field to group by, truncated to `grain` in UTC."""

    bound: BoundField
    grain: Grain | None


@dataclass(frozen=True, slots=True)
class Move:
    """Rows of the dimension at `index` are moved forward in time, to stand beside later ones."""

    index: int
    grain: Grain
    count: int


@dataclass(frozen=True, slots=True)
class Slice:
    """What is read of one dataset: of the plan's period, or of the one before. `time` is the
    field that the period applies to, from `start` (included) to `end` (not included)."""

    dataset: str
    is_before: bool
    dimensions: tuple[BoundDimension, ...]
    conditions: tuple[Condition, ...]
    time: BoundField | None
    start: date | None
    end: date | None
    move: Move | None = None

    def subjects(self) -> tuple[BoundField, ...]:
        """The fields that its conditions are on."""
        found = [s for one in self.conditions for s in subjects_of(one)]
        return tuple(s for s in found if isinstance(s, BoundField))


@dataclass(frozen=True, slots=True)
class Request:
    """The plan, bound. `columns` are those of the result, in order; `order` has each column that
    rows are sorted by with whether it descends, the plan's own first (`own_order` of them), then
    the dimensions. `time_index` is the dimension that is time, if there is one."""

    plan: Plan
    index: Index
    metrics: tuple[BoundMetric, ...]
    slices: tuple[Slice, ...]
    columns: tuple[OutputColumn, ...]
    having: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]
    own_order: int
    time_index: int | None

    @property
    def dimensions(self) -> tuple[OutputColumn, ...]:
        """The columns that rows are grouped by."""
        return self.columns[: len(self.plan.dimensions)]


def request_of(plan: Plan, index: Index) -> Request:
    """Raises PlanError, whose message is for the person who asked."""
    metrics = tuple(index.metric(name) for name in plan.metrics)
    _check(plan, metrics)
    names = tuple(dict.fromkeys(unit.dataset for m in metrics for unit in m.units))
    now = tuple(_slice(plan, index, name, names) for name in names)
    dimensions = _dimension_columns(plan, now)
    time_index = _time_index(plan, dimensions)
    before = _slices_before(plan, index, now) if plan.comparison else ()
    columns = (*dimensions, *metric_columns(plan, metrics))
    _check_columns(plan, metrics, columns, time_index)
    order = _order(plan, columns)
    return Request(
        plan=plan,
        index=index,
        metrics=metrics,
        slices=(*now, *before),
        columns=columns,
        having=_having(plan, columns),
        order=order,
        own_order=len({_named(o.by, columns) for o in plan.order}),
        time_index=time_index,
    )


def _check(plan: Plan, metrics: Sequence[BoundMetric]) -> None:
    if not metrics:
        raise PlanError("A plan needs a metric: what should be counted or added up?")
    for name in plan.metrics:
        if plan.metrics.count(name) > 1:
            raise PlanError(f"{name} is asked for twice.", field=name)
    time = plan.time
    if (time and time.relative) or (
        plan.comparison and plan.comparison.period and plan.comparison.period.relative
    ):
        raise PlanError("A relative period has to be resolved first.", field="time")
    if time and time.start and time.end and time.start >= time.end:
        raise PlanError("The period ends before it starts.", field="time")
    for given in plan.calculations:
        if given.metric not in plan.metrics:
            raise PlanError(f"{given.metric} is not a metric of this plan.", field=given.metric)


def _slice(plan: Plan, index: Index, dataset: str, datasets: Sequence[str]) -> Slice:
    def find(name: str) -> Subject:
        return index.field(dataset, name)

    time = None
    if plan.time and (plan.time.start or plan.time.end):
        time = _time_field(index, dataset, "time")
    return Slice(
        dataset=dataset,
        is_before=False,
        dimensions=tuple(_dimension(index, d, dataset, datasets) for d in plan.dimensions),
        conditions=bind(plan.filters, find),
        time=time,
        start=plan.time.start if plan.time else None,
        end=plan.time.end if plan.time else None,
    )


def _dimension(
    index: Index, dimension: Dimension, dataset: str, datasets: Sequence[str]
) -> BoundDimension:
    """Where several datasets meet, the time field of any of them, with a grain, stands for time:
    each dataset is grouped by its own."""
    bound = None
    if dimension.grain and len(datasets) > 1:
        times = {name: index.datasets[name].time_field for name in datasets}
        given, _, rest = dimension.field.rpartition(".")
        if any(time == rest and given in ("", name) for name, time in times.items()):
            bound = _time_field(index, dataset, dimension.field)
    bound = bound or index.field(dataset, dimension.field)
    if dimension.grain and bound.field.type not in _TIMES:
        raise PlanError(
            f"{bound.field.label} is not a date, so it has no {dimension.grain}.",
            field=dimension.field,
        )
    return BoundDimension(bound, dimension.grain)


def _time_field(index: Index, dataset: str, asked: str) -> BoundField:
    found = index.datasets[dataset]
    if found.time_field is None:
        raise PlanError(f"{found.label} have no date that a period applies to.", field=asked)
    return index.fields[dataset, found.time_field]


def _dimension_columns(plan: Plan, slices: Sequence[Slice]) -> tuple[OutputColumn, ...]:
    columns = []
    for place, asked in enumerate(plan.dimensions):
        found = [_dimension_column(one.dimensions[place], asked) for one in slices]
        for one, other in zip(slices[1:], found[1:], strict=True):
            if other.type != found[0].type:
                raise PlanError(
                    f"{found[0].label} is not the same kind of value in {slices[0].dataset} and "
                    f"{one.dataset}.",
                    field=asked.field,
                )
        columns.append(found[0])
    return tuple(columns)


def _dimension_column(dimension: BoundDimension, asked: Dimension) -> OutputColumn:
    bound, label = dimension.bound, dimension.bound.field.label
    if dimension.grain:
        is_main = bound.dataset.time_field == bound.field.name
        period = dimension.grain.capitalize()
        label = period if is_main else f"{period} of {label[:1].lower()}{label[1:]}"
    type_ = "date" if dimension.grain else bound.field.type
    return OutputColumn(
        bare(asked.field),
        "dimension",
        type_,
        label,
        unit=bound.field.unit,
        format=bound.field.format,
    )


def bare(name: str) -> str:
    """The column that a field becomes: `dataset.field` is called by its field."""
    return name.rpartition(".")[2]


def _time_index(plan: Plan, dimensions: Sequence[OutputColumn]) -> int | None:
    """The dimension that orders rows in time: the only one that can."""
    found = [place for place, column in enumerate(dimensions) if column.type in _TIMES]
    grained = [place for place, asked in enumerate(plan.dimensions) if asked.grain]
    if len(grained) == 1:
        return grained[0]
    return found[0] if len(found) == 1 else None


def _slices_before(plan: Plan, index: Index, now: Sequence[Slice]) -> tuple[Slice, ...]:
    move = _move(plan, now)
    if move is None:
        other = period_before(plan)
        start, end = other.start, other.end
    else:
        start, end = _moved_back(now[0].start, now[0].end, move)
    return tuple(
        Slice(
            dataset=one.dataset,
            is_before=True,
            dimensions=one.dimensions,
            conditions=one.conditions,
            time=_time_field(index, one.dataset, "time"),
            start=start,
            end=end,
            move=move,
        )
        for one in now
    )


def _moved_back(
    start: date | None, end: date | None, move: Move
) -> tuple[date | None, date | None]:
    try:
        return (
            shifted(start, move.grain, -move.count) if start else None,
            shifted_end(end, move.grain, -move.count) if end else None,
        )
    except (ValueError, OverflowError) as error:
        raise PlanError("The period to compare with is too long ago.", field="time") from error


def _move(plan: Plan, slices: Sequence[Slice]) -> Move | None:
    """How rows of time are moved to stand beside those they are compared with; None where the
    whole period is."""
    assert plan.comparison is not None  # noqa: S101 - asked for only then
    grained = [place for place, asked in enumerate(plan.dimensions) if asked.grain]
    if not grained:
        return None
    if plan.comparison.to == "period":
        raise PlanError("Rows of time cannot be compared with one period; leave the grain out.")
    if len(grained) > 1:
        raise PlanError("A comparison by time needs one date to go by, not several.")
    place = grained[0]
    for one in slices:
        bound = one.dimensions[place].bound
        if bound.dataset.name != one.dataset or bound.field.name != bound.dataset.time_field:
            raise PlanError(
                f"A comparison goes by the date of {one.dataset}, not by {bound.field.label}.",
                field=plan.dimensions[place].field,
            )
    if slices[0].end is None:
        raise PlanError("A comparison by time needs a last day.", field="time")
    grain = plan.dimensions[place].grain or "day"
    if plan.comparison.to == "previous_period":
        return Move(place, grain, 1)
    return Move(place, "week", 52) if grain == "week" else Move(place, "year", 1)


def _check_columns(
    plan: Plan,
    metrics: Sequence[BoundMetric],
    columns: Sequence[OutputColumn],
    time_index: int | None,
) -> None:
    names: set[str] = set()
    for column in columns:
        if column.name in names:
            raise PlanError(f"{column.name} is asked for twice.", field=column.name)
        names.add(column.name)
    has_time = any(column.type in _TIMES for column in columns[: len(plan.dimensions)])
    for bound in metrics:
        metric = bound.metric
        if plan.comparison and (metric.type not in _NUMBERS or metric.is_cumulative):
            raise PlanError(f"{metric.label} cannot be compared.", field=metric.name)
        if metric.is_cumulative and has_time:
            _check_running(plan, metric.label, time_index, None)
    by_name = {bound.metric.name: bound for bound in metrics}
    for given in plan.calculations:
        bound = by_name[given.metric]
        label = bound.metric.label
        if not bound.is_additive or bound.metric.is_cumulative:
            what = "share" if given.kind == "share" else "running total"
            raise PlanError(
                f"{label} cannot be added up over groups, so it has no {what}.", field=given.metric
            )
        within = [bare(name) for name in given.within]
        for name in within:
            if name not in {column.name for column in columns[: len(plan.dimensions)]}:
                raise PlanError(f"{name} is not a dimension of this plan.", field=name)
        if given.kind == "running_total":
            _check_running(plan, label, time_index, within)
        elif len(set(within)) >= len(plan.dimensions):
            raise PlanError(
                f"A share of {label} needs groups to be shared among.", field=given.metric
            )


def _check_running(
    plan: Plan, label: str, time_index: int | None, within: Sequence[str] | None
) -> None:
    """`within` None means anew for each group, whatever they are."""
    if time_index is None:
        raise PlanError(f"{label} adds up over time: group by one date, with its grain.")
    time = bare(plan.dimensions[time_index].field)
    others = {bare(asked.field) for asked in plan.dimensions} - {time}
    if within is not None and set(within) != others:
        raise PlanError(
            f"A running total of {label} starts anew for every dimension but time: give "
            f"{' and '.join(sorted(others)) or 'none'} in `within`."
        )


def _having(plan: Plan, columns: Sequence[OutputColumn]) -> tuple[Condition, ...]:
    by_name = {column.name: column for column in columns}

    def find(name: str) -> Subject:
        if name not in by_name:
            raise PlanError(f"{name} is not a column of this plan's rows.", field=name)
        return by_name[name]

    return bind(plan.having, find)


def _order(plan: Plan, columns: Sequence[OutputColumn]) -> tuple[tuple[str, bool], ...]:
    wanted: dict[str, bool] = {}
    for order in plan.order:
        wanted.setdefault(_named(order.by, columns), order.descending)
    for dimension in columns[: len(plan.dimensions)]:
        wanted.setdefault(dimension.name, False)
    return tuple(wanted.items())


def _named(by: str, columns: Sequence[OutputColumn]) -> str:
    names = {column.name for column in columns}
    name = by if by in names else bare(by)
    if name not in names:
        raise PlanError(f"{by} is not part of the plan to order by.", field=by)
    return name
