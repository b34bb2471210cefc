"""What people keep of answers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from contracts.artifact import Artifact, ArtifactChange, ArtifactPage, KeepRequest
from contracts.context import Permission
from contracts.run import Answer
from kit.database import connected
from kit.payload import documented_body, json_body
from kit.problems import Forbidden, NotFound, documented
from workflow import artifacts as kept
from workflow.api.access import Caller, Running
from workflow.api.ask import answer_text
from workflow.store import artifacts

router = APIRouter(
    prefix="/artifacts", tags=["artifacts"], responses=documented(401, 403, 422, 503)
)


@router.get("")
async def list_artifacts(
    caller: Caller,
    running: Running,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> ArtifactPage:
    """The caller's own, and what is shared with their role, newest first."""
    async with connected(running.parts.pool) as connection:
        items = await artifacts.page(connection, caller, before=cursor, limit=limit)
    following = str(items[-1].artifact_id) if len(items) == limit else None
    return ArtifactPage(items=tuple(items), next=following)


@router.post(
    "",
    status_code=201,
    responses=documented(404, 409, 413, 415),
    openapi_extra=documented_body(KeepRequest),
)
async def keep(
    caller: Caller,
    running: Running,
    wanted: Annotated[KeepRequest, Depends(json_body(KeepRequest))],
) -> Artifact:
    """Keep a widget of an answer of the caller's own."""
    async with connected(running.parts.pool) as connection, connection.transaction():
        return await kept.keep(connection, caller, wanted)


@router.get("/{artifact_id}", responses=documented(404))
async def get_artifact(artifact_id: UUID, caller: Caller, running: Running) -> Artifact:
    """One that the caller may see."""
    async with connected(running.parts.pool) as connection:
        return await kept.seen(connection, caller, artifact_id)


@router.patch(
    "/{artifact_id}",
    responses=documented(404, 413, 415),
    openapi_extra=documented_body(ArtifactChange),
)
async def change(
    artifact_id: UUID,
    caller: Caller,
    running: Running,
    wanted: Annotated[ArtifactChange, Depends(json_body(ArtifactChange))],
) -> Artifact:
    """Give it another title, share it, or keep it to oneself again; its owner alone."""
    async with connected(running.parts.pool) as connection, connection.transaction():
        if not await artifacts.change(connection, caller, artifact_id, wanted):
            raise _not_owned()
        return await kept.seen(connection, caller, artifact_id)


@router.delete("/{artifact_id}", status_code=204, responses=documented(404))
async def remove(artifact_id: UUID, caller: Caller, running: Running) -> None:
    """Keep it no longer; its owner alone. The runs of it stay on record."""
    async with connected(running.parts.pool) as connection:
        if not await artifacts.delete(connection, caller, artifact_id):
            raise _not_owned()


@router.post("/{artifact_id}/refresh", response_model=Answer, responses=documented(404, 409))
async def refresh(artifact_id: UUID, caller: Caller, running: Running) -> Response:
    """Ask it again as the caller, in their scope: a run of their own."""
    if Permission.ASK not in caller.permissions:
        raise Forbidden(f"The role {caller.role} does not ask questions.")
    async with connected(running.parts.pool) as connection, connection.transaction():
        begun = await kept.begin_refresh(
            connection, caller, artifact_id, running.parts, running.runner.worker_id
        )
    task = running.runner.start(begun.run, begun.recorded)
    text = await answer_text(running, caller, begun.run, task)
    return Response(text, media_type="application/json")


def _not_owned() -> NotFound:
    return NotFound("There is nothing kept under this id that is yours to change.")
