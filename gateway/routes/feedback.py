"""Whether an answer is right, as the person who got it says."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from contracts.feedback import Feedback, FeedbackRequest
from gateway.routes.caller import WORKFLOW_PROBLEMS, CallerOf
from gateway.routes.forward import forward
from kit.payload import documented_body, json_body
from kit.problems import documented

router = APIRouter(prefix="/api", tags=["runs"])


@router.post(
    "/runs/{run_id}/feedback",
    response_model=Feedback,
    responses={**WORKFLOW_PROBLEMS, **documented(404, 409, 413, 415)},
    openapi_extra=documented_body(FeedbackRequest),
)
async def feedback(
    caller: CallerOf,
    run_id: UUID,
    said: Annotated[FeedbackRequest, Depends(json_body(FeedbackRequest))],
) -> Response:
    """Say whether the answer of a run of one's own is right, and if not, what is wrong. Said
    again, it replaces what was said before. A run without an answer yet is 409."""
    return await forward(caller, "POST", f"/runs/{run_id}/feedback", body=said)
