"""What a reading comes to before it may run: the statement, the verdict on it, its risk, and how
many people have to agree."""

import asyncio
from dataclasses import dataclass, replace
from functools import partial

from contracts.context import UserContext
from contracts.plan import Filter, MetricQuery, Planned, PlannerOutput, RawSql
from contracts.run import Risk
from contracts.verdict import Finding, Outcome, Verdict
from workflow.approve import narrow as narrow_plans
from workflow.approve import risk
from workflow.approve.binding import bind, binding
from workflow.approve.in_force import Rules
from workflow.approve.likeness import nearest
from workflow.approve.narrow import Narrow
from workflow.approve.rules import NOBODY, approvers_needed, limits_of
from workflow.execute.errors import ExecutionError
from workflow.execute.warehouse import Estimate
from workflow.guard.check import check
from workflow.guard.for_role import guard_scope
from workflow.parts import Parts
from workflow.semantic.compile_sql import PlanError, compile_plan
from workflow.semantic.index import index_of
from workflow.semantic.model import Compiled, Dataset, SemanticModel
from workflow.stages import Checked, Counting
from workflow.store import narrow_questions
from workflow.store.narrow_questions import Past
from workflow.store.rows import Run

MAX_COST = 50_000_000.0
"""PostgreSQL's cost units; a statement expected to cost more waits for a person."""
COUNTING_SECONDS = 1.0
"""How long it may take to count the people behind each row."""
TOO_COSTLY = Finding(
    rule="estimated-cost",
    severity="needs_approval",
    message="The database expects this to take long.",
)
TOO_RISKY = Finding(
    rule="policy",
    severity="block",
    message="The policy lets nobody run anything of this risk, approved or not.",
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A reading as a statement, and what the guardrails say of it."""

    compiled: Compiled | None
    verdict: Verdict
    sql: str


@dataclass(frozen=True, slots=True)
class _Figures:
    """What the warehouse expects, and what this person asked before."""

    estimate: Estimate
    past: Past


def judge(output: PlannerOutput, model: SemanticModel, context: UserContext) -> Judged:
    """Compile and check, without looking at any data. Raises PlanError."""
    compiled = compile_plan(output.plan, model) if isinstance(output, MetricQuery) else None
    sql = compiled.sql if compiled else (output.sql if isinstance(output, RawSql) else "")
    verdict = check(sql, guard_scope(model, context, is_raw=compiled is None))
    return Judged(compiled, verdict, verdict.sql or sql)


async def validate(
    run: Run,
    planned: Planned,
    model: SemanticModel,
    parts: Parts,
    *,
    is_asked: bool = True,
    may_count_along: bool = False,
) -> Checked:
    """Judge, measure and score. A question that is only tried (not `is_asked`) does not count
    among those of its asker. With `may_count_along`, counting the people behind each row is left
    to the execution where no number of them could make the statement wait. Raises PlanError, and
    ExecutionError where the warehouse cannot say what it expects."""
    rules = await parts.in_force.rules(run.context.org_id)
    judged = judge(planned.output, model, run.context)
    narrow, counting, figures = None, None, _Figures(Estimate(0, 0.0), Past())
    if judged.verdict.sql is not None:
        narrow = _narrow(planned.output, model)
        explaining = parts.warehouse.explain(judged.verdict.sql, run.context)
        if narrow is None:
            figures = _Figures(await explaining, Past())
        else:
            estimate, past, counting = await asyncio.gather(
                explaining,
                _past(run, narrow if is_asked else None, parts),
                _counting(narrow if may_count_along else None, model, run.context, rules),
            )
            figures = _Figures(estimate, past)
    measured = _measured(run, planned, judged, model, rules, figures)
    if counting is not None and not _runs_anyhow(measured, rules):
        counting = None
    if narrow is not None and counting is None:
        fewest = await _fewest_people(run.context, narrow, model, parts)
        measured = replace(measured, is_narrow=True, smallest_group=fewest)
    scored = risk.score(measured)
    verdict, needed = _decided(measured, scored, rules)
    policy = rules.policy
    bound = bind(judged.sql, run.context, model_digest=model.digest, policy_digest=policy.digest)
    return Checked(
        verdict=verdict,
        compiled=judged.compiled,
        risk=scored,
        bound=bound,
        binding=binding(bound),
        policy_version=policy.version,
        approvers_needed=needed,
        smallest_group=measured.smallest_group,
        counting=counting,
    )


def _runs_anyhow(measured: risk.Measured, rules: Rules) -> bool:
    """Whether the statement runs at once even if a row stands for one person."""
    worst = risk.score(replace(measured, is_narrow=True, smallest_group=1))
    return _decided(measured, worst, rules)[0].verdict == "pass"


async def _counting(
    narrow: Narrow | None, model: SemanticModel, context: UserContext, rules: Rules
) -> Counting | None:
    """None where the people cannot be counted in one statement with the rest. Works while others
    wait for the databases, and lets them go on half-way."""
    if narrow is None:
        return None
    try:
        compile_plan(narrow.plan, narrow_plans.with_people(model))  # kept, for what follows
        await asyncio.sleep(0)
        sql = _with_people(narrow, model, context).verdict.sql
    except PlanError:
        return None
    enough = rules.policy.policy.smallest_group
    return Counting(sql=sql, enough_people=enough) if sql is not None else None


def _with_people(narrow: Narrow, model: SemanticModel, context: UserContext) -> Judged:
    return judge(MetricQuery(plan=narrow.plan), narrow_plans.with_people(model), context)


def _decided(measured: risk.Measured, scored: Risk, rules: Rules) -> tuple[Verdict, int]:
    verdict = measured.verdict
    if verdict.verdict == "pass" and measured.estimated_cost > MAX_COST:
        verdict = verdict.model_copy(
            update={"verdict": "needs_approval", "findings": (*verdict.findings, TOO_COSTLY)}
        )
    if verdict.verdict == "block":
        return verdict, 0
    limits = limits_of(rules.policy.policy, measured.context.role)
    is_verified = measured.planned.planner == "verified"
    needed = approvers_needed(scored.score, limits, verdict, is_verified=is_verified)
    if needed < NOBODY:
        outcome: Outcome = "needs_approval" if needed else "pass"
        return verdict.model_copy(update={"verdict": outcome}), needed
    return Verdict(verdict="block", findings=(*verdict.findings, TOO_RISKY)), 0


def _narrow(output: PlannerOutput, model: SemanticModel) -> Narrow | None:
    return narrow_plans.narrow(output.plan, model) if isinstance(output, MetricQuery) else None


async def _fewest_people(
    context: UserContext, narrow: Narrow, model: SemanticModel, parts: Parts
) -> int | None:
    """Counted over the rows that the asker may see, and so no news of any other."""
    what = f"{model.digest} {narrow.plan.model_dump_json()}"
    try:
        return await parts.people.get(what, context, partial(_count, context, narrow, model, parts))
    except (PlanError, ExecutionError):
        return None


async def _count(
    context: UserContext, narrow: Narrow, model: SemanticModel, parts: Parts
) -> int | None:
    judged = _with_people(narrow, model, context)
    if judged.verdict.sql is None:
        return None
    try:
        result = await parts.warehouse.run(
            judged.verdict.sql, context, statement_timeout=COUNTING_SECONDS
        )
    except ExecutionError as error:
        if error.kind == "timeout":  # it would be the next time too
            return None
        raise
    return narrow_plans.smallest(result)


async def _past(run: Run, narrow: Narrow | None, parts: Parts) -> Past:
    if narrow is None:
        return Past()
    async with parts.pool.connection() as connection:
        return await narrow_questions.note(
            connection,
            run_id=run.run_id,
            org_id=run.context.org_id,
            user_id=run.context.user_id,
            shape=narrow.shape,
            cell=narrow_plans.cell_in(narrow, run.context),
        )


def _measured(
    run: Run,
    planned: Planned,
    judged: Judged,
    model: SemanticModel,
    rules: Rules,
    figures: _Figures,
) -> risk.Measured:
    """All but how few people a row stands for."""
    near = None
    if isinstance(planned.output, MetricQuery | RawSql):
        near = nearest(planned.output, rules.fitting(run.context, model.digest))
    datasets = _datasets(planned.output, model)
    return risk.Measured(
        planned=planned,
        verdict=judged.verdict,
        context=run.context,
        is_one_store=_is_one_store(planned.output, datasets),
        sensitive=_sensitive(planned.output, datasets, model),
        enough_people=rules.policy.policy.smallest_group,
        likeness=near[1] if near else 0.0,
        differences=figures.past.differences,
        volume=figures.past.volume,
        estimated_rows=float(figures.estimate.rows),
        estimated_cost=figures.estimate.cost,
    )


def _datasets(output: PlannerOutput, model: SemanticModel) -> tuple[Dataset, ...]:
    """Those that a plan's numbers come from; of SQL, all that it could name."""
    if isinstance(output, RawSql):
        words = output.sql.lower()
        return tuple(d for d in model.datasets if d.view.lower() in words)
    if not isinstance(output, MetricQuery):
        return ()
    index = index_of(model)
    names = {unit.dataset for name in output.plan.metrics for unit in index.metric(name).units}
    return tuple(d for d in model.datasets if d.name in names)


def _is_one_store(output: PlannerOutput, datasets: tuple[Dataset, ...]) -> bool:
    """Whether every dataset is filtered to one value of the field that the row scope restricts."""
    if not isinstance(output, MetricQuery):
        return False
    joined_by_and = (f for f in output.plan.filters if isinstance(f, Filter))
    fixed = {f.field for f in joined_by_and if f.operator in ("eq", "in") and len(f.values) == 1}
    return all(d.scope_field in fixed for d in datasets)


def _sensitive(
    output: PlannerOutput, datasets: tuple[Dataset, ...], model: SemanticModel
) -> tuple[str, ...]:
    names = output.plan.metrics if isinstance(output, MetricQuery) else ()
    metrics = tuple(m.label for m in model.metrics if m.is_sensitive and m.name in names)
    return (*metrics, *(d.label for d in datasets if d.is_sensitive))
