"""Which widgets a result is shown in, from its shape and what was asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import JsonValue

from contracts.plan import WidgetType
from contracts.run import Widget
from kit.display import listed, lower, plural, upper
from workflow.narrate.phrases import period
from workflow.narrate.shape import Measure, Part, Shape
from workflow.narrate.vega import Drawing, specification

ChartKind = Literal["bar", "line", "pie"]
_MOST_SLICES = 6
_MOST_BARS = 30
_MOST_SERIES = 8
_SHARE_WORDS = frozenset(
    {"share", "shares", "proportion", "percentage", "percent", "breakdown", "split", "composition"}
)


@dataclass(frozen=True, slots=True)
class Intent:
    """What the person wants to see: a widget by name, if any, and the words of the question that
    were understood; whether the plan puts the rows in an order."""

    widget: WidgetType | None = None
    words: tuple[str, ...] = ()
    is_ordered: bool = False


def widgets(shape: Shape, subtitle: str, intent: Intent) -> tuple[Widget, ...]:
    """The recommended one first; a table is always among them, and after both the other charts
    that fit.

    One number: metric. Over time: line, a series for each value of a second dimension or for each
    of two periods compared. One dimension: bar, or pie where shares were asked for and up to six
    parts of an additive metric make up the whole. A widget that was asked for comes first where
    the result can be shown so. Anything else: table. A chart shows 30 bars and 8 series at most,
    and says so.
    """
    title = _title(shape)
    table = Widget(
        type="table",
        title=title,
        subtitle=subtitle,
        y=tuple(metric.name for metric in shape.metrics),
        headings=shape.headings(),
    )
    first, *others = _charts(shape, title, subtitle, intent) or (None,)
    if first is None:
        return (table,)
    shown = (table, first) if intent.widget == "table" else (first, table)
    return (*shown, *(other for other in others if other is not None))


def _title(shape: Shape) -> str:
    shown = [m for m in shape.metrics if m.kind in ("value", "running_total")] or shape.metrics
    if not shown:
        return listed([part.label for part in shape.dimensions[:3]]) or "Result"
    title = listed([shown[0].label, *(lower(metric.label) for metric in shown[1:])])
    if shape.dimensions:
        title += f" by {listed([lower(part.grain or part.label) for part in shape.dimensions])}"
    return title


def _charts(shape: Shape, title: str, subtitle: str, intent: Intent) -> list[Widget]:
    """All that fit, the recommended one first."""
    if not shape.result.rows or not shape.metrics:
        return []
    if not shape.dimensions:
        names = tuple(metric.name for metric in shape.metrics)
        is_empty = all(shape.numbers(metric)[0] is None for metric in shape.metrics)
        if len(shape.result.rows) > 1 or is_empty:
            return []
        return [
            Widget(
                type="metric", title=title, subtitle=subtitle, y=names, headings=shape.headings()
            )
        ]
    if len(shape.result.rows) < 2 or len(shape.dimensions) > 2:
        return []
    drawn = (_drawn(shape, title, subtitle, intent, kind) for kind in _kinds(shape, intent))
    return [widget for widget in drawn if widget is not None]


def _drawn(
    shape: Shape, title: str, subtitle: str, intent: Intent, kind: ChartKind
) -> Widget | None:
    x, series = _axes(shape)
    measures = _measures(shape, has_series=series is not None)
    count, kept = _distinct(shape, x), None
    notes: list[str] = []
    if series is not None and _distinct(shape, series) > _MOST_SERIES:
        kept = _largest(shape, series, measures[0])
        notes.append(
            f"the largest {len(kept)} of {_distinct(shape, series)} {plural(lower(series.label))}"
        )
    first = _MOST_BARS if kind == "bar" and count > _MOST_BARS and series is None else None
    if kind == "bar" and series is not None and count > _MOST_BARS:
        return None
    if first is not None:
        notes.append(f"{'first' if intent.is_ordered else 'largest'} {first} of {count}")
    if intent.widget == "pie" and not _fits_pie(shape):
        notes.append(f"a pie shows up to {_MOST_SLICES} parts of a whole")
    said = " · ".join([*([subtitle] if subtitle else []), *map(upper, notes)])
    drawing = Drawing(
        kind=kind,
        x=x,
        measures=measures,
        names=_names(shape, measures),
        series=series,
        first=first,
        kept=kept,
        count=min(count, first or count),
        is_ordered=intent.is_ordered or x.is_time,
        description=f"{title}. {said}".rstrip(". "),
    )
    return Widget(
        type=kind,
        title=title,
        subtitle=said,
        x=x.name,
        y=tuple(measure.name for measure in measures),
        series=series.name if series else None,
        headings=shape.headings(),
        spec=specification(drawing),
    )


def _kinds(shape: Shape, intent: Intent) -> tuple[ChartKind, ...]:
    """The recommended one first."""
    x, _ = _axes(shape)
    is_asked = intent.widget == "pie" or (
        intent.widget is None and _asks_for_shares(shape, intent.words)
    )
    if x.is_time:
        return ("bar", "line") if intent.widget == "bar" else ("line", "bar")
    if not _fits_pie(shape):
        return ("bar",)
    return ("pie", "bar") if is_asked else ("bar", "pie")


def _fits_pie(shape: Shape) -> bool:
    x, series = _axes(shape)
    return not x.is_time and series is None and _is_whole(shape)


def _distinct(shape: Shape, part: Part) -> int:
    return len({str(row[part.index]) for row in shape.result.rows})


def _measures(shape: Shape, *, has_series: bool) -> tuple[Measure, ...]:
    """Those that fit one axis with the first: values in its unit, or of the period before. A
    running total is drawn by itself."""
    running = [m for m in shape.metrics if m.kind == "running_total"]
    drawn = running or [m for m in shape.metrics if m.kind in ("value", "before")]
    first, *others = drawn or shape.metrics
    alike = [m for m in others if (m.unit, m.is_share) == (first.unit, first.is_share)]
    return (first,) if has_series else (first, *alike)


def _names(shape: Shape, measures: tuple[Measure, ...]) -> tuple[str, ...]:
    """What measures are called beside each other: by their period, where only that tells them
    apart."""
    if len({m.metric for m in measures}) > 1 or shape.before is None:
        return tuple(measure.label for measure in measures)
    before = period(shape.before).removeprefix("in ").removeprefix("on ")
    return tuple(
        f"{measures[0].label}, {before}" if m.kind == "before" else m.label for m in measures
    )


def _largest(shape: Shape, series: Part, measure: Measure) -> tuple[JsonValue, ...]:
    """The series with the most of the measure in all."""
    totals: dict[str, Decimal] = {}
    cells: dict[str, JsonValue] = {}
    for row, value in zip(shape.result.rows, shape.numbers(measure), strict=True):
        key = str(row[series.index])
        cells.setdefault(key, row[series.index])
        totals[key] = totals.get(key, Decimal(0)) + abs(value or Decimal(0))
    ranked = sorted(totals, key=lambda key: totals[key], reverse=True)
    return tuple(cells[key] for key in ranked[:_MOST_SERIES])


def _axes(shape: Shape) -> tuple[Part, Part | None]:
    """The dimension along the axis, and the one that tells series apart: the one with fewer
    values, unless the other is time."""
    if len(shape.dimensions) == 1:
        return shape.dimensions[0], None
    first, second = shape.dimensions
    if first.is_time or second.is_time:
        return (second, first) if second.is_time and not first.is_time else (first, second)
    return (
        (first, second) if _distinct(shape, first) >= _distinct(shape, second) else (second, first)
    )


def _is_whole(shape: Shape) -> bool:
    """Whether the rows are parts that make up a whole."""
    values = [metric for metric in shape.metrics if metric.kind == "value"]
    if len(values) != 1 or not values[0].is_additive or shape.result.truncated:
        return False
    numbers = shape.numbers(values[0])
    present = [value for value in numbers if value is not None and value >= 0]
    return len(present) == len(numbers) <= _MOST_SLICES and sum(present, Decimal(0)) > 0


def _asks_for_shares(shape: Shape, words: Iterable[str]) -> bool:
    is_computed = any(metric.kind == "share" for metric in shape.metrics)
    return is_computed or any(not _SHARE_WORDS.isdisjoint(text.lower().split()) for text in words)
