"""Which widgets a result is shown in, from its shape and what was asked for."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from contracts.run import Widget
from workflow.narrate.display import listed, lower
from workflow.narrate.shape import Measure, Part, Shape

_MOST_SLICES = 6
_MOST_BARS = 30
_MOST_SERIES = 12
_SHARE_WORDS = frozenset(
    {"share", "shares", "proportion", "percentage", "percent", "breakdown", "split", "composition"}
)


def widgets(shape: Shape, subtitle: str, words: Iterable[str] = ()) -> tuple[Widget, ...]:
    """The recommended one first; a table is always among them.

    One number: metric. Over time: line, a series for each value of a second dimension. One
    dimension of up to 30 values: bar, or pie where `words` of the question ask for shares and up
    to six parts of an additive metric make up the whole. Anything else: table.
    """
    title = _title(shape)
    table = Widget(
        type="table",
        title=title,
        subtitle=subtitle,
        y=tuple(metric.name for metric in shape.metrics),
    )
    chart = _chart(shape, title, subtitle, words)
    return (chart, table) if chart else (table,)


def _title(shape: Shape) -> str:
    if not shape.metrics:
        return listed([part.label for part in shape.dimensions[:3]]) or "Result"
    measured = [shape.metrics[0].label, *(lower(metric.label) for metric in shape.metrics[1:])]
    title = listed(measured)
    if shape.dimensions:
        title += f" by {listed([lower(part.label) for part in shape.dimensions])}"
    return title


def _chart(shape: Shape, title: str, subtitle: str, words: Iterable[str]) -> Widget | None:
    if not shape.result.rows or not shape.metrics:
        return None
    if not shape.dimensions:
        names = tuple(metric.name for metric in shape.metrics)
        is_empty = all(shape.numbers(metric)[0] is None for metric in shape.metrics)
        if len(shape.result.rows) > 1 or is_empty:
            return None
        return Widget(type="metric", title=title, subtitle=subtitle, y=names)
    if len(shape.result.rows) < 2 or len(shape.dimensions) > 2:
        return None
    x, series = _axes(shape)
    type_ = _type(shape, x, series, words)
    y = tuple(metric.name for metric in _alike(shape.metrics))
    if type_ is None:
        return None
    return Widget(
        type=type_,
        title=title,
        subtitle=subtitle,
        x=x.name,
        y=y[:1] if series else y,
        series=series.name if series else None,
    )


def _type(
    shape: Shape, x: Part, series: Part | None, words: Iterable[str]
) -> Literal["line", "bar", "pie"] | None:
    if series is not None and _distinct(shape, series) > _MOST_SERIES:
        return None
    if x.is_time:
        return "line"
    if _distinct(shape, x) > _MOST_BARS:
        return None
    is_pie = series is None and _is_whole(shape) and _asks_for_shares(words)
    return "pie" if is_pie else "bar"


def _distinct(shape: Shape, part: Part) -> int:
    return len({str(row[part.index]) for row in shape.result.rows})


def _alike(metrics: tuple[Measure, ...]) -> tuple[Measure, ...]:
    """Those that fit one axis with the first."""
    return tuple(
        metric
        for metric in metrics
        if (metric.unit, metric.is_share) == (metrics[0].unit, metrics[0].is_share)
    )


def _axes(shape: Shape) -> tuple[Part, Part | None]:
    """The dimension along the axis, and the one that tells series apart."""
    if len(shape.dimensions) == 1:
        return shape.dimensions[0], None
    first, second = shape.dimensions
    return (second, first) if second.is_time and not first.is_time else (first, second)


def _is_whole(shape: Shape) -> bool:
    """Whether the rows are parts that make up a whole."""
    if len(shape.metrics) != 1 or not shape.metrics[0].is_additive or shape.result.truncated:
        return False
    numbers = shape.numbers(shape.metrics[0])
    present = [value for value in numbers if value is not None and value >= 0]
    return len(present) == len(numbers) <= _MOST_SLICES and sum(present, Decimal(0)) > 0


def _asks_for_shares(words: Iterable[str]) -> bool:
    return any(not _SHARE_WORDS.isdisjoint(text.lower().split()) for text in words)
