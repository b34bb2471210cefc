"""The life of a question, top to bottom.

Each step is one stage: it gets what it needs, returns a frozen value, and the journal records
that value. A run that died is handed the values already on record and goes on from there, so
the page below reads the same for a first try and for a restart. The journal is flushed before
or beside anything slow or paid, and before anything irreversible; nobody is told of a stage
before it is on record.
"""

from collections.abc import Awaitable
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import TypeVar

from pydantic import JsonValue

from contracts.plan import Investigation, MetricQuery, Planned, RawSql
from contracts.run import RunStatus, Stage
from kit.canonical import text_digest
from workflow.ahead import Ahead
from workflow.answer import compose
from workflow.audit.journal import MOMENT_SECONDS, Journal
from workflow.execute.errors import ExecutionError
from workflow.execute.patience import patiently
from workflow.execution import execute
from workflow.investigate import Stopped, investigate
from workflow.narrate.facts import Extent
from workflow.narrate.narrate import draft
from workflow.narrate.narrator import narrate_by_model
from workflow.narrate.phrases import scope_words
from workflow.narrate.prompt import PROMPT_DIGEST, Subject, prompt_for
from workflow.parts import Outcome, Parts, Tell
from workflow.plan.history import MOST_EXCHANGES, Exchange, exchanges
from workflow.plan.router import at_hand
from workflow.planning import plan_question
from workflow.requests import let_run, wait_for_approval, waiting_of
from workflow.semantic.compile_sql import PlanError
from workflow.semantic.model import DataProfile, SemanticModel
from workflow.semantic.words import plan_in_words
from workflow.stages import Checked, LetThrough, Prepared, Progress, Retrieved, Spent
from workflow.store import conversations
from workflow.store.rows import Run
from workflow.telling import ModelWords
from workflow.validation import validate

Value = TypeVar("Value")
MAX_NARRATION_SECONDS = 20.0
"""A model that takes longer to tell a result is not waited for."""
AWAY_SECONDS = 60.0
"""How long what people let through waits for a warehouse that is away: nobody sits before it, and
to have it approved again costs more."""


async def answer_question(
    run: Run, journal: Journal, parts: Parts, tell: Tell, ahead: Ahead | None = None
) -> Outcome:
    """Take the run from its question to an answer, or to where it must wait for a person.

    `tell` gets the answer's text while a model tells it; nobody is told ahead of the end else.
    Raises whatever keeps the record from being written; the run then stays as recorded, and a
    living worker takes it up again.
    """
    model = parts.models.part(run.context)
    retrieved = await _retrieve(run, journal, parts, ahead)
    through = journal.value(Stage.APPROVAL, "approved", LetThrough)
    profile = await patiently(
        partial(parts.profiles.get, model, run.context), AWAY_SECONDS if through else 0
    )
    planned = await _plan(run, journal, parts, retrieved, model, profile, ahead)
    progress = _describe(planned, Progress(sources=retrieved.sources), model, profile)

    if isinstance(planned.output, Investigation):
        return await _investigate_and_finish(run, journal, parts, progress, model)
    if not isinstance(planned.output, MetricQuery | RawSql):
        status = _STATUS_OF_KIND[planned.output.kind]
        return await _narrate_and_finish(run, journal, status, progress, model)

    try:
        checked = await _validate(run, journal, parts, planned, model)
    except PlanError as error:
        journal.add(Stage.VALIDATION, "failed", perf_counter(), {"reason": str(error)})
        return await finish(run, journal, RunStatus.BLOCKED, replace(progress, text=str(error)))
    progress = replace(progress, checked=checked)
    if checked.verdict.verdict == "block":
        text = " ".join(f.message for f in checked.verdict.findings if f.severity == "block")
        return await finish(run, journal, RunStatus.BLOCKED, replace(progress, text=text))
    if checked.approvers_needed:
        return await _by_consent(run, journal, parts, progress, model, profile, tell, through)
    return await _execute_and_finish(run, journal, parts, progress, checked, model, tell)


