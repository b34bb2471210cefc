"""A plan over a semantic model, computed on pandas frames: what the SQL compilers mean, said once
more without SQL, `eval` or `exec`.

Numbers are exact decimals throughout. It imports pandas, so whoever answers questions from a
database does not import it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import localcontext

import pandas as pd

from contracts.plan import Grain, Plan
from workflow.semantic.calculations import calculated, kept, ordered
from workflow.semantic.errors import PlanError
from workflow.semantic.evaluate import PRECISION, Column, Rows, Value, evaluate
from workflow.semantic.filter_values import Subject
from workflow.semantic.frames import exact, frame, groups
from workflow.semantic.index import BoundField, BoundMetric, Index, Unit, index_of
from workflow.semantic.model import Dataset, OutputColumn, SemanticModel
from workflow.semantic.periods import first_day, shifted
from workflow.semantic.request import BoundDimension, Move, Request, Slice, request_of
from workflow.semantic.row_conditions import is_met
from workflow.semantic.unit_values import unit_values

Tables = Mapping[str, pd.DataFrame]
_Key = tuple[Value, ...]
_Part = tuple[bool, str, str]


@dataclass(frozen=True, slots=True)
class FramePlan:
    """A compiled plan: `columns` are those of the result, in order."""

    request: Request

    @property
    def columns(self) -> tuple[OutputColumn, ...]:
        """What the columns mean."""
        return self.request.columns

    def run(self, tables: Tables) -> pd.DataFrame:
        """The rows, over frames by the names of the model's views. Values are Python objects:
        int, Decimal, str, bool, date, datetime in UTC, None.

        Raises PlanError for a frame or a column that is not there, for values that are not of
        the type that the model declares, and for keys that are not unique.
        """
        with localcontext(prec=PRECISION):
            columns = _rows(self.request, tables)
            columns = calculated(self.request, columns)
            places = ordered(self.request, columns, kept(self.request, columns))
            names = [c.name for c in self.columns]
            return frame(names, [[columns[name][place] for place in places] for name in names])


def compile_pandas(plan: Plan, model: SemanticModel) -> FramePlan:
    """The same as `compile_plan`, for frames. Raises PlanError for the plans that it refuses."""
    return FramePlan(request_of(plan, index_of(model)))


def _rows(request: Request, tables: Tables) -> dict[str, Column]:
    """Dimensions, each metric, and its value before where the plan compares."""
    merged: dict[_Key, dict[_Part, Value]] = {}
    for one in request.slices:
        for key, found in _slice(request, one, tables).items():
            merged.setdefault(key, {}).update(found)
    names = [c.name for c in request.dimensions]
    columns: dict[str, Column] = {
        name: [key[place] for key in merged] for place, name in enumerate(names)
    }
    for metric in request.metrics:
        for is_before in (False, True) if request.plan.comparison else (False,):
            name = f"{metric.metric.name}_before" if is_before else metric.metric.name
            columns[name] = _metric(metric, is_before, list(merged.values()))
    return columns


def _metric(metric: BoundMetric, is_before: bool, found: Sequence[Mapping[_Part, Value]]) -> Column:
    known: dict[int, Column] = {}
    for unit in metric.units:
        part = (is_before, unit.dataset, unit.sql)
        empty = 0 if unit.is_count else None
        known[id(unit.tree)] = [empty if one.get(part) is None else one.get(part) for one in found]
    return evaluate(metric.tree, Rows(len(found), {}, known))


def _slice(request: Request, one: Slice, tables: Tables) -> dict[_Key, dict[_Part, Value]]:
    units = {
        unit.sql: unit for m in request.metrics for unit in m.units if unit.dataset == one.dataset
    }
    rows = _joined(request.index, one, list(units.values()), tables)

    def value(subject: Subject) -> Column:
        assert isinstance(subject, BoundField)  # noqa: S101 - a slice has no output yet
        return evaluate(subject.tree, rows)

    keys = [_dimension(value(d.bound), d) for d in one.dimensions]
    keep = [True] * rows.count
    for given in one.conditions:
        keep = [a and b for a, b in zip(keep, is_met(given, value, rows.count), strict=True)]
    if one.time is not None:
        time = value(one.time)
        keep = [a and _in_time(b, one) for a, b in zip(keep, time, strict=True)]
    if one.move is not None:
        keys[one.move.index], keep = _moved(keys[one.move.index], keep, one)
    places = [place for place, is_kept in enumerate(keep) if is_kept]
    kept_keys = [[key[place] for place in places] for key in keys]
    numbers, count = groups(kept_keys, len(places))
    firsts: dict[int, int] = {}
    for place, number in enumerate(numbers):
        firsts.setdefault(number, place)
    found: dict[_Key, dict[_Part, Value]] = {}
    order = [tuple(k[firsts[n]] for k in kept_keys) if kept_keys else () for n in range(count)]
    for key in order:
        found[key] = {}
    for unit in units.values():
        values = unit_values(unit.tree, rows, places, numbers, count)
        for key, result in zip(order, values, strict=True):
            found[key][one.is_before, unit.dataset, unit.sql] = result
    return found


def _joined(index: Index, one: Slice, units: Sequence[Unit], tables: Tables) -> Rows:
    """The slice's rows with the columns of every dataset that they lead to."""
    base = index.datasets[one.dataset]
    columns = _columns(base, tables)
    count = len(tables[base.view])
    wanted = [d.bound.dataset.name for d in one.dimensions]
    wanted += [name for unit in units for name in unit.others]
    wanted += [s.dataset.name for s in one.subjects()]
    done: set[str] = {one.dataset}
    for name in dict.fromkeys(wanted):
        for step in index.path(one.dataset, name):
            if step.one in done:
                continue
            done.add(step.one)
            other = _columns(index.datasets[step.one], tables)
            size = len(tables[index.datasets[step.one].view])
            left = _keys(index, step.many, step.many_columns, columns, count)
            right = _keys(index, step.one, step.one_columns, other, size)
            places = _places(right, step.one)
            found = [places.get(key) for key in left]
            columns |= {
                name: [None if place is None else values[place] for place in found]
                for name, values in other.items()
            }
    return Rows(count, columns)


