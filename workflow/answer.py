"""The answer, composed from how far a run has come. Pure."""

from collections.abc import Mapping
from decimal import Decimal

from contracts.context import UserContext
from contracts.plan import Clarify, Refuse
from contracts.run import Answer, Explain, RunStatus, Security, Usage
from workflow.approve.risk import for_asker
from workflow.stages import Progress
from workflow.store.rows import Run


def compose(
    run: Run, status: RunStatus, progress: Progress, timings: Mapping[str, float]
) -> Answer:
    """What the asker gets; absent parts are empty, so that the shape is always the same."""
    planned, result = progress.planned, progress.result
    output = planned.output if planned else None
    return Answer(
        run_id=run.run_id,
        conversation_id=run.conversation_id,
        status=status,
        question=run.question,
        answer=progress.text,
        plan=output,
        sql=progress.checked.verdict.sql if progress.checked else None,
        columns=result.columns if result else (),
        rows=result.rows if result else (),
        row_count=result.row_count if result else 0,
        total_rows=result.total_rows if result else None,
        truncated=result.truncated if result else False,
        steps=progress.steps,
        widgets=progress.widgets,
        sources=progress.sources,
        choices=output.choices if isinstance(output, Clarify) else (),
        suggestions=output.suggestions if isinstance(output, Refuse) else (),
        explain=_explain(progress),
        security=_security(run.context, progress),
        approval=progress.waiting,
        timings=dict(timings),
        usage=Usage(
            model=planned.model or progress.spent.model,
            tokens=planned.prompt_tokens + planned.completion_tokens + progress.spent.tokens,
            cost=_cost(planned.cost, progress.spent.cost),
        )
        if planned
        else Usage(),
    )


def _cost(*costs: Decimal | None) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if known else None


def _explain(progress: Progress) -> Explain | None:
    planned = progress.planned
    if planned is None:
        return None
    return Explain(
        planner=planned.planner,
        fallback_reason=planned.fallback_reason,
        prompt_digest=planned.prompt_digest,
        confidence=planned.confidence,
        plan=progress.plan_in_words,
        notes=planned.notes,
        as_of=progress.as_of,
        used_words=planned.used_words,
        unused_words=planned.unused_words,
        struck=progress.struck,
    )


def _security(context: UserContext, progress: Progress) -> Security:
    checked = progress.checked
    return Security(
        role=context.role,
        row_scope="all" if context.is_all_stores else context.store_ids,
        allowed_views=context.allowed_views,
        findings=checked.verdict.findings if checked else (),
        risk=for_asker(checked.risk) if checked else None,
    )
