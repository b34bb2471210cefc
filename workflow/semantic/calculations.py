"""What is made of a plan's rows: changes, shares, running totals, `having`, order and ties, over
columns of plain values."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from workflow.semantic.evaluate import Column, Value
from workflow.semantic.filter_values import Subject
from workflow.semantic.index import BoundMetric
from workflow.semantic.model import OutputColumn
from workflow.semantic.request import Request, bare
from workflow.semantic.row_conditions import is_met

_Number = int | Decimal


def calculated(request: Request, columns: Mapping[str, Column]) -> dict[str, Column]:
    """The columns with what the comparison and the calculations add."""
    result = dict(columns)
    calculations = iter(request.plan.calculations)
    for one in request.columns[len(request.dimensions) :]:
        bound = request.index.metrics[one.metric]
        if one.kind == "change":
            result[one.name] = _change(request, bound, result)
        elif one.kind == "change_ratio":
            result[one.name] = _change_ratio(one.metric, result)
        elif one.kind == "running_total" and bound.metric.is_cumulative:
            if request.time_index is not None:
                names = [
                    c.name for i, c in enumerate(request.dimensions) if i != request.time_index
                ]
                result[one.name] = _running(request, result[one.metric], names, result)
        elif one.kind in ("share", "running_total"):
            within = [bare(name) for name in next(calculations).within]
            compute = _share if one.kind == "share" else _running
            result[one.name] = compute(request, result[one.metric], within, result)
    return result


def kept(request: Request, columns: Mapping[str, Column]) -> list[int]:
    """The places of the rows that `having` leaves."""
    count = len(columns[request.columns[0].name])
    places = list(range(count))

    def value(subject: Subject) -> Column:
        assert isinstance(subject, OutputColumn)  # noqa: S101 - `having` is over columns
        return columns[subject.name]

    for given in request.having:
        met = is_met(given, value, count)
        places = [place for place in places if met[place]]
    return places


def ordered(request: Request, columns: Mapping[str, Column], places: Sequence[int]) -> list[int]:
    """The places in the plan's order and within its limit. Missing values come last, text goes
    by its bytes."""
    result = list(places)
    for name, descending in reversed(request.order):
        values = columns[name]
        present = [p for p in result if values[p] is not None]
        keys = _ranks(values)
        present.sort(key=keys.__getitem__, reverse=descending)
        result = present + [p for p in result if values[p] is None]
    limit = request.plan.limit
    if limit is None or len(result) <= limit:
        return result
    if request.plan.with_ties and request.own_order:
        names = [name for name, _ in request.order[: request.own_order]]
        last = [columns[name][result[limit - 1]] for name in names]
        while limit < len(result) and [columns[n][result[limit]] for n in names] == last:
            limit += 1
    return result[:limit]


def _ranks(values: Column) -> list[int]:
    """The place of each value among the distinct ones in order; -1 for a missing one."""
    distinct = sorted(
        {value for value in values if value is not None},
        key=lambda value: value.encode() if isinstance(value, str) else value,
    )
    ranks = {value: rank for rank, value in enumerate(distinct)}
    return [-1 if value is None else ranks[value] for value in values]


def _grouped(
    names: Sequence[str], columns: Mapping[str, Column], count: int
) -> list[tuple[Value, ...]]:
    keys = [columns[name] for name in names]
    return list(zip(*keys, strict=True)) if keys else [()] * count


def _change(request: Request, bound: BoundMetric, columns: Mapping[str, Column]) -> Column:
    """Now minus before; a side that is missing counts as 0 where the metric adds up over groups
    and the side has others."""
    name = bound.metric.name
    now, before = columns[name], columns[f"{name}_before"]
    is_filled = bound.is_additive and bool(request.dimensions)
    moved = request.slices[-1].move
    within = [request.dimensions[moved.index].name] if moved else []
    keys = _grouped(within, columns, len(now))
    some_now = {key for key, value in zip(keys, now, strict=True) if value is not None}
    some_before = {key for key, value in zip(keys, before, strict=True) if value is not None}
    result: Column = []
    for key, a, b in zip(keys, now, before, strict=True):
        is_gap = is_filled and key in some_now and key in some_before
        if (a is None or b is None) and not (is_gap and (a is not None or b is not None)):
            result.append(None)
        else:
            result.append(_number(a) - _number(b))
    return result


def _number(value: Value) -> _Number:
    """A missing number as 0."""
    return value if isinstance(value, int | Decimal) else 0


def _change_ratio(metric: str, columns: Mapping[str, Column]) -> Column:
    pairs = zip(columns[f"{metric}_change"], columns[f"{metric}_before"], strict=True)
    return [
        None if c is None or b is None or _number(b) <= 0 else Decimal(_number(c)) / _number(b)
        for c, b in pairs
    ]


def _share(
    _: Request, values: Column, within: Sequence[str], columns: Mapping[str, Column]
) -> Column:
    keys = _grouped(within, columns, len(values))
    totals: dict[tuple[Value, ...], _Number] = {}
    for key, value in zip(keys, values, strict=True):
        totals[key] = totals.get(key, 0) + _number(value)
    return [
        None if value is None or totals[key] == 0 else Decimal(_number(value)) / totals[key]
        for key, value in zip(keys, values, strict=True)
    ]


def _running(
    request: Request, values: Column, within: Sequence[str], columns: Mapping[str, Column]
) -> Column:
    assert request.time_index is not None  # noqa: S101 - refused before without one
    times = columns[request.dimensions[request.time_index].name]
    keys = _grouped(within, columns, len(values))
    result: Column = [None] * len(values)
    totals: dict[tuple[Value, ...], _Number] = {}
    for place in _in_time(times):
        value = values[place]
        if value is not None:
            totals[keys[place]] = totals.get(keys[place], 0) + _number(value)
        result[place] = totals.get(keys[place])
    return result


def _in_time(times: Column) -> Iterator[int]:
    ranks = _ranks(times)
    present = [place for place, rank in enumerate(ranks) if rank >= 0]
    yield from sorted(present, key=ranks.__getitem__)
    yield from (place for place, time in enumerate(times) if time is None)
