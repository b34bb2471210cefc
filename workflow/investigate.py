"""Why a metric moved, top to bottom: the change, what it is made of, and what people wrote.

Each statement is compiled, checked and run by itself, and each leaves its own events, named by
its step. A restart is handed the verdicts on record, and goes on with the next. What the model
of the data cannot split is not split: only a metric whose groups add up has contributions.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from time import perf_counter

from pydantic import JsonValue

from contracts.plan import Investigation, MetricQuery, Plan, Planned
from contracts.result import ResultSet
from contracts.run import RunStatus, Source, Stage
from workflow.audit.account import BREAKDOWN
from workflow.audit.journal import Journal
from workflow.execute.errors import ExecutionError
from workflow.execute.warehouse import Warehouse
from workflow.execution import execute
from workflow.narrate.investigation import Told, narrate_investigation
from workflow.retrieve.search import Retriever
from workflow.semantic.errors import PlanError
from workflow.semantic.index import index_of
from workflow.semantic.model import SemanticModel
from workflow.stages import Checked, Progress, Retrieved
from workflow.store.rows import Run

Check = Callable[[Planned, str], Awaitable[Checked]]
"""The validation of a plan, recorded under the name of a step. Raises PlanError."""

_SEARCHED, _CITED, _DRIVERS = 12, 3, 3


class Stopped(Exception):
    """The change itself may not or could not be computed; the message is for its asker."""

    def __init__(self, status: RunStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Step:
    """A statement that was checked and run."""

    plan: Plan
    checked: Checked
    result: ResultSet

    def told(self) -> Told:
        """What the narrator needs of it."""
        compiled, sql = self.checked.compiled, self.checked.verdict.sql
        assert compiled is not None and sql is not None  # noqa: S101 - it has been run
        return Told(self.plan, compiled, self.result, sql)


async def investigate(
    run: Run,
    journal: Journal,
    progress: Progress,
    model: SemanticModel,
    *,
    check: Check,
    warehouse: Warehouse,
    retriever: Retriever,
) -> Progress:
    """Go through the steps of a planned investigation, and tell what they came to. The change is
    the answer's result, the breakdowns are its steps. Raises Stopped."""
    planned = progress.planned
    assert planned is not None  # noqa: S101 - the caller has looked
    assert isinstance(planned.output, Investigation)  # noqa: S101 - the same
    asked = planned.output

    async def take(name: str, plan: Plan) -> Step | None:
        return await _step(name, run, journal, planned, plan, check, warehouse)

    adds_up = _adds_up(asked.change, model)
    change = await take("change", asked.change)
    if change is None:
        raise Stopped(
            RunStatus.BLOCKED,
            "This needs a second person's consent. Ask for the change by itself first.",
        )
    is_compared = changes(change) != [None]
    breakdowns: list[Step] = []
    for plan in asked.breakdowns if is_compared else ():
        try:
            step = await take(f"{BREAKDOWN}{plan.dimensions[0].field}", plan)
        except Stopped:
            continue  # on record; the others stand without it
        if step is not None and (not adds_up or is_whole(change, step)):
            breakdowns.append(step)
    sources: tuple[Source, ...] = ()
    if is_compared:
        drivers = _drivers(breakdowns) if adds_up else []
        sources = await _documents(run, journal, retriever, change.plan, drivers)
    return _tell(run, journal, progress, planned, model, change, breakdowns, sources)


def _tell(
    run: Run,
    journal: Journal,
    progress: Progress,
    planned: Planned,
    model: SemanticModel,
    change: Step,
    breakdowns: list[Step],
    sources: tuple[Source, ...],
) -> Progress:
    started = perf_counter()
    told, steps = narrate_investigation(
        planned,
        change.told(),
        [step.told() for step in breakdowns],
        sources,
        run.context,
        model,
        adds_up=_adds_up(change.plan, model),
    )
    said: dict[str, JsonValue] = {
        "struck": [*told.struck],
        "widgets": [widget.type for widget in told.widgets],
        "narrator": told.narrator,
    }
    journal.add(Stage.NARRATION, "ok", started, said)
    return replace(
        progress,
        checked=change.checked,
        result=change.result,
        steps=steps,
        sources=sources,
        text=told.answer,
        widgets=told.widgets,
        struck=told.struck,
    )