async def _by_consent(
    run: Run,
    journal: Journal,
    parts: Parts,
    progress: Progress,
    model: SemanticModel,
    profile: DataProfile,
    tell: Tell,
    through: LetThrough | None,
) -> Outcome:
    """Wait for a person, or run what a person let through: perhaps another statement."""
    assert progress.planned is not None  # noqa: S101 - both are there once it is validated
    assert progress.checked is not None  # noqa: S101 - as above
    if through is None:
        prepared = Prepared(planned=progress.planned, checked=progress.checked)
        return await wait_for_approval(run, journal, parts, progress, prepared)
    checked = through.prepared.checked
    progress = _describe(through.prepared.planned, progress, model, profile)
    progress = replace(progress, checked=checked, waiting=waiting_of(through))
    changed = await let_run(run, journal, parts, progress, through, conclude)
    if changed is not None:
        return changed
    return await _execute_and_finish(run, journal, parts, progress, checked, model, tell)


async def _retrieve(run: Run, journal: Journal, parts: Parts, ahead: Ahead | None) -> Retrieved:
    async def work() -> Retrieved:
        if ahead is not None:
            return Retrieved(sources=await ahead.sources)
        return Retrieved(sources=await parts.retriever.search(run.question, run.context))

    return await journal.stage(
        Stage.RETRIEVAL,
        Retrieved,
        work,
        lambda value: {"documents": [s.title for s in value.sources]},
        began=ahead.began if ahead else None,
    )


async def _plan(
    run: Run,
    journal: Journal,
    parts: Parts,
    retrieved: Retrieved,
    model: SemanticModel,
    profile: DataProfile,
    ahead: Ahead | None,
) -> Planned:
    done = None
    if ahead is not None and ahead.planned is not None:
        done = await _meanwhile(journal, ahead.planned, parts)

    async def work() -> Planned:
        if done is not None:
            return done.planned
        planning = plan_question(
            run.question,
            run.context,
            parts,
            model=model,
            profile=profile,
            retrieval=at_hand(retrieved.sources),
            history=await _history(run, parts, model),
        )
        return await _meanwhile(journal, planning, parts)

    return await journal.stage(
        Stage.PLANNING,
        Planned,
        work,
        lambda value: {
            "kind": value.output.kind,
            "planner": value.planner,
            "confidence": value.confidence,
        },
        began=perf_counter() - done.seconds if done else None,
    )


async def _meanwhile(journal: Journal, planning: Awaitable[Value], parts: Parts) -> Value:
    """What planning comes to. A model takes its time: what is known goes on record meanwhile."""
    if parts.model_plan is None:
        return await planning
    return await journal.beside(planning, within=MOMENT_SECONDS)


async def _history(run: Run, parts: Parts, model: SemanticModel) -> tuple[Exchange, ...]:
    if run.is_first:
        return ()
    async with parts.pool.connection() as connection:
        past = await conversations.before(connection, run, limit=MOST_EXCHANGES)
    return exchanges(past, model)


async def _validate(
    run: Run, journal: Journal, parts: Parts, planned: Planned, model: SemanticModel, step: str = ""
) -> Checked:
    async def work() -> Checked:
        judging = validate(run, planned, model, parts, may_count_along=True)
        # what was paid for goes on record before anything is waited for
        return await (judging if planned.model is None else journal.beside(judging))

    return await journal.stage(
        Stage.VALIDATION,
        Checked,
        work,
        lambda value: {
            "verdict": value.verdict.verdict,
            "approvers_needed": value.approvers_needed,
            "findings": [f.rule for f in value.verdict.findings],
        },
        step,
    )


async def _execute_and_finish(
    run: Run,
    journal: Journal,
    parts: Parts,
    progress: Progress,
    checked: Checked,
    model: SemanticModel,
    tell: Tell,
) -> Outcome:
    planned = progress.planned
    try:
        done = await execute(
            journal,
            parts.warehouse,
            checked,
            run.context,
            # a model's plan was paid for, and what people let through cost their time
            is_repeatable=planned is not None and not (planned.model or progress.waiting),
            patience=AWAY_SECONDS if progress.waiting else 0.0,
        )
    except ExecutionError as error:
        return await finish(run, journal, RunStatus.FAILED, replace(progress, text=error.message))
    progress = replace(progress, checked=done.checked, result=done.result)
    # an execution on record says that a worker that died may have paid a model to tell it
    words = parts.model_words if journal.recorded(Stage.EXECUTION) is None else None
    if words is not None:
        await journal.flush()
    return await _narrate_and_finish(
        run, journal, RunStatus.COMPLETED, progress, model, words=words, tell=tell
    )


