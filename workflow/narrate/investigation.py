"""Why a metric moved, in sentences: what is arithmetic on the data first, then what people wrote.

Each sentence is checked against the result that it tells. A document's words are quoted, named
as somebody's, and never taken for a cause.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from typing import Literal

from contracts.context import UserContext
from contracts.plan import Investigation, Plan, Planned
from contracts.result import ResultSet
from contracts.run import AnswerStep, Source, Widget
from kit import display
from kit.display import EXACT, clean, listed, lower, upper
from workflow.narrate import grounds, knowledge, shape
from workflow.narrate.draft import Narration
from workflow.narrate.facts import Grounds
from workflow.narrate.grounding import is_grounded, states_a_figure
from workflow.narrate.phrases import period, subtitle, where
from workflow.narrate.shape import Measure, Shape
from workflow.narrate.widgets import Intent, widgets
from workflow.semantic.model import Compiled, SemanticModel
from workflow.semantic.resolve import period_before

NO_SPLIT = (
    "It cannot be split into contributions, because the values of groups do not add up to that "
    "of the whole; how each group moved is shown beside it. This is arithmetic on the data: it "
    "says where something moved, not why."
)
ARITHMETIC = (
    "In each of these breakdowns the parts add up to the change exactly. This is arithmetic on "
    "the data: it says where the change is, not what caused it."
)
NOT_PROVEN = "What people have written about it, which the data does not prove:"
NOTHING_WRITTEN = "None of the documents that you may read bears on it."
_DRIVERS, _TOLD = 2, 4


@dataclass(frozen=True, slots=True)
class Told:
    """One result of the inquiry, with the plan it is of."""

    plan: Plan
    compiled: Compiled
    result: ResultSet
    sql: str


def narrate_investigation(
    planned: Planned,
    change: Told,
    breakdowns: Sequence[Told],
    sources: Sequence[Source],
    context: UserContext,
    model: SemanticModel,
    *,
    adds_up: bool,
) -> tuple[Narration, tuple[AnswerStep, ...]]:
    """The answer's text, widgets of the change, and each breakdown as a step. `adds_up` says
    that the parts of each breakdown sum to the change. Pure."""
    asked = planned.output
    assert isinstance(asked, Investigation)  # noqa: S101 - the caller has looked
    with localcontext(EXACT):
        whole = _Teller(change, context, model)
        struck: list[str] = []

        def borne_out(texts: Sequence[str], known: Grounds) -> list[str]:
            true = [text for text in texts if not states_a_figure(text) or is_grounded(text, known)]
            struck.extend(text for text in texts if text not in true)
            return true

        moved = [*whole.premise(asked.direction), *borne_out(whole.movement(), whole.known)]
        paragraphs, steps = [moved], list[AnswerStep]()
        for step in breakdowns:
            teller = _Teller(step, context, model)
            if len(steps) < _TOLD:
                paragraphs.append(borne_out(teller.drivers(), teller.known))
            steps.append(teller.step(adds_up=adds_up))
        if steps:
            paragraphs.append([ARITHMETIC if adds_up else NO_SPLIT])
        paragraphs.append(_written(sources, planned))
        paragraphs.append([note for text in planned.notes if (note := clean(text))])
        words = (*planned.used_words, *planned.unused_words)
        shown = widgets(whole.shape, subtitle(change.plan, context, model), Intent(words=words))
        told = "\n".join(" ".join(texts) for texts in paragraphs if texts)
        return Narration(told, shown, tuple(struck)), tuple(steps)


def _written(sources: Sequence[Source], planned: Planned) -> list[str]:
    if not sources:
        return [NOTHING_WRITTEN]
    words = (*planned.used_words, *planned.unused_words)
    told = knowledge.answer_from(sources, [source.document_id for source in sources[:2]], words)
    return [f"{NOT_PROVEN} {told[0]}", *told[1:]]


class _Teller:
    """Tells one result of a comparison."""

    def __init__(self, told: Told, context: UserContext, model: SemanticModel) -> None:
        plan = _unlabelled(told.plan)
        self._told = replace(told, plan=plan)
        self._context = context
        self._model = model
        self.shape: Shape = shape.of_plan(plan, told.compiled, told.result, model)
        self.known = grounds.of_result(self.shape, plan, context, model)
        self.metric = self._measure("")
        self.change = self._measure("_change")
        self._before = self._measure("_before")

    def _measure(self, suffix: str) -> Measure:
        name = f"{self._told.plan.metrics[0]}{suffix}"
        return next(one for one in self.shape.metrics if one.name == name)

    @property
    def _is(self) -> str:
        return self.metric.subject

    @property
    def _when(self) -> str:
        return where(self._told.plan, self._context, self._model)

    def premise(self, direction: Literal["up", "down"] | None) -> list[str]:
        """What the question takes for granted, where the numbers do not bear it out."""
        [moved] = self.shape.numbers(self.change)
        if moved is None or direction is None:
            return []
        about = period(self._told.plan.time)
        if moved == 0:
            return [upper(f"{self._is} did not change {about}.")]
        if (moved < 0) is (direction == "down"):
            return []
        return [upper(f"{self._is} did not {'fall' if direction == 'down' else 'rise'} {about}.")]

    def movement(self) -> list[str]:
        """The change, with both values."""
        [now], [before], [moved] = map(self.shape.numbers, (self.metric, self._before, self.change))
        other = period(period_before(self._told.plan))
        if now is None or before is None or moved is None:
            missing = period(self._told.plan.time) if now is None else other
            return [f"There is no data for {self._is} {missing}: nothing can be compared."]
        said = f"{self._is}{self._when} was {self._show(now)}, after {self._show(before)} {other}"
        if moved == 0:
            return [upper(f"{said}.")]
        verb = "fell" if moved < 0 else "rose"
        if self.metric.is_share:  # percent of percent would be read as percentage points
            return [upper(f"{said}."), upper(f"{self._is} {verb}.")]
        [share] = self.shape.numbers(self._measure("_change_ratio"))
        part = f" ({display.show(abs(share), 'ratio', is_share=True).text})" if share else ""
        return [upper(f"{said}."), upper(f"{self._is} {verb} by {self._show(abs(moved))}{part}.")]

    def drivers(self) -> list[str]:
        """The groups that moved most, in either direction; the way of most of them first."""
        if self.metric.is_share:
            return []
        moved = [
            (part, self.shape.key(row))
            for part, row in zip(
                self.shape.numbers(self.change), self.shape.result.rows, strict=True
            )
            if part
        ]
        moved.sort(key=lambda pair: (-abs(pair[0]), pair[1]))
        falls = [pair for pair in moved if pair[0] < 0][:_DRIVERS]
        rises = [pair for pair in moved if pair[0] > 0][:_DRIVERS]
        ways = [(falls, "fell"), (rises, "rose")]
        if moved and moved[0][0] > 0:
            ways.reverse()
        label = lower(self.shape.dimensions[0].label)
        told = []
        for pairs, verb in ways:
            parts = listed([f"by {self._show(abs(part))} in {key}" for part, key in pairs])
            if parts:
                told.append(f"{self._is} {verb} {parts}.")
        return [f"By {label}, {told[0]}", *map(upper, told[1:])] if told else []

    def _show(self, value: Decimal) -> str:
        return self.metric.show(value).text

    def step(self, *, adds_up: bool) -> AnswerStep:
        """The result itself."""
        title = f"{self.change.label} by {lower(self.shape.dimensions[0].label)}"
        return AnswerStep(
            title=title,
            sql=self._told.sql,
            columns=self._told.result.columns,
            rows=self._told.result.rows,
            widget=Widget(
                type="bar",
                title=title,
                subtitle=subtitle(self._told.plan, self._context, self._model),
                x=self.shape.dimensions[0].name,
                y=(self.change.name,),
                headings=self.shape.headings(),
            ),
            note="" if adds_up else NO_SPLIT,
        )


def _unlabelled(plan: Plan) -> Plan:
    """Periods are told by their days, whatever the question called them."""
    bare = {"label": ""}
    comparison = plan.comparison
    if comparison is not None and comparison.period is not None:
        period_ = comparison.period.model_copy(update=bare)
        comparison = comparison.model_copy(update={"period": period_})
    time = plan.time.model_copy(update=bare) if plan.time is not None else None
    return plan.model_copy(update={"time": time, "comparison": comparison})
