"""Approval requests as a run makes them: asked for, checked once more before anything runs, and
asked again where what was approved is not what would run."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import perf_counter

from uuid_utils.compat import uuid7

from contracts.approval import (
    Action,
    ApprovalItem,
    PastQuestion,
    Person,
    QuerySubject,
    ReviewEvidence,
)
from contracts.context import UserContext
from contracts.plan import MetricQuery, RawSql
from contracts.run import ApprovalStatus, RunStatus, Stage, Waiting
from kit.canonical import canonical
from workflow.answer import compose
from workflow.approve.binding import bind, changed
from workflow.approve.in_force import policy_now
from workflow.approve.reasons import reasons
from workflow.approve.rules import deciding_roles
from workflow.approve.steps import Step, step
from workflow.audit.journal import Journal
from workflow.execute.errors import ExecutionError
from workflow.execute.explained import in_words
from workflow.parts import Outcome, Parts
from workflow.review import lineage, revealed, scope_of, views_of
from workflow.semantic.compile_sql import PlanError
from workflow.semantic.words import plan_in_words
from workflow.stages import LetThrough, Prepared, Progress
from workflow.store import approvals, conversations, notifications, runs
from workflow.store.approvals import Connection, Request
from workflow.store.notifications import Event
from workflow.store.rows import Run
from workflow.store.standing import standing
from workflow.validation import judge, validate

MOST_PAST = 5
WAITS = "This waits for a second person to let it through."
WAITS_FOR_TWO = "This waits for two other people to let it through."
Conclude = Callable[[Run, Journal, RunStatus, Progress], Outcome]
"""Adds the end of a run to its journal."""


def person_of(context: UserContext) -> Person:
    """Who acts, in the role they act in."""
    return Person(user_id=context.user_id, username=context.username, role=context.role)


def told(item: ApprovalItem, reason: str = "", *, may_decide: tuple[str, ...] = ()) -> Waiting:
    """The request as its asker hears of it."""
    is_open = item.status in (ApprovalStatus.PENDING, ApprovalStatus.CLAIMED)
    return Waiting(
        approval_id=item.approval_id,
        status=item.status,
        approvers_needed=item.approvers_needed,
        approved_by=tuple(d.by.username for d in item.decisions if d.decision == "approve"),
        requested_at=item.requested_at,
        expires_at=item.expires_at if is_open else None,
        reason=reason,
        may_decide=may_decide,
    )


def waiting_of(through: LetThrough) -> Waiting:
    """The request behind a run that goes on, as its asker hears of it."""
    approved = through.approved
    return Waiting(
        approval_id=approved.approval_id,
        status=ApprovalStatus.APPROVED,
        approvers_needed=len(approved.decisions),
        approved_by=tuple(d.by.username for d in approved.decisions),
    )


async def wait_for_approval(
    run: Run, journal: Journal, parts: Parts, progress: Progress, prepared: Prepared
) -> Outcome:
    """Leave the run to a person: its state, the request and the news of it, in one transaction."""
    request = await request_for(run, parts, prepared)
    outcome = await _waiting(run, journal, parts, progress, prepared, request)
    async with parts.pool.connection() as connection, connection.transaction():
        await journal.write(connection, RunStatus.NEEDS_APPROVAL, answer=outcome.text)
        await open_request(connection, request, parts)
    journal.tell()
    return outcome


async def let_run(
    run: Run,
    journal: Journal,
    parts: Parts,
    progress: Progress,
    through: LetThrough,
    conclude: Conclude,
) -> Outcome | None:
    """None where what would run is exactly what was approved. Else the request is stale, and the
    run waits for a new one, or ends where there is nothing left to ask for."""
    approval_id = through.approved.approval_id
    async with parts.pool.connection() as connection, connection.transaction():
        request = await approvals.get(
            connection, approval_id, org_id=run.context.org_id, is_locked=True
        )
        if request is None or request.item.status is not ApprovalStatus.APPROVED:
            raise runs.Lost
        differences = await differing(connection, run, request, parts)
        if not differences:
            await approvals.mark_executed(connection, approval_id)
            return None
        outcome = await ask_again(
            connection, run, journal, parts, progress, request, differences, conclude
        )
    journal.tell()
    return outcome


async def differing(
    connection: Connection, run: Run, request: Request, parts: Parts
) -> tuple[str, ...]:
    """What differs between what was asked for and what would run now, in words."""
    context = await standing(connection, run.context)
    if context is None:
        return ("what the asker may see",)
    model = parts.models.part(context)
    policy = await policy_now(connection, run.context.org_id)
    try:
        sql = judge(prepared_of(request).planned.output, model, context).sql
    except PlanError:
        sql = ""
    now = bind(sql, context, model_digest=model.digest, policy_digest=policy.digest)
    return changed(request.bound, now)


async def ask_again(
    connection: Connection,
    run: Run,
    journal: Journal,
    parts: Parts,
    progress: Progress,
    request: Request,
    differences: tuple[str, ...],
    conclude: Conclude,
) -> Outcome:
    """Make the locked request stale, and a new one for what would run now."""
    what = ", ".join(differences)
    stale = step(request, Action.INVALIDATE, None, what, stale_because=differences)
    await write_step(connection, stale)
    journal.add(
        Stage.APPROVAL,
        "stale",
        perf_counter(),
        {"approval_id": str(request.item.approval_id), "changed": [*differences]},
    )
    prepared = await _prepared_again(connection, run, request, parts)
    if prepared is None:
        text = f"This was not run, because it changed while it waited: {what}. Please ask again."
        progress = replace(progress, text=text, waiting=told(stale.request.item))
        outcome = conclude(run, journal, RunStatus.BLOCKED, progress)
        await journal.write(connection, RunStatus.BLOCKED, answer=outcome.text)
        return outcome
    again = await request_for(run, parts, prepared, replaces=request.item)
    outcome = await _waiting(run, journal, parts, progress, prepared, again)
    await journal.write(connection, RunStatus.NEEDS_APPROVAL, answer=outcome.text)
    await open_request(connection, again, parts)
    return outcome


async def request_for(
    run: Run, parts: Parts, prepared: Prepared, *, replaces: ApprovalItem | None = None
) -> Request:
    """A new request, with all that a reviewer will be shown of it. Whoever edited the one that
    it `replaces` may not approve this one either."""
    checked, context = prepared.checked, run.context
    now = datetime.now(UTC)
    item = ApprovalItem(
        approval_id=uuid7(),
        run_id=run.run_id,
        version=1,
        status=ApprovalStatus.PENDING,
        subject=subject_of(run, prepared, parts),
        risk=checked.risk,
        asker=person_of(context),
        binding=checked.binding,
        policy_version=checked.policy_version,
        approvers_needed=max(1, checked.approvers_needed),
        requested_at=now,
        expires_at=now + timedelta(seconds=parts.approval_seconds),
        editors=replaces.editors if replaces else (),
        replaces=replaces.approval_id if replaces else None,
    )
    return Request(
        org_id=context.org_id,
        item=item,
        bound=checked.bound,
        prepared=prepared.model_dump_json(),
        evidence=await evidence_for(run, parts, prepared),
    )


def subject_of(run: Run, prepared: Prepared, parts: Parts) -> QuerySubject:
    """What would run, as it is listed."""
    output = prepared.planned.output
    assert isinstance(output, MetricQuery | RawSql)  # noqa: S101 - nothing else is validated
    model = parts.models.part(run.context)
    return QuerySubject(
        run_id=run.run_id,
        question=run.question,
        output=output,
        plan_in_words=plan_in_words(output.plan, model) if isinstance(output, MetricQuery) else "",
        sql=prepared.checked.verdict.sql or "",
        views=views_of(prepared.checked, run.context),
    )


async def evidence_for(run: Run, parts: Parts, prepared: Prepared) -> ReviewEvidence:
    """What is shown to reviewers, but for what depends on which of them looks."""
    subject = subject_of(run, prepared, parts)
    model = parts.models.part(run.context)
    explained: tuple[str, ...] = ()
    row_estimate = None
    try:
        tree = await parts.warehouse.plan_tree(subject.sql, run.context)
        explained = in_words(tree)
        rows = tree.get("Plan Rows")
        row_estimate = int(rows) if isinstance(rows, int | float) else None
    except ExecutionError as error:
        explained = (f"The database could not say what it would do: {error.message}",)
    async with parts.pool.connection() as connection:
        past = await conversations.before(connection, run, limit=MOST_PAST)
    return ReviewEvidence(
        conversation=tuple(PastQuestion(question=p.question, answer=p.answer) for p in past),
        plan_in_words=subject.plan_in_words,
        sql=subject.sql,
        findings=prepared.checked.verdict.findings,
        explained=explained,
        lineage=lineage(subject.output, model),
        reveals=revealed(prepared, model, row_estimate),
        scope=scope_of(run.context),
    )


async def open_request(connection: Connection, request: Request, parts: Parts) -> None:
    """Store a request with the first link of its chain, and tell whoever is to be told."""
    await approvals.insert(connection, request)
    first = step(request, Action.REQUEST, request.item.asker)
    await approvals.add_action(connection, first.action)
    await announce(connection, request, "requested", parts)


async def write_step(connection: Connection, taken: Step) -> None:
    """Store a step; the caller holds the request's lock."""
    await approvals.update(connection, taken.request)
    await approvals.add_action(connection, taken.action)