async def _narrate_and_finish(
    run: Run,
    journal: Journal,
    status: RunStatus,
    progress: Progress,
    model: SemanticModel,
    *,
    words: ModelWords | None = None,
    tell: Tell | None = None,
) -> Outcome:
    started = perf_counter()
    assert progress.planned is not None  # noqa: S101 - narration follows planning
    compiled = progress.checked.compiled if progress.checked else None
    drafted = draft(
        progress.planned,
        progress.result,
        compiled,
        progress.sources,
        run.context,
        model,
        progress.extent,
    )
    spent = Spent()
    detail: dict[str, JsonValue] = {}
    if words is not None and tell is not None and drafted.shape is not None:
        prompt = prompt_for(drafted.shape, _subject(run, progress))
        told = await narrate_by_model(
            drafted, words(prompt, spent, run.context), tell, seconds=MAX_NARRATION_SECONDS
        )
        detail = {"model": spent.model, "tokens": spent.tokens, "prompt": PROMPT_DIGEST}
    else:
        told = drafted.narration()
    detail |= {
        "narrator": told.narrator,
        "struck": [*told.struck],
        "widgets": [w.type for w in told.widgets],
    }
    journal.add(Stage.NARRATION, "ok", started, detail)
    progress = replace(
        progress, text=told.answer, widgets=told.widgets, struck=told.struck, spent=spent
    )
    return await finish(run, journal, status, progress)


async def _investigate_and_finish(
    run: Run, journal: Journal, parts: Parts, progress: Progress, model: SemanticModel
) -> Outcome:
    async def check_step(query: Planned, step: str) -> Checked:
        return await _validate(run, journal, parts, query, model, step)

    try:
        progress = await investigate(
            run,
            journal,
            progress,
            model,
            check=check_step,
            warehouse=parts.warehouse,
            retriever=parts.retriever,
        )
    except Stopped as stopped:
        return await finish(run, journal, stopped.status, replace(progress, text=str(stopped)))
    return await finish(run, journal, RunStatus.COMPLETED, progress)


def _subject(run: Run, progress: Progress) -> Subject:
    return Subject(
        question=run.question,
        asked=progress.plan_in_words,
        scope=scope_words(run.context),
        as_of=progress.as_of,
    )


async def finish(run: Run, journal: Journal, status: RunStatus, progress: Progress) -> Outcome:
    """The end of a run: the answer is stored, and its digest is the last link of the chain."""
    outcome = conclude(run, journal, status, progress)
    await journal.flush(status, answer=outcome.text)
    return outcome


def conclude(run: Run, journal: Journal, status: RunStatus, progress: Progress) -> Outcome:
    """The same, up to where it is written."""
    started = perf_counter()
    answer = compose(run, status, progress, journal.timings)
    outcome = Outcome(answer, answer.model_dump_json())
    journal.add(
        Stage.COMPLETED,
        status.value,
        started,
        {"status": status.value, "answer_digest": text_digest(outcome.text)},
    )
    return outcome


def _describe(
    planned: Planned, progress: Progress, model: SemanticModel, profile: DataProfile
) -> Progress:
    words, as_of, extent = "", None, Extent()
    if isinstance(planned.output, MetricQuery | Investigation):
        output = planned.output
        plan = output.plan if isinstance(output, MetricQuery) else output.change
        words = plan_in_words(plan, model)
        datasets = {m.dataset for m in model.metrics if m.name in plan.metrics}
        first = [day for name, day in profile.oldest.items() if name in datasets]
        last = [day for name, day in profile.newest.items() if name in datasets]
        extent = Extent(min(first, default=None), max(last, default=None))
        as_of = extent.last.isoformat() if extent.last else None
    return replace(progress, planned=planned, plan_in_words=words, as_of=as_of, extent=extent)


_STATUS_OF_KIND = {
    "knowledge": RunStatus.COMPLETED,
    "clarify": RunStatus.CLARIFY,
    "refuse": RunStatus.REFUSED,
}
