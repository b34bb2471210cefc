"""`POST /runs/{run_id}/exports`: an answer leaves as a file, and that it does is on record."""

from uuid import UUID

from fastapi import APIRouter

from contracts.context import UserContext
from contracts.export import TABLES, Exported, ExportFormat
from contracts.plan import WidgetType
from contracts.run import Answer, RunStatus, Stage, Widget
from kit.database import Connection, connected
from kit.problems import Conflict, NotAcceptable, NotFound, documented
from workflow.api.access import Caller, Running
from workflow.audit.access import record_access
from workflow.audit.journal import public_event
from workflow.execute.values import canonical_json, digest_of
from workflow.store import audit_events, runs

router = APIRouter(tags=["runs"])
_NOT_YET = {
    RunStatus.RUNNING: "This run has not ended. It can be downloaded once it has.",
    RunStatus.NEEDS_APPROVAL: "This run waits for a person to decide, so there is nothing to "
    "download yet.",
}


@router.post("/runs/{run_id}/exports", responses=documented(401, 404, 406, 409, 422, 503))
async def export(
    run_id: UUID,
    caller: Caller,
    running: Running,
    format: ExportFormat,
    widget: WidgetType | None = None,
) -> Exported:
    """The answer of a run of the caller's own, for a file in `format`. Conflict where it has no
    rows (yet), NotAcceptable where a picture is asked for and nothing, or no such widget, can be
    drawn."""
    async with connected(running.parts.pool) as connection:
        answer = await _answer(connection, caller, run_id)
        drawn = None if format in TABLES else _drawn(answer, widget)
        digest = digest_of(canonical_json(answer.columns, answer.rows))
        if digest not in await _recorded(connection, run_id):
            raise Conflict(
                "The rows that are kept of this answer are not those on record, so they are not "
                "handed out. Ask the question again, and tell an auditor.",
                kind="record-broken",
                run_id=str(run_id),
            )
        asked = {"run_id": str(run_id), "format": format, "widget": drawn.type if drawn else None}
        await record_access(connection, caller, "export", {**asked})
    return Exported(answer=answer, digest=digest, widget=drawn)


async def _answer(connection: Connection, caller: UserContext, run_id: UUID) -> Answer:
    who = {"org_id": caller.org_id, "user_id": caller.user_id}
    status = await runs.status(connection, run_id, **who)
    if status is None:
        raise NotFound("There is no such run.")
    if status in _NOT_YET:
        raise Conflict(_NOT_YET[status], kind="not-ended", run_id=str(run_id))
    text = await runs.answer(connection, run_id, **who)
    answer = Answer.model_validate_json(text) if text is not None else None
    if answer is None or not answer.columns:
        raise Conflict(
            "This run ended without a table of numbers, so there is nothing to download.",
            kind="nothing-to-export",
            run_id=str(run_id),
        )
    return answer


def _drawn(answer: Answer, wanted: WidgetType | None) -> Widget:
    for widget in answer.widgets:
        if widget.spec is not None and wanted in (None, widget.type):
            return widget
    raise NotAcceptable(
        "This answer has no such chart to draw. Its rows can be had as CSV or XLSX.",
        kind="no-chart",
        run_id=str(answer.run_id),
    )


async def _recorded(connection: Connection, run_id: UUID) -> set[str]:
    """The digests of what was computed in the run."""
    events = await audit_events.of_run(connection, run_id)
    computed = (public_event(event) for event in events if event.stage == Stage.EXECUTION)
    return {str(event.detail.get("digest")) for event in computed}
