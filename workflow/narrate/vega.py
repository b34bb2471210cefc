"""Charts as Vega-Lite: how a widget is drawn.

A specification holds no row: it names its data `rows`, the answer's rows as objects by column
name, and whoever draws it puts them there (`datasets: {"rows": […]}`). Colours are of middle
lightness and nothing has a background, so that it reads on a light and on a dark page.

Built as plain JSON: the library for it takes longer for one chart than a whole answer may.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from contracts.plan import Grain
from kit.display import clean, lower, unit_sign
from workflow.narrate.shape import Measure, Part

Json = dict[str, JsonValue]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
DATA = "rows"
PALETTE = (
    "#3f83c8", "#c9742b", "#2f9270", "#c2557a", "#8b6fd0", "#a2801a",
    "#21909a", "#c65a45", "#6f8a2e", "#a35fb5", "#7a8797", "#5b8fd8",
)  # fmt: skip
"""Told apart by people who see few colours, and 3 to 1 or more against white and near-black."""
_INK = "#75808e"
_LINES = "#8b949e55"
_MOST_TICKS = 12
_MOST_POINTS = 62
_LABEL_WIDTH = 190
_TIME_FORMATS: dict[Grain | None, str] = {
    "year": "%Y", "quarter": "Q%q %Y", "month": "%b %Y", "week": "%-d %b %Y", "day": "%-d %b %Y",
    None: "%-d %b %Y",
}  # fmt: skip
_INTERVALS: dict[Grain | None, tuple[str, int]] = {
    "year": ("year", 1), "quarter": ("month", 3), "month": ("month", 1),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawing:
    """What to draw: `x` along the axis, `measures` that share one scale, a `series` in colours.

    `names` are what the measures are called in the legend. `first` keeps so many of `x` in the
    rows' order, `kept` only these values of the series. `count` is how many values `x` has;
    `is_ordered` says that the rows' order is one that means something.
    """

    kind: Literal["bar", "line", "pie"]
    x: Part
    measures: tuple[Measure, ...]
    names: tuple[str, ...]
    series: Part | None = None
    first: int | None = None
    kept: tuple[JsonValue, ...] | None = None
    count: int = 0
    is_ordered: bool = True
    description: str = ""


def specification(drawing: Drawing) -> Json:
    """The drawing as a Vega-Lite specification."""
    spec: Json = {
        "$schema": SCHEMA,
        "description": drawing.description,
        "data": {"name": DATA},
        "width": "container",
        "transform": _transform(drawing),
        "config": _config(),
    }
    match drawing.kind:
        case "line":
            return spec | _line(drawing)
        case "bar":
            return spec | _bars(drawing)
        case "pie":
            return spec | _pie(drawing)


def _transform(drawing: Drawing) -> list[JsonValue]:
    """Columns under names of our own, numbers and dates read from their text, and the cap."""
    steps: list[JsonValue] = [_read(drawing.x, "x")]
    if drawing.x.is_time:
        told = f"utcFormat(datum.x, '{_TIME_FORMATS[drawing.x.grain]}')"
        steps.append({"calculate": told, "as": "when"})
    if drawing.series is not None:
        if drawing.kept is not None:
            column = _datum(drawing.series.name)
            steps.append({"filter": f"indexof({json.dumps(list(drawing.kept))}, {column}) >= 0"})
        steps.append(_read(drawing.series, "series"))
    for place, measure in enumerate(drawing.measures):
        column = _datum(measure.name)
        number = f"{column} === null ? null : toNumber({column})"
        steps.append({"calculate": number, "as": f"y{place}"})
    if drawing.first is not None:
        rank: Json = {"window": [{"op": "row_number", "as": "place"}]}
        if not drawing.is_ordered:
            rank["sort"] = [{"field": "y0", "order": "descending"}]
        steps += [rank, {"filter": f"datum.place <= {drawing.first}"}]
    if len(drawing.measures) > 1:
        steps.append({"fold": [*_fields(drawing)], "as": ["measure", "value"]})
        steps.append({"calculate": _name_of_measure(drawing.names), "as": "series"})
    return steps


def _datum(column: str) -> str:
    return f"datum[{json.dumps(column)}]"


def _read(part: Part, name: str) -> Json:
    column = _datum(part.name)
    if part.is_time:
        read = f"{column} === null ? null : toDate({column})"
    else:
        nothing = json.dumps(f"(no {lower(part.label)})")
        text = f"({column} ? 'yes' : 'no')" if part.type == "boolean" else column
        read = f"{column} === null ? {nothing} : {text}"
    return {"calculate": read, "as": name}


def _fields(drawing: Drawing) -> list[str]:
    return [f"y{place}" for place in range(len(drawing.measures))]


def _name_of_measure(names: Sequence[str]) -> str:
    *rest, last = names
    chosen = json.dumps(last)
    for place, name in reversed(list(enumerate(rest))):
        chosen = f"datum.measure === 'y{place}' ? {json.dumps(name)} : {chosen}"
    return chosen


def _value(drawing: Drawing) -> str:
    return "value" if len(drawing.measures) > 1 else "y0"


def _colour(drawing: Drawing) -> Json:
    """Of the series, or of the measures; nothing where there is one of either."""
    if len(drawing.measures) > 1:
        return {
            "color": {
                "field": "series", "type": "nominal", "title": None,
                "sort": list(drawing.names), "scale": {"range": list(PALETTE)},
            }
        }  # fmt: skip
    if drawing.series is None:
        return {}
    title = _label(drawing.series)
    return {
        "color": {
            "field": "series", "type": "nominal", "title": title, "sort": None,
            "scale": {"range": list(PALETTE)},
        }
    }  # fmt: skip


def _line(drawing: Drawing) -> Json:
    x: Json = {
        "field": "x",
        "type": "temporal",
        "title": None,
        "scale": {"type": "utc"},
        "axis": _time_axis(drawing),
    }
    has_points = drawing.count <= _MOST_POINTS
    return {
        "height": 280,
        "mark": {"type": "line", "point": has_points, "clip": False},
        "encoding": {
            "x": x,
            "y": _number(drawing, "axis"),
            **_colour(drawing),
            "tooltip": _tooltip(drawing),
        },
    }


def _time_axis(drawing: Drawing) -> Json:
    axis: Json = {"format": _TIME_FORMATS[drawing.x.grain], "grid": False}
    axis |= {"labelOverlap": "greedy", "labelFlush": False}
    if drawing.x.grain in _INTERVALS:
        interval, step = _INTERVALS[drawing.x.grain]
        times = max(1, -(-drawing.count // _MOST_TICKS))
        axis["tickCount"] = {"interval": interval, "step": step * times}
    return axis


def _bars(drawing: Drawing) -> Json:
    """Lying down, so that long names can be read; standing where the axis is one of numbers."""
    is_standing = drawing.x.is_time or drawing.x.type in ("integer", "decimal", "float")
    name: Json = {
        "field": "when" if drawing.x.is_time else "x",
        "type": "ordinal" if is_standing else "nominal",
        "title": _label(drawing.x),
        "sort": _sort(drawing, is_standing=is_standing),
        "axis": {"labelLimit": _LABEL_WIDTH, "labelAngle": 0, "labelOverlap": "greedy"},
    }
    beside: Json = {}
    if drawing.series is not None or len(drawing.measures) > 1:
        beside = {"xOffset" if is_standing else "yOffset": {"field": "series", "sort": None}}
    along, across = ("x", "y") if is_standing else ("y", "x")
    return {
        "height": 280 if is_standing else {"step": 10 if beside else 22},
        "mark": {"type": "bar"},
        "encoding": {
            along: name,
            across: _number(drawing, "axis"),
            **beside,
            **_colour(drawing),
            "tooltip": _tooltip(drawing),
        },
    }


def _sort(drawing: Drawing, *, is_standing: bool) -> JsonValue:
    """Along time or numbers, in the rows' order where it means something, else the highest
    first."""
    if drawing.x.is_time:
        return {"field": "x", "op": "min", "order": "ascending"}
    if is_standing:
        return "ascending"
    return None if drawing.is_ordered else {"op": "max", "field": "y0", "order": "descending"}


def _pie(drawing: Drawing) -> Json:
    return {
        "height": 280,
        "mark": {"type": "arc", "innerRadius": 60, "padAngle": 0.01},
        "encoding": {
            "theta": {"field": "y0", "type": "quantitative", "stack": True},
            "color": {
                "field": "x", "type": "nominal", "title": _label(drawing.x), "sort": None,
                "scale": {"range": list(PALETTE)}, "legend": {"labelLimit": _LABEL_WIDTH},
            },
            "order": {"field": "y0", "type": "quantitative", "sort": "descending"},
            "tooltip": _tooltip(drawing),
        },
    }  # fmt: skip


def _number(drawing: Drawing, place: str) -> Json:
    measure = drawing.measures[0]
    unit = unit_sign(measure.unit, measure.format)
    return {
        "field": _value(drawing),
        "type": "quantitative",
        "title": _title(measure) if len(drawing.measures) == 1 else unit or None,
        place: {"format": _format(measure, is_short=True), "tickCount": 6},
    }


def _label(named: Part | Measure) -> str:
    """Without what could end a text: Vega-Lite puts titles into expressions as they are."""
    return clean(named.label.replace("\\", " ").replace('"', " "))


def _title(measure: Measure) -> str:
    unit = unit_sign(measure.unit, measure.format)
    return f"{_label(measure)} ({unit})" if unit else _label(measure)


def _format(measure: Measure, *, is_short: bool = False) -> str:
    """As d3 writes numbers; short ones leave out zeros at the end."""
    given = measure.format
    is_percent = measure.is_share or (given is not None and given.style == "percent")
    decimals = given.decimals if given is not None and given.decimals is not None else None
    trim = "~" if is_short or decimals is None else ""
    if is_percent:
        return f".{1 if decimals is None else decimals}{trim}%"
    return f",.{2 if decimals is None else decimals}{trim}f"


def _tooltip(drawing: Drawing) -> list[JsonValue]:
    name = "when" if drawing.x.is_time else "x"
    told: list[JsonValue] = [{"field": name, "type": "nominal", "title": _label(drawing.x)}]
    if drawing.series is not None:
        told.append({"field": "series", "type": "nominal", "title": _label(drawing.series)})
    if len(drawing.measures) > 1:
        told.append({"field": "series", "type": "nominal", "title": "What"})
    measure = drawing.measures[0]
    title = _title(measure) if len(drawing.measures) == 1 else "Value"
    told.append(
        {
            "field": _value(drawing),
            "type": "quantitative",
            "title": title,
            "format": _format(measure),
        }
    )
    return told


def _config() -> Json:
    """Legible on either page; a page may put its own over it."""
    text: Mapping[str, JsonValue] = {"labelColor": _INK, "titleColor": _INK}
    return {
        "background": "transparent",
        "font": "system-ui, sans-serif",
        "mark": {"color": PALETTE[0]},
        "line": {"strokeWidth": 2},
        "point": {"size": 36, "filled": True},
        "view": {"stroke": None},
        "axis": {**text, "domainColor": _LINES, "tickColor": _LINES, "gridColor": _LINES},
        "legend": {**text, "labelLimit": _LABEL_WIDTH},
    }