def is_whole(change: Step, breakdown: Step) -> bool:
    """Whether the parts are all there, and their changes sum to the change exactly."""
    if breakdown.result.truncated:
        return False
    [total] = changes(change) or [None]
    parts = [part for part in changes(breakdown) if part is not None]
    return (total or Decimal(0)) == sum(parts, Decimal(0))


def changes(step: Step) -> list[Decimal | None]:
    """The column of changes."""
    name = f"{step.plan.metrics[0]}_change"
    at = [column.name for column in step.result.columns].index(name)
    return [None if row[at] is None else Decimal(str(row[at])) for row in step.result.rows]


async def _step(
    name: str,
    run: Run,
    journal: Journal,
    planned: Planned,
    plan: Plan,
    check: Check,
    warehouse: Warehouse,
) -> Step | None:
    """None where a second person would have to consent."""
    query = planned.model_copy(update={"output": MetricQuery(plan=plan)})
    try:
        checked = await check(query, name)
    except PlanError as error:
        journal.add(Stage.VALIDATION, "failed", perf_counter(), {"reason": str(error)}, step=name)
        raise Stopped(RunStatus.BLOCKED, str(error)) from error
    verdict = checked.verdict
    if verdict.verdict == "block" or verdict.sql is None:
        text = " ".join(f.message for f in verdict.findings if f.severity == "block")
        raise Stopped(RunStatus.BLOCKED, text)
    if verdict.verdict == "needs_approval":
        return None
    try:
        done = await execute(journal, warehouse, checked, run.context, name)
    except ExecutionError as error:
        raise Stopped(RunStatus.FAILED, error.message) from error
    return Step(plan, done.checked, done.result)


async def _documents(
    run: Run,
    journal: Journal,
    retriever: Retriever,
    plan: Plan,
    drivers: list[str],
) -> tuple[Source, ...]:
    """What people have written about the question and its period, and about what moved most."""

    async def work() -> Retrieved:
        months = _months(plan)
        about = await _narrative(retriever, run, f"{run.question} {' '.join(months)}")
        # a text that names the period is about it; without one, the nearest has to do
        named = [source for source in about if source.match and months & {*source.match.words}]
        chosen = {source.document_id: source for source in (named or about[:1])[:_CITED]}
        for source in await _narrative(retriever, run, " ".join(drivers)):
            if source.match and source.match.words:
                chosen.setdefault(source.document_id, source)
        return Retrieved(sources=tuple(chosen.values())[:_CITED])

    retrieved = await journal.stage(
        Stage.RETRIEVAL,
        Retrieved,
        work,
        lambda value: {"documents": [source.title for source in value.sources]},
        step="documents",
    )
    return retrieved.sources


def _months(plan: Plan) -> set[str]:
    """The names of the months in the period, a year at most."""
    time = plan.time
    if time is None or time.start is None or time.end is None:
        return set()
    days = range(time.start.toordinal(), min(time.end.toordinal(), time.start.toordinal() + 366))
    return {f"{date.fromordinal(day):%B}".lower() for day in days}


async def _narrative(retriever: Retriever, run: Run, text: str) -> list[Source]:
    found = await retriever.search(text, run.context, limit=_SEARCHED)
    return [source for source in found if source.kind == "narrative"]


def _drivers(breakdowns: list[Step]) -> list[str]:
    """The named groups that moved most."""
    moved: list[tuple[Decimal, str]] = []
    for step in breakdowns:
        for part, row in zip(changes(step), step.result.rows, strict=True):
            if part is not None and isinstance(row[0], str):
                moved.append((abs(part), row[0]))
    moved.sort(key=lambda pair: (-pair[0], pair[1]))
    return [name for _, name in moved[:_DRIVERS]]


def _adds_up(plan: Plan, model: SemanticModel) -> bool:
    bound = index_of(model).metrics[plan.metrics[0]]
    return bound.is_additive and not bound.metric.is_cumulative