async def announce(
    connection: Connection, request: Request, event: Event, parts: Parts, by: str | None = None
) -> None:
    """Queue the news for the channels that are set up. It says what waits and how it stands,
    never what is in it: whoever reads it elsewhere may not see the question."""
    item = request.item
    if not parts.channels:
        return
    body = canonical(
        {
            "type": f"approval.{event}",
            "timestamp": datetime.now(UTC).isoformat(),
            "data": {
                "approval_id": str(item.approval_id),
                "run_id": str(item.run_id) if item.run_id else None,
                "kind": item.subject.kind,
                "status": item.status.value,
                "score": item.risk.score,
                "approvers_needed": item.approvers_needed,
                "asker": item.asker.username,
                "by": by,
                "expires_at": item.expires_at.isoformat(),
            },
        }
    )
    await notifications.queue(
        connection,
        org_id=request.org_id,
        approval_id=item.approval_id,
        event=event,
        channels=parts.channels,
        body=body,
    )


def prepared_of(request: Request) -> Prepared:
    """What would run; of requests about a query only."""
    return Prepared.model_validate_json(request.prepared or "")


async def _waiting(
    run: Run,
    journal: Journal,
    parts: Parts,
    progress: Progress,
    prepared: Prepared,
    request: Request,
) -> Outcome:
    why = reasons(prepared.checked.verdict, prepared.checked.risk)
    policy = (await parts.in_force.rules(run.context.org_id)).policy.policy
    journal.add(
        Stage.APPROVAL,
        "waiting",
        perf_counter(),
        {
            "approval_id": str(request.item.approval_id),
            "approvers_needed": request.item.approvers_needed,
            "reasons": [*why],
            "binding": request.item.binding,
        },
    )
    first = WAITS_FOR_TWO if request.item.approvers_needed > 1 else WAITS
    progress = replace(
        progress,
        planned=prepared.planned,
        checked=prepared.checked,
        text=" ".join((first, *why)),
        waiting=told(request.item, may_decide=deciding_roles(request.item, policy)),
    )
    answer = compose(run, RunStatus.NEEDS_APPROVAL, progress, journal.timings)
    return Outcome(answer, answer.model_dump_json())


async def _prepared_again(
    connection: Connection, run: Run, request: Request, parts: Parts
) -> Prepared | None:
    """The same reading under what holds now; None where that cannot be asked for any more."""
    if await standing(connection, run.context) != run.context:
        return None
    await parts.in_force.reload(connection, run.context.org_id)
    planned = prepared_of(request).planned
    try:
        checked = await validate(run, planned, parts.models.part(run.context), parts)
    except (PlanError, ExecutionError):
        return None
    if checked.verdict.verdict == "block":
        return None
    return Prepared(planned=planned, checked=checked)
