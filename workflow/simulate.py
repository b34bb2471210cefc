"""What each role would get for a question, short of running it."""

from datetime import UTC, datetime
from functools import partial

from uuid_utils.compat import uuid7

from contracts.context import Permission, UserContext
from contracts.plan import Clarify, MetricQuery, RawSql, Refuse
from contracts.run import RunStatus
from contracts.simulation import Fate, SimulatedRole, SimulateRequest, Simulation
from workflow.parts import Parts
from workflow.planning import plan_or_verified
from workflow.semantic.compile_sql import PlanError
from workflow.semantic.words import plan_in_words
from workflow.stages import Checked
from workflow.store import role_policies
from workflow.store.rows import Run
from workflow.validation import validate

_FATES: dict[int, Fate] = {
    0: "runs at once",
    1: "waits for one approver",
    2: "waits for two approvers",
}


async def simulate(request: SimulateRequest, caller: UserContext, parts: Parts) -> Simulation:
    """Plan, check and score the question for every role of the caller's organisation that asks.
    A configured model is asked once for each. Raises ExecutionError."""
    rules = await parts.in_force.rules(caller.org_id)
    async with parts.pool.connection() as connection:
        roles = await role_policies.of_organisation(connection, caller.org_id)
    return Simulation(
        question=request.question,
        policy_version=rules.policy.version,
        roles=tuple(
            [
                await _for_role(
                    request.question,
                    UserContext(
                        user_id=caller.user_id,
                        username=caller.username,
                        org_id=caller.org_id,
                        role=one.role,
                        permissions=tuple(one.permissions),
                        store_ids=request.store_ids,
                        is_all_stores=not request.store_ids,
                        allowed_views=tuple(one.allowed_views),
                    ),
                    parts,
                )
                for one in roles
                if Permission.ASK in one.permissions
            ]
        ),
    )


async def _for_role(question: str, context: UserContext, parts: Parts) -> SimulatedRole:
    model = parts.models.part(context)
    planned = await plan_or_verified(
        question,
        context,
        parts,
        retrieval=partial(parts.retriever.search, question, context),
        model_plan=parts.model_plan,
    )
    output = planned.output
    if not isinstance(output, MetricQuery | RawSql):
        detail = output.reason if isinstance(output, Refuse) else ""
        if isinstance(output, Clarify):
            detail = output.question
        return _told(context, "no statement", output.kind, detail=detail)
    try:
        checked = await validate(_run(question, context), planned, model, parts, is_asked=False)
    except PlanError as error:
        return _told(context, "blocked", output.kind, detail=str(error))
    words = plan_in_words(output.plan, model) if isinstance(output, MetricQuery) else ""
    if checked.verdict.verdict == "block":
        detail = " ".join(f.message for f in checked.verdict.findings if f.severity == "block")
        return _told(context, "blocked", output.kind, checked, detail=detail, words=words)
    fate = _FATES[checked.approvers_needed]
    return _told(context, fate, output.kind, checked, words=words)


def _run(question: str, context: UserContext) -> Run:
    """A run that is on no record."""
    return Run(
        run_id=uuid7(),
        conversation_id=uuid7(),
        question=question,
        context=context,
        status=RunStatus.RUNNING,
        asked_at=datetime.now(UTC),
        head_seq=0,
        head_hash="",
    )


def _told(
    context: UserContext,
    fate: Fate,
    kind: str,
    checked: Checked | None = None,
    *,
    detail: str = "",
    words: str = "",
) -> SimulatedRole:
    return SimulatedRole(
        role=context.role,
        fate=fate,
        kind=kind,
        detail=detail,
        plan_in_words=words,
        sql=checked.verdict.sql if checked else None,
        findings=checked.verdict.findings if checked else (),
        risk=checked.risk if checked else None,
        row_scope="all" if context.is_all_stores else context.store_ids,
        allowed_views=context.allowed_views,
    )
