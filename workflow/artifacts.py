"""What people keep of answers, and how it is asked again: as a run of whoever looks.

Kept are a title, a kind of widget, and which run's recorded plan it is of. A refresh begins a new
run with that plan already on record, in the scope of the person who refreshes; from there on it
is a run like any other, with its checks, its risk, its approval and its receipt.
"""

from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

from pydantic import ValidationError
from uuid_utils.compat import uuid7

from contracts.artifact import Artifact, KeepRequest
from contracts.context import UserContext
from contracts.plan import Investigation, MetricQuery, Planned, RawSql
from contracts.run import Answer, RunStatus, Stage
from kit.database import Connection
from kit.problems import Conflict, Forbidden, NotFound
from workflow.approve.in_force import Rules
from workflow.arriving import log_of, run_of
from workflow.audit.account import account_of
from workflow.audit.journal import Journal
from workflow.parts import Parts
from workflow.receipt_body import Broken, check_chain
from workflow.stages import Retrieved
from workflow.store import artifacts, audit_events, runs
from workflow.store.artifacts import Origin
from workflow.store.rows import EventRow, Run

MOST_KEPT = 500
"""By one person."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A run whose plan is on record, for a runner to carry on with."""

    run: Run
    recorded: list[EventRow]


async def keep(connection: Connection, owner: UserContext, wanted: KeepRequest) -> Artifact:
    """Keep a widget of an answer of the person's own. The same one kept again stays as it is.
    Raises NotFound, and Conflict where there is no such widget. Needs a transaction."""
    run = await runs.get(connection, wanted.run_id, org_id=owner.org_id, user_id=owner.user_id)
    if run is None:
        raise NotFound("There is no such run.")
    text = await runs.answer(connection, wanted.run_id, org_id=owner.org_id, user_id=owner.user_id)
    answer = Answer.model_validate_json(text) if text else None
    if run.status is not RunStatus.COMPLETED or answer is None or not answer.columns:
        raise Conflict("There is no result in this answer to keep.", run_id=str(run.run_id))
    shown = next((one for one in answer.widgets if one.type == wanted.widget), None)
    if shown is None:
        raise Conflict(
            f"This answer is not shown as a {wanted.widget}; it is kept as one of: "
            f"{', '.join(widget.type for widget in answer.widgets)}.",
            run_id=str(run.run_id),
        )
    if await artifacts.count(connection, owner) >= MOST_KEPT:
        raise Conflict(f"Nobody keeps more than {MOST_KEPT}. Remove one that is not needed.")
    title = wanted.title or " ".join((shown.title or run.question).split())[:120]
    artifact_id = await artifacts.keep(
        connection,
        owner,
        artifact_id=uuid7(),
        role=run.context.role,
        run_id=run.run_id,
        widget=wanted.widget,
        title=title,
    )
    return await seen(connection, owner, artifact_id)


async def seen(connection: Connection, viewer: UserContext, artifact_id: UUID) -> Artifact:
    """An artifact that the person may see. Raises NotFound."""
    found = await artifacts.one(connection, viewer, artifact_id)
    if found is None:
        raise NotFound("There is nothing kept under this id that is yours to see.")
    return found


async def begin_refresh(
    connection: Connection, viewer: UserContext, artifact_id: UUID, parts: Parts, worker_id: UUID
) -> Begun:
    """Store a run of the viewer's own that begins with the kept plan. Raises NotFound, Forbidden
    in another role than it was kept in, and Conflict where the plan cannot be had. Needs a
    transaction."""
    artifact = await seen(connection, viewer, artifact_id)
    if viewer.role != artifact.role:
        raise Forbidden(
            f"This was kept as {artifact.role}, and is refreshed in that role only.",
            kind="role-of-artifact",
        )
    origin = await artifacts.origin(connection, viewer, artifact_id)
    if origin is None:
        raise NotFound("There is nothing kept under this id that is yours to see.")
    rules = await parts.in_force.rules(viewer.org_id)
    model = parts.models.part(viewer)
    planned = _judged_anew(await _plan_of(connection, origin), origin, viewer, rules, model.digest)
    log = log_of(viewer, origin.question, origin.conversation_id)
    await runs.arrive(
        connection,
        log,
        worker_id=worker_id,
        is_first=origin.conversation_id is None,
        idempotency_key=None,
    )
    await artifacts.add_run(connection, viewer, artifact_id, log.run_id)
    journal = Journal(parts.pool, run_of(log, viewer), worker_id=worker_id, publish=lambda _: None)
    journal.add(Stage.RETRIEVAL, "ok", perf_counter(), {"documents": []}, Retrieved(sources=()))
    journal.add(
        Stage.PLANNING,
        "ok",
        perf_counter(),
        {
            "kind": planned.output.kind,
            "planner": planned.planner,
            "confidence": planned.confidence,
            "artifact": str(artifact_id),
            "plan_of": str(origin.run_id),
        },
        planned,
    )
    await journal.write(connection, RunStatus.RUNNING)
    run = await runs.get(connection, log.run_id, org_id=viewer.org_id, user_id=viewer.user_id)
    if run is None:
        raise runs.Lost
    return Begun(run, await audit_events.of_run(connection, log.run_id))


async def _plan_of(connection: Connection, origin: Origin) -> Planned:
    """As it is on record: as approved, where an approval changed it."""
    log = await audit_events.log_of_run(connection, origin.run_id)
    events = await audit_events.of_run(connection, origin.run_id)
    if log is None:
        raise NotFound("The run that this was kept from is not on record.")
    try:
        check_chain(log, events)
        return Planned.model_validate(account_of(events).planned)
    except Broken as error:
        raise Conflict(
            f"The record of the run that this was kept from does not hold: {error}. Nothing is "
            "run from it.",
            kind="record-broken",
            run_id=str(origin.run_id),
        ) from error
    except ValidationError as error:
        raise Conflict(
            "This was kept from an older version and cannot be run by this one. Ask the question "
            "again, and keep the new answer.",
            run_id=str(origin.run_id),
        ) from error


def _judged_anew(
    planned: Planned, origin: Origin, viewer: UserContext, rules: Rules, model_digest: str
) -> Planned:
    """The same reading as this viewer's own: verified only where that holds now and for their
    role, and what a model was paid for it is not paid again."""
    output = planned.output
    if not isinstance(output, MetricQuery | RawSql | Investigation):
        raise Conflict("There is no plan behind this that could be run again.")
    verified = rules.asked_for(origin.question, viewer, model_digest)
    is_verified = (verified is not None and verified.reading == output) or (
        isinstance(output, MetricQuery)
        and rules.same_plan(output.plan, viewer, model_digest) is not None
    )
    maker = "model" if planned.model else "builtin"
    return planned.model_copy(
        update={
            "planner": "verified" if is_verified else maker,
            "prompt_tokens": 0,
            "completion_tokens": 0,
            "cost": None,
        }
    )
