"""What a reviewer would have run instead: read, and tried against the guardrails while they type.

Trying looks at no data, and so keeps no record: a reviewer who may try as often as they like could
otherwise learn about people, count by count, what they may not see themselves.
"""

import difflib
from uuid import UUID

from contracts.approval import Action, Draft, DraftVerdict, QuerySubject, RevealedColumn
from contracts.context import UserContext
from contracts.plan import MetricQuery, Plan, RawSql
from contracts.verdict import Finding
from kit.database import connected
from kit.problems import BadRequest, Conflict, Forbidden, NotFound
from workflow.approve.in_force import policy_now
from workflow.approve.lifecycle import OPEN
from workflow.approve.rules import objection
from workflow.locked_request import UNKNOWN, Refused, asked_of, may_review
from workflow.parts import Parts
from workflow.review import MOST_LINES, output_names, readable, tables_of
from workflow.semantic.compile_sql import PlanError
from workflow.semantic.model import SemanticModel
from workflow.semantic.words import plan_in_words
from workflow.store import approvals, runs
from workflow.store.rows import Run
from workflow.validation import judge


def output_of(plan: Plan | None, sql: str | None, reason: str) -> MetricQuery | RawSql:
    """The one of the two that is given. Raises Refused for both and for none."""
    if plan is not None and sql is None:
        return MetricQuery(plan=plan)
    if sql is not None and plan is None:
        return RawSql(sql=sql, reason=reason)
    raise Refused(BadRequest("An edit is either a plan or SQL."))


async def tried(caller: UserContext, approval_id: UUID, draft: Draft, parts: Parts) -> DraftVerdict:
    """What the guardrails say of it, in the asker's scope, for whoever may edit the request.
    Raises NotFound, Forbidden, Conflict, BadRequest."""
    run, subject = await _editable(caller, approval_id, parts)
    try:
        output = output_of(draft.plan, draft.sql, "")
    except Refused as refused:
        raise refused.problem from None
    model = parts.models.part(run.context)
    try:
        judged = judge(output, model, run.context)
    except PlanError as error:
        finding = Finding(rule="plan", severity="block", message=str(error))
        return DraftVerdict(verdict="block", findings=(finding,))
    verdict = judged.verdict
    words = plan_in_words(output.plan, model) if isinstance(output, MetricQuery) else ""
    if verdict.sql is None:
        return DraftVerdict(verdict="block", findings=verdict.findings, plan_in_words=words)
    lines = difflib.unified_diff(
        readable(subject.sql), readable(verdict.sql), "as it stands", "draft", lineterm="", n=1
    )
    return DraftVerdict(
        verdict=verdict.verdict,
        findings=verdict.findings,
        plan_in_words=words,
        sql="\n".join(readable(verdict.sql)),
        difference=tuple(lines)[:MOST_LINES],
        columns=_columns(verdict.sql, model),
        views=tuple(v for v in tables_of(verdict.sql) if v in run.context.allowed_views),
    )


async def _editable(
    caller: UserContext, approval_id: UUID, parts: Parts
) -> tuple[Run, QuerySubject]:
    async with connected(parts.pool) as connection:
        request = await approvals.get(connection, approval_id, org_id=caller.org_id)
        if request is None or not (
            may_review(caller) or request.item.asker.user_id == caller.user_id
        ):
            raise NotFound(UNKNOWN)
        item = request.item
        run = item.run_id and await runs.get(
            connection, item.run_id, org_id=caller.org_id, user_id=item.asker.user_id
        )
        policy = await policy_now(connection, caller.org_id)
    if not run or not isinstance(item.subject, QuerySubject):
        raise Forbidden("Only what runs in the warehouse can be edited.")
    against = objection(Action.EDIT, item, caller, asked_of(request, run), policy.policy)
    if against is not None:
        raise Forbidden(against.text, kind=against.kind)
    if item.status not in OPEN:
        raise Conflict("This is decided: nothing in it can be changed any more.")
    return run, item.subject


def _columns(sql: str, model: SemanticModel) -> tuple[RevealedColumn, ...]:
    fields = {f.name: f for d in model.datasets for f in d.fields}
    labels = {name: field.label for name, field in fields.items()}
    labels |= {metric.name: metric.label for metric in model.metrics}
    return tuple(
        RevealedColumn(
            name=name,
            label=labels.get(name, name),
            is_personal=name in fields and fields[name].is_personal,
        )
        for name in output_names(sql)
    )
