"""An answer as a page shows it. Pure: from the gateway's answer to words, cells and charts."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from contracts.plan import Clarify, Refuse
from contracts.run import Answer, RunStatus, Stage
from kit import trust_line
from webui import figures, result_view, sql_text
from webui.checks import Check, checks
from webui.result_view import Result, StepView

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
_KEPT = "Kept: "
_UNDONE = frozenset({RunStatus.BLOCKED, RunStatus.FAILED, RunStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer beside what a template should not have to work out. `lead` is its first sentence
    around the number that matters; `choices` are questions that would work, with their labels;
    `kept` is what a follow-up kept of the question before, `said` what the person said of the
    answer: right, wrong or nothing. `why` is what needs a person's consent."""

    answer: Answer
    milliseconds: float
    stages: tuple[tuple[str, float], ...]
    checks: str
    rules: tuple[Check, ...]
    why: tuple[str, ...]
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
    kept: str = ""
    said: str = ""

    @property
    def is_undone(self) -> bool:
        """Whether it ended without an answer and may be tried again."""
        return self.answer.status in _UNDONE


def view_of(answer: Answer, said: str = "") -> AnswerView:
    """How to show it."""
    kept = _kept(answer)
    first, *others = _AFTER_SENTENCE.split(_said(answer), 1)
    return AnswerView(
        answer=answer,
        milliseconds=sum(answer.timings.values()),
        stages=tuple(
            (STAGES[name], took) for name, took in answer.timings.items() if name in STAGES
        ),
        checks=trust_line.checks(answer),
        rules=checks(answer.security.findings),
        why=_why(answer),
        lead=figures.first_of(first, _measured(answer)),
        rest=" ".join(others).replace(f"Kept: {kept}.", "").strip(),
        result=result_view.result_of(answer),
        steps=tuple(map(result_view.step_of, answer.steps)),
        choices=_choices(answer),
        scope=trust_line.scope(answer),
        as_of=trust_line.as_of(answer),
        made=trust_line.made(answer),
        sql=sql_text.laid_out(answer.sql or ""),
        plan_data=answer.plan.model_dump_json(indent=2, exclude_defaults=True)
        if answer.plan
        else "",
        kept=kept,
        said=said,
    )


def _why(answer: Answer) -> tuple[str, ...]:
    """What it is that needs a person."""
    risk = answer.security.risk
    if risk is not None and risk.factors:
        return tuple(factor.reason for factor in risk.factors)
    found = answer.security.findings
    return tuple(f.message for f in found if f.severity == "needs_approval")


def _kept(answer: Answer) -> str:
    notes = answer.explain.notes if answer.explain else ()
    told = (note for note in notes if note.startswith(_KEPT))
    return next(told, "").removeprefix(_KEPT).removesuffix(".")


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
