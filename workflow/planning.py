"""What a planner makes of a question: in a run, and for whoever tries something out."""

from collections.abc import Sequence

from contracts.context import Permission, UserContext
from contracts.plan import MetricQuery, Planned
from kit.problems import NotFound
from workflow.parts import Parts
from workflow.plan.ground import Ground
from workflow.plan.history import Exchange
from workflow.plan.router import MayAsk, ModelPlan, Retrieval, at_once
from workflow.plan.router import plan as route
from workflow.plan.suggestions import suggestions
from workflow.semantic.model import DataProfile, SemanticModel
from workflow.semantic.resolve import resolve_planned
from workflow.store import role_policies


async def plan_question(
    question: str,
    context: UserContext,
    parts: Parts,
    *,
    model: SemanticModel,
    profile: DataProfile,
    retrieval: Retrieval,
    history: Sequence[Exchange] = (),
    may_ask: MayAsk = at_once,
) -> Planned:
    """A verified query that these words ask for, or what the planners make of them, its periods
    resolved. `model` is the role's part; `history` are the conversation's earlier questions."""
    rules = await parts.in_force.rules(context.org_id)
    verified = rules.asked_for(question, context, model.digest)
    if verified is not None:
        return Planned(output=verified.reading, planner="verified")
    ground = Ground(model, profile, context, parts.today())
    planned = await _routed(question, ground, parts, retrieval, parts.model_plan, history, may_ask)
    if isinstance(planned.output, MetricQuery) and rules.same_plan(
        planned.output.plan, context, model.digest
    ):
        return planned.model_copy(update={"planner": "verified"})
    return planned


async def plan_anew(
    question: str,
    context: UserContext,
    parts: Parts,
    *,
    retrieval: Retrieval,
    model_plan: ModelPlan | None,
) -> Planned:
    """As a run would plan it that finds no verified query, as the first of a conversation.
    Raises ExecutionError where the warehouse cannot be asked."""
    model = parts.models.part(context)
    profile = await parts.profiles.get(model, context)
    ground = Ground(model, profile, context, parts.today())
    return await _routed(question, ground, parts, retrieval, model_plan)


async def _routed(
    question: str,
    ground: Ground,
    parts: Parts,
    retrieval: Retrieval,
    model_plan: ModelPlan | None,
    history: Sequence[Exchange] = (),
    may_ask: MayAsk = at_once,
) -> Planned:
    whole = parts.models.whole
    planned = await route(
        question,
        ground,
        whole=whole,
        retrieval=retrieval,
        suggestions=suggestions(ground.model, ground.context, ground.profile, full_model=whole),
        history=history,
        model_plan=model_plan,
        may_ask=may_ask,
    )
    return resolve_planned(planned, ground.model, ground.profile, ground.today)


async def plan_or_verified(
    question: str,
    context: UserContext,
    parts: Parts,
    *,
    retrieval: Retrieval,
    model_plan: ModelPlan | None,
) -> Planned:
    """The same, after the verified queries were looked through as in a run."""
    rules = await parts.in_force.rules(context.org_id)
    whole = parts.models.part(context)
    verified = rules.asked_for(question, context, whole.digest)
    if verified is not None:
        return Planned(output=verified.reading, planner="verified")
    return await plan_anew(question, context, parts, retrieval=retrieval, model_plan=model_plan)


async def context_of_role(
    caller: UserContext,
    role: str,
    store_ids: Sequence[int],
    parts: Parts,
    *,
    username: str | None = None,
) -> UserContext:
    """Somebody of a role of the caller's organisation, for all stores where none are named. What
    is tried out is tried by the caller. Raises NotFound for a role that does not ask."""
    async with parts.pool.connection() as connection:
        roles = await role_policies.of_organisation(connection, caller.org_id)
    found = next((one for one in roles if one.role == role), None)
    if found is None or Permission.ASK not in found.permissions:
        raise NotFound("There is no such role that asks questions.")
    return UserContext(
        user_id=caller.user_id,
        username=caller.username if username is None else username,
        org_id=caller.org_id,
        role=role,
        permissions=tuple(found.permissions),
        store_ids=tuple(store_ids),
        is_all_stores=not store_ids,
        allowed_views=tuple(found.allowed_views),
    )
