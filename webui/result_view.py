"""A result as a page shows it: a table always, and the charts or big numbers that fit."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from contracts.result import Column
from contracts.run import Answer, AnswerStep, Heading, Widget
from webui import figures, sql_text
from webui.figures import Cell

NAMES = {"table": "Table", "metric": "Number", "bar": "Bars", "line": "Line", "pie": "Pie"}
"""What each widget is called on its button."""


@dataclass(frozen=True, slots=True)
class Head:
    """Of a table's column; `is_number` puts it to the right."""

    label: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Result:
    """Rows with how to show them. `views` are the widgets to choose from, the first one shown
    first. `chart` is JSON for the script that draws: `specs` by widget and `rows`; empty where
    there is nothing to draw. `metric` are big numbers with their labels."""

    title: str
    subtitle: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    foot: str
    views: tuple[str, ...] = ("table",)
    chart: str = ""
    metric: tuple[tuple[str, Cell], ...] = ()


@dataclass(frozen=True, slots=True)
class StepView:
    """A further result, with what may not be concluded from it and its statement."""

    result: Result
    note: str
    sql: tuple[sql_text.Piece, ...]


def result_of(answer: Answer) -> Result | None:
    """The answer's own; None where it has no rows at all."""
    if not answer.columns:
        return None
    total = answer.total_rows
    if answer.truncated:
        known = f" of {total:,}" if total is not None else ""
        foot = f"The first {answer.row_count:,}{known} rows are shown."
    else:
        foot = _count(answer.row_count)
    return _result(answer.columns, answer.rows, answer.widgets, foot)


def step_of(step: AnswerStep) -> StepView:
    """One of an investigation's."""
    widgets = (step.widget,) if step.widget else ()
    result = _result(step.columns, step.rows, widgets, _count(len(step.rows)), step.title)
    return StepView(result, step.note, sql_text.laid_out(step.sql))


def _count(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"


def _result(
    columns: Sequence[Column],
    rows: Sequence[Sequence[JsonValue]],
    widgets: Sequence[Widget],
    foot: str,
    title: str = "",
) -> Result:
    first = widgets[0] if widgets else None
    headings = _headings(columns, widgets)
    metric = _metric(columns, rows, headings, first)
    specs = {widget.type: widget.spec for widget in widgets if widget.spec and rows}
    shown = [w.type for w in widgets if w.type in specs or w.type == "table"]
    views = ("metric", "table") if metric else tuple(dict.fromkeys([*shown, "table"]))
    names = [column.name for column in columns]
    data = [dict(zip(names, row, strict=True)) for row in rows] if specs else []
    return Result(
        title=title or (first.title if first else "Result"),
        subtitle=first.subtitle if first else "",
        heads=tuple(
            _head(column, heading, [row[place] for row in rows])
            for place, (column, heading) in enumerate(zip(columns, headings, strict=True))
        ),
        rows=tuple(tuple(map(figures.cell, row, columns, headings)) for row in rows),
        foot=foot,
        views=views,
        chart=json.dumps({"specs": specs, "rows": data}) if specs else "",
        metric=metric,
    )


def _head(column: Column, heading: Heading, values: Sequence[JsonValue]) -> Head:
    """A column of times says that they are in UTC; one of days has no zone."""
    told = figures.headed(heading)
    if column.type == "timestamp" and any(figures.is_instant(value) for value in values):
        told += " (UTC)"
    return Head(told, column.type in figures.NUMBERS)


def _metric(
    columns: Sequence[Column],
    rows: Sequence[Sequence[JsonValue]],
    headings: Sequence[Heading],
    widget: Widget | None,
) -> tuple[tuple[str, Cell], ...]:
    """Big numbers, with their units."""
    if widget is None or widget.type != "metric" or len(rows) != 1:
        return ()
    return tuple(
        (heading.label, figures.cell(value, column, heading, has_unit=True))
        for value, column, heading in zip(rows[0], columns, headings, strict=True)
        if column.name in widget.y
    )


def _headings(columns: Sequence[Column], widgets: Sequence[Widget]) -> tuple[Heading, ...]:
    """As a widget says; by name where none does."""
    for widget in widgets:
        if len(widget.headings) == len(columns):
            return widget.headings
    return tuple(
        Heading(label=_label(column.name), is_measure=column.type in figures.NUMBERS)
        for column in columns
    )


def _label(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
