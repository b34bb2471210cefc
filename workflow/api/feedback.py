"""`POST /runs/{run_id}/feedback`: a person says whether an answer is right."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from contracts.context import Permission, UserContext
from contracts.feedback import Feedback, FeedbackRequest
from contracts.run import RunStatus
from kit.database import Connection, connected
from kit.payload import documented_body, json_body
from kit.problems import Conflict, NotFound, documented
from workflow.api.access import Caller, Running
from workflow.store import cases, feedback, runs

router = APIRouter(tags=["runs"])


@router.post(
    "/runs/{run_id}/feedback",
    responses=documented(401, 404, 409, 413, 415, 422, 503),
    openapi_extra=documented_body(FeedbackRequest),
)
async def give_feedback(
    run_id: UUID,
    caller: Caller,
    said: Annotated[FeedbackRequest, Depends(json_body(FeedbackRequest))],
    running: Running,
) -> Feedback:
    """Keep what the caller says of a run that has ended; the same again changes nothing. A wrong
    answer becomes a case to evaluate planners with, until the caller calls it right."""
    async with connected(running.parts.pool) as connection, connection.transaction():
        status = await _status(connection, caller, run_id)
        if status in (RunStatus.RUNNING, RunStatus.NEEDS_APPROVAL):
            raise Conflict("This run has no answer yet.", run_id=str(run_id))
        who = {"org_id": caller.org_id, "user_id": caller.user_id}
        given, is_new = await feedback.give(connection, run_id, said, **who)
        if is_new:
            change = cases.open_case if said.verdict == "wrong" else cases.close_case
            await change(connection, run_id, "feedback", reason=_reason(said), **who)
    return given


async def _status(connection: Connection, caller: UserContext, run_id: UUID) -> RunStatus:
    """Of a run that the caller may see: their own, or any of the organisation for who audits."""
    may_see_all = Permission.AUDIT in caller.permissions
    found = await runs.status(
        connection,
        run_id,
        org_id=caller.org_id,
        user_id=None if may_see_all else caller.user_id,
    )
    if found is None:
        raise NotFound("There is no such run.")
    return found


def _reason(said: FeedbackRequest) -> str:
    return ": ".join(filter(None, (", ".join(said.about), said.comment)))
