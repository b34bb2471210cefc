"""An answer as a page shows it. Pure: from the gateway's answer to words, cells and charts."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from contracts.plan import Clarify, Refuse
from contracts.result import Column
from contracts.run import Answer, AnswerStep, RunStatus, Stage, Widget
from kit import trust_line
from webui import figures, sql_text
from webui.figures import Cell

STAGES: Mapping[str, str] = {
    Stage.RETRIEVAL: "Looked up",
    Stage.PLANNING: "Planned",
    Stage.VALIDATION: "Checked",
    Stage.APPROVAL: "Decided",
    Stage.EXECUTION: "Computed",
    Stage.NARRATION: "Told",
}
"""What each stage did, in a word; the end of a run is none."""
_AFTER_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^a-z\s])")
_UNDONE = frozenset({RunStatus.BLOCKED, RunStatus.FAILED, RunStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class Head:
    """Of a table's column; `is_number` puts it to the right."""

    label: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Result:
    """Rows with how to show them. `chart` is JSON for the script that draws it: `spec` and
    `rows`; empty where there is nothing to draw. `metric` are big numbers with their labels."""

    title: str
    subtitle: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    foot: str
    chart: str = ""
    metric: tuple[tuple[str, Cell], ...] = ()


@dataclass(frozen=True, slots=True)
class StepView:
    """A further result, with what may not be concluded from it and its statement."""

    result: Result
    note: str
    sql: tuple[sql_text.Piece, ...]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer beside what a template should not have to work out. `lead` is its first sentence
    around the number that matters; `choices` are questions that would work, with their labels."""

    answer: Answer
    milliseconds: float
    stages: tuple[tuple[str, float], ...]
    checks: str
    lead: tuple[str, str, str]
    rest: str
    result: Result | None
    steps: tuple[StepView, ...]
    choices: tuple[tuple[str, str], ...]
    scope: str
    as_of: str
    made: str
    sql: tuple[sql_text.Piece, ...]
    plan_data: str

    @property
    def is_undone(self) -> bool:
        """Whether it ended without an answer and may be tried again."""
        return self.answer.status in _UNDONE


def view_of(answer: Answer) -> AnswerView:
    """How to show it."""
    first, *others = _AFTER_SENTENCE.split(_said(answer), 1)
    return AnswerView(
        answer=answer,
        milliseconds=sum(answer.timings.values()),
        stages=tuple(
            (STAGES[name], took) for name, took in answer.timings.items() if name in STAGES
        ),
        checks=trust_line.checks(answer),
        lead=figures.first_of(first, _measured(answer)),
        rest=" ".join(others),
        result=_main_result(answer),
        steps=tuple(_step(step) for step in answer.steps),
        choices=_choices(answer),
        scope=trust_line.scope(answer),
        as_of=trust_line.as_of(answer),
        made=trust_line.made(answer),
        sql=sql_text.laid_out(answer.sql or ""),
        plan_data=answer.plan.model_dump_json(indent=2, exclude_defaults=True)
        if answer.plan
        else "",
    )


def _measured(answer: Answer) -> Iterator[JsonValue]:
    """The values of the measures: what groups are called by may be numbers, too."""
    measures = {name for widget in answer.widgets for name in widget.y}
    for row in answer.rows:
        for value, column in zip(row, answer.columns, strict=True):
            if column.name in measures:
                yield value


def _said(answer: Answer) -> str:
    """Without the choices, which are buttons."""
    match answer.plan:
        case Clarify(question=question) if answer.status is RunStatus.CLARIFY:
            return question
        case Refuse(reason=reason) if answer.status is RunStatus.REFUSED:
            return reason
    return answer.answer


def _choices(answer: Answer) -> tuple[tuple[str, str], ...]:
    if answer.choices:
        return tuple((choice.label, choice.question) for choice in answer.choices)
    return tuple((question, question) for question in answer.suggestions)


def _main_result(answer: Answer) -> Result | None:
    if not answer.columns:
        return None
    total = answer.total_rows
    if answer.truncated:
        known = f" of {total:,}" if total is not None else ""
        foot = f"The first {answer.row_count:,}{known} rows are shown."
    else:
        foot = _count(answer.row_count)
    return _result(answer.columns, answer.rows, answer.widgets, foot)


def _step(step: AnswerStep) -> StepView:
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
    widget = widgets[0] if widgets else None
    drawn = next((widget.spec for widget in widgets if widget.spec), None)
    names = [column.name for column in columns]
    chart = ""
    if drawn is not None and rows:
        data = [dict(zip(names, row, strict=True)) for row in rows]
        chart = json.dumps({"spec": drawn, "rows": data})
    cells = tuple(
        tuple(figures.cell(value, column) for value, column in zip(row, columns, strict=True))
        for row in rows
    )
    metric: tuple[tuple[str, Cell], ...] = ()
    if widget is not None and widget.type == "metric" and len(rows) == 1:
        metric = tuple(
            (label(name), shown) for name, shown in zip(names, cells[0], strict=True)
            if name in widget.y
        )  # fmt: skip
    return Result(
        title=title or (widget.title if widget else "Result"),
        subtitle=widget.subtitle if widget else "",
        heads=tuple(Head(label(c.name), c.type in figures.NUMBERS) for c in columns),
        rows=cells,
        foot=foot,
        chart=chart,
        metric=metric,
    )


def label(name: str) -> str:
    """A column's name as a heading."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
