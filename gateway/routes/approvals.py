"""The approval queue, handed on: the workflow knows who may do what."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response

from contracts.approval import (
    Approval,
    ApprovalItem,
    ApprovalPage,
    Approve,
    Comment,
    Draft,
    DraftVerdict,
    Edit,
    Reject,
    Remember,
    ReviewChoices,
    VerifiedQuery,
)
from contracts.policy import SubjectKind
from contracts.run import ApprovalStatus
from gateway.routes.caller import WORKFLOW_PROBLEMS, Caller, CallerOf
from gateway.routes.forward import forward
from kit.payload import documented_body, json_body
from kit.problems import documented

router = APIRouter(prefix="/api/approvals", tags=["approvals"])

ANY = "*"
IfMatch = Annotated[
    str,
    Header(
        max_length=64,
        pattern=r"^[\u0021-\u007e]+$",
        description="ETag of what one has seen: anything newer is 412, a decision 409.",
    ),
]
_PROBLEMS = {**WORKFLOW_PROBLEMS, **documented(404)}
_CHOOSING = {**_PROBLEMS, **documented(409)}
_DECIDING = {**_PROBLEMS, **documented(400, 409, 412, 413, 415)}


@router.get("", response_model=ApprovalPage, responses=WORKFLOW_PROBLEMS)
async def approvals(
    caller: CallerOf,
    status: ApprovalStatus | None = None,
    kind: SubjectKind | None = None,
    asker_role: Annotated[str | None, Query(max_length=64)] = None,
    run_id: UUID | None = None,
    least_score: Annotated[int | None, Query(ge=0, le=100)] = None,
    mine: bool = False,
    claimed_by_me: bool = False,
    sort: Annotated[str, Query(pattern="^(newest|oldest|risk|expiry)$")] = "oldest",
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """What waits for a person and what became of it: for reviewers all of their organisation's,
    for anybody else their own."""
    return await forward(
        caller,
        "GET",
        "/approvals",
        status=status,
        kind=kind,
        asker_role=asker_role,
        run_id=run_id,
        least_score=least_score,
        mine=mine,
        claimed_by_me=claimed_by_me,
        sort=sort,
        cursor=cursor,
        limit=limit,
    )


@router.get("/{approval_id}", response_model=Approval, responses=_PROBLEMS)
async def approval(caller: CallerOf, approval_id: UUID) -> Response:
    """One request, with what a reviewer decides by and all that happened to it."""
    return await forward(caller, "GET", f"/approvals/{approval_id}")


@router.get("/{approval_id}/choices", response_model=ReviewChoices, responses=_CHOOSING)
async def choices(caller: CallerOf, approval_id: UUID) -> Response:
    """For reviewers: what an edit may be made of, and which roles it may be remembered for."""
    return await forward(caller, "GET", f"/approvals/{approval_id}/choices")


@router.post("/{approval_id}/claim", response_model=ApprovalItem, responses=_DECIDING)
async def claim(caller: CallerOf, approval_id: UUID, if_match: IfMatch = ANY) -> Response:
    """Take it in hand: until released, nobody else decides."""
    return await _act(caller, approval_id, "claim", if_match)


@router.post("/{approval_id}/release", response_model=ApprovalItem, responses=_DECIDING)
async def release(caller: CallerOf, approval_id: UUID, if_match: IfMatch = ANY) -> Response:
    """Leave it to others again."""
    return await _act(caller, approval_id, "release", if_match)


@router.post(
    "/{approval_id}/approve",
    response_model=ApprovalItem,
    responses=_DECIDING,
    openapi_extra=documented_body(Approve),
)
async def approve(
    caller: CallerOf,
    approval_id: UUID,
    body: Annotated[Approve, Depends(json_body(Approve))],
    if_match: IfMatch = ANY,
) -> Response:
    """Let it through, or be the first of two. The run goes on by itself."""
    return await _act(caller, approval_id, "approve", if_match, body)


@router.post(
    "/{approval_id}/reject",
    response_model=ApprovalItem,
    responses=_DECIDING,
    openapi_extra=documented_body(Reject),
)
async def reject(
    caller: CallerOf,
    approval_id: UUID,
    body: Annotated[Reject, Depends(json_body(Reject))],
    if_match: IfMatch = ANY,
) -> Response:
    """Refuse it, with a reason that the asker is shown."""
    return await _act(caller, approval_id, "reject", if_match, body)


@router.post(
    "/{approval_id}/comment",
    response_model=ApprovalItem,
    responses=_DECIDING,
    openapi_extra=documented_body(Comment),
)
async def comment(
    caller: CallerOf,
    approval_id: UUID,
    body: Annotated[Comment, Depends(json_body(Comment))],
) -> Response:
    """Say something about it, at any time."""
    return await _act(caller, approval_id, "comment", ANY, body)


@router.post(
    "/{approval_id}/edit",
    response_model=ApprovalItem,
    responses=_DECIDING,
    openapi_extra=documented_body(Edit),
)
async def edit(
    caller: CallerOf,
    approval_id: UUID,
    body: Annotated[Edit, Depends(json_body(Edit))],
    if_match: IfMatch = ANY,
) -> Response:
    """Change what would run. It passes the guardrails again, and the editor cannot approve it."""
    return await _act(caller, approval_id, "edit", if_match, body)


@router.post(
    "/{approval_id}/check",
    response_model=DraftVerdict,
    responses=_DECIDING,
    openapi_extra=documented_body(Draft),
)
async def check(
    caller: CallerOf, approval_id: UUID, body: Annotated[Draft, Depends(json_body(Draft))]
) -> Response:
    """What the guardrails would say of an edit, for whoever may make it. Nothing is kept, and
    nothing measured in the data."""
    return await _act(caller, approval_id, "check", ANY, body)


@router.post("/{approval_id}/cancel", response_model=ApprovalItem, responses=_DECIDING)
async def cancel(caller: CallerOf, approval_id: UUID, if_match: IfMatch = ANY) -> Response:
    """Give up what one asked for."""
    return await _act(caller, approval_id, "cancel", if_match)


@router.post(
    "/{approval_id}/remember",
    response_model=VerifiedQuery,
    status_code=201,
    responses=_DECIDING,
    openapi_extra=documented_body(Remember),
)
async def remember(
    caller: CallerOf,
    approval_id: UUID,
    body: Annotated[Remember, Depends(json_body(Remember))],
) -> Response:
    """Make what one approved a verified query: asked again, it runs without waiting."""
    return await _act(caller, approval_id, "remember", ANY, body)


async def _act(
    caller: Caller,
    approval_id: UUID,
    action: str,
    if_match: str,
    body: Approve | Reject | Comment | Edit | Draft | Remember | None = None,
) -> Response:
    return await forward(
        caller,
        "POST",
        f"/approvals/{approval_id}/{action}",
        body=body,
        headers={"If-Match": if_match},
    )