def _keys(
    index: Index,
    dataset: str,
    names: Sequence[str],
    columns: Mapping[tuple[str, str], Column],
    count: int,
) -> list[_Key]:
    rows = Rows(count, columns)
    parts = []
    for name in names:
        bound = index.fields.get((dataset, name))
        if bound is None and (dataset, name) not in columns:
            raise PlanError(f"There is no column called {name}.", field=name)
        parts.append(evaluate(bound.tree, rows) if bound else columns[dataset, name])
    return list(zip(*parts, strict=True))


def _places(keys: Sequence[_Key], dataset: str) -> dict[_Key, int]:
    """Where each key stands; a missing part of one equals nothing."""
    places: dict[_Key, int] = {}
    for place, key in enumerate(keys):
        if None in key:
            continue
        if key in places:
            raise PlanError(f"Several rows of {dataset} have the key {key}.", field=dataset)
        places[key] = place
    return places


def _columns(dataset: Dataset, tables: Tables) -> dict[tuple[str, str], Column]:
    """All columns of a dataset's frame; a field that is a plain column has its declared type."""
    if dataset.view not in tables:
        raise PlanError(f"There is no table called {dataset.view}.", field=dataset.view)
    types = {f.expression: f.type for f in dataset.fields}
    return {
        (dataset.name, str(name)): exact(series, types.get(str(name)))
        for name, series in tables[dataset.view].items()
    }


def _dimension(values: Column, dimension: BoundDimension) -> Column:
    return [_truncated(value, dimension.grain) for value in values] if dimension.grain else values


def _truncated(value: Value, grain: Grain) -> Value:
    day = _day(value)
    return None if day is None else first_day(day, grain)


def _day(value: Value) -> date | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).date()
    return value if isinstance(value, date) else None


def _in_time(value: Value, one: Slice) -> bool:
    day = _day(value)
    if day is None:
        return False
    return (one.start is None or day >= one.start) and (one.end is None or day < one.end)


def _moved(values: Column, keep: list[bool], one: Slice) -> tuple[Column, list[bool]]:
    """The days moved forward; one that no other year has stands beside nothing."""
    move: Move | None = one.move
    assert move is not None  # noqa: S101 - asked for only then
    result: Column = []
    keep = list(keep)
    is_day = one.dimensions[move.index].grain == "day"
    for place, value in enumerate(values):
        if not isinstance(value, date) or not keep[place]:
            result.append(value)
            continue
        there = shifted(value, move.grain, move.count)
        if is_day and shifted(there, move.grain, -move.count) != value:
            keep[place] = False
        result.append(there)
    return result, keep
