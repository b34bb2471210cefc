"""What people keep of answers, handed on."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from contracts.artifact import (
    Artifact,
    ArtifactChange,
    ArtifactPage,
    KeepRequest,
    RefreshRequest,
)
from contracts.context import Permission
from contracts.run import Answer
from gateway import policy
from gateway.routes.caller import WORKFLOW_PROBLEMS, AskerOf, CallerOf, Role
from gateway.routes.forward import forward
from kit.payload import documented_body, json_body
from kit.problems import documented

router = APIRouter(prefix="/api/artifacts", tags=["artifacts"], responses=WORKFLOW_PROBLEMS)


@router.get("", response_model=ArtifactPage)
async def artifacts(
    caller: CallerOf,
    role: Role = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Most items on a page.")] = 20,
) -> Response:
    """What one kept, and what colleagues share with one's role, newest first. No rows: those are
    in the answer of one's own run, `run_id`."""
    return await forward(
        caller, "GET", "/artifacts", context=caller.context(role), cursor=cursor, limit=limit
    )


@router.post(
    "",
    response_model=Artifact,
    status_code=201,
    responses=documented(404, 409, 413, 415),
    openapi_extra=documented_body(KeepRequest),
)
async def keep(
    caller: CallerOf, wanted: Annotated[KeepRequest, Depends(json_body(KeepRequest))]
) -> Response:
    """Keep a widget of an answer of one's own. Kept again, it stays as it is."""
    return await forward(caller, "POST", "/artifacts", body=wanted)


@router.get("/{artifact_id}", response_model=Artifact, responses=documented(404))
async def artifact(caller: CallerOf, artifact_id: UUID, role: Role = None) -> Response:
    """One's own, or one that is shared with the role."""
    return await forward(caller, "GET", f"/artifacts/{artifact_id}", context=caller.context(role))


@router.patch(
    "/{artifact_id}",
    response_model=Artifact,
    responses=documented(404, 413, 415),
    openapi_extra=documented_body(ArtifactChange),
)
async def change(
    caller: CallerOf,
    artifact_id: UUID,
    wanted: Annotated[ArtifactChange, Depends(json_body(ArtifactChange))],
) -> Response:
    """Give one's own another title, share it with colleagues of its role, or stop that."""
    return await forward(caller, "PATCH", f"/artifacts/{artifact_id}", body=wanted)


@router.delete("/{artifact_id}", status_code=204, responses=documented(404))
async def remove(caller: CallerOf, artifact_id: UUID) -> Response:
    """Keep one's own no longer. The runs of it stay on record."""
    return await forward(caller, "DELETE", f"/artifacts/{artifact_id}")


@router.post(
    "/{artifact_id}/refresh",
    response_model=Answer,
    responses=documented(404, 409, 413, 415),
    openapi_extra=documented_body(RefreshRequest),
)
async def refresh(
    caller: AskerOf,
    artifact_id: UUID,
    wanted: Annotated[RefreshRequest, Depends(json_body(RefreshRequest))],
) -> Response:
    """Ask it again, in one's own scope: a run of one's own, checked and recorded as any other,
    which may wait for a person. The plan is as it was kept, so it means the same days."""
    context = caller.context(wanted.role, wanted.store_id)
    policy.require(context, Permission.ASK)
    with caller.services.limits.open_calls.one(str(caller.identity.user_id)):
        return await forward(
            caller,
            "POST",
            f"/artifacts/{artifact_id}/refresh",
            context=context,
            seconds=caller.services.settings.ask_timeout_seconds,
        )
