"""Verified queries: what runs without waiting because a person let it through before."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from contracts.approval import VerifiedQueryPage
from kit.database import connected
from kit.problems import documented
from workflow.api.access import Caller, Running
from workflow.locked_request import may_review
from workflow.remembering import listed, retire

router = APIRouter(
    prefix="/verified-queries",
    tags=["verified queries"],
    responses=documented(401, 403, 404, 422, 503),
)


@router.get("")
async def list_verified(
    caller: Caller,
    running: Running,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> VerifiedQueryPage:
    """All of them for whoever reviews; those of the caller's role for anybody else."""
    async with connected(running.parts.pool) as connection:
        found = await listed(connection, caller, running.parts, before=cursor, limit=limit)
    following = str(found[-1].verified_id) if len(found) == limit else None
    visible = [v for v in found if may_review(caller) or caller.role in v.roles]
    return VerifiedQueryPage(items=tuple(visible), next=following)


@router.post("/{verified_id}/revoke", status_code=204)
async def revoke(verified_id: UUID, caller: Caller, running: Running) -> Response:
    """Take it out of force; what it let run has run."""
    await retire(caller, verified_id, running.parts)
    return Response(status_code=204)
