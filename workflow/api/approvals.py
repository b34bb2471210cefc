"""The approval queue."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response

from contracts.approval import (
    Action,
    Approval,
    ApprovalItem,
    ApprovalPage,
    Approve,
    Comment,
    Draft,
    DraftVerdict,
    Edit,
    QuerySubject,
    Reject,
    Remember,
    ReviewChoices,
    ReviewEvidence,
    VerifiedQuery,
)
from contracts.context import UserContext
from contracts.policy import SubjectKind
from contracts.run import ApprovalStatus
from kit.database import connected
from kit.payload import documented_body, json_body
from kit.problems import Conflict, NotFound, documented
from workflow import drafts, remembering
from workflow.api.access import Caller, Running
from workflow.approve.lifecycle import OPEN
from workflow.approve.risk import for_asker
from workflow.approve.rules import against_remembering, objection, possible
from workflow.bootstrap import Workflow
from workflow.locked_request import UNKNOWN, asked_of, may_review
from workflow.review import nearest_verified, readable
from workflow.sample import sample
from workflow.store import approval_list, approvals, runs
from workflow.store.approval_list import Sort, Wanted
from workflow.store.approvals import Request
from workflow.store.rows import Run

router = APIRouter(
    prefix="/approvals", tags=["approvals"], responses=documented(401, 403, 404, 422, 503)
)
_DECIDING = documented(400, 409, 412, 413, 415)
_ETAG = re.compile(r'^(?:W/)?"(\d{1,9})"$')


def _version(if_match: Annotated[str, Header(max_length=64)] = "*") -> int | None:
    """What the caller has seen, from If-Match; None where they do not say. A tag that is none of
    ours is no version of anything."""
    if if_match.strip() == "*":
        return None
    found = _ETAG.match(if_match.strip())
    return int(found.group(1)) if found else 0


Version = Annotated[int | None, Depends(_version)]


def _tagged(item: ApprovalItem, caller: UserContext) -> Response:
    return Response(
        visible(item, caller).model_dump_json(),
        media_type="application/json",
        headers={"ETag": f'"{item.version}"'},
    )


def visible(item: ApprovalItem, caller: UserContext) -> ApprovalItem:
    """What rests on the database's statistics is for reviewers, and not for the asker, whatever
    else they may be."""
    if item.asker.user_id != caller.user_id and may_review(caller):
        return item
    return item.model_copy(update={"risk": for_asker(item.risk)})


@router.get("")
async def list_approvals(
    caller: Caller,
    running: Running,
    status: ApprovalStatus | None = None,
    kind: SubjectKind | None = None,
    asker_role: Annotated[str | None, Query(max_length=64)] = None,
    run_id: UUID | None = None,
    least_score: Annotated[int | None, Query(ge=0, le=100)] = None,
    mine: bool = False,
    claimed_by_me: bool = False,
    sort: Sort = "oldest",
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> ApprovalPage:
    """The queue; for whoever does not review, their own requests. `total` is of those in
    `status`, or of all; `counts` are by status. `next` is the `cursor` of the following page."""
    wanted = Wanted(
        org_id=caller.org_id,
        status=status,
        kind=kind,
        asker_id=caller.user_id if mine or not may_review(caller) else None,
        asker_role=asker_role,
        claimed_by=caller.user_id if claimed_by_me else None,
        run_id=run_id,
        least_score=least_score,
    )
    async with connected(running.parts.pool) as connection:
        items = await approval_list.page(connection, wanted, sort=sort, cursor=cursor, limit=limit)
        counts = await approval_list.counts(connection, wanted)
    return ApprovalPage(
        items=tuple(visible(item, caller) for item in items),
        total=counts[status] if status else sum(counts.values()),
        counts=counts,
        next=str(items[-1].approval_id) if len(items) == limit else None,
    )


@router.get("/{approval_id}", response_model=Approval)
async def get_approval(approval_id: UUID, caller: Caller, running: Running) -> Response:
    """One request with its evidence and its history. The asker sees their own, without what is
    for reviewers."""
    async with connected(running.parts.pool) as connection:
        request = await approvals.get(connection, approval_id, org_id=caller.org_id)
        if request is None or not _may_see(request, caller):
            raise NotFound(UNKNOWN)
        history = await approvals.history(connection, approval_id)
        run = await _run_of(connection, request)
    item = visible(request.item, caller)
    actions, why_not = await _choices(running, caller, request, run)
    approval = Approval(
        **{name: getattr(item, name) for name in ApprovalItem.model_fields},
        evidence=await _evidence(running, caller, request, run),
        history=tuple(history),
        possible=actions,
        why_not=why_not,
    )
    return Response(
        approval.model_dump_json(),
        media_type="application/json",
        headers={"ETag": f'"{item.version}"'},
    )


@router.get("/{approval_id}/choices", responses=documented(409))
async def get_choices(approval_id: UUID, caller: Caller, running: Running) -> ReviewChoices:
    """For reviewers: what an edit may be made of, and which roles it may be remembered for."""
    async with connected(running.parts.pool) as connection:
        request = await approvals.get(connection, approval_id, org_id=caller.org_id)
        if request is None or not may_review(caller):
            raise NotFound(UNKNOWN)
        run, subject = await _run_of(connection, request), request.item.subject
        reading = await remembering.roles_that_read(connection, caller.org_id, subject)
    if run is None:
        raise Conflict("Only a query has choices.", kind="not-a-query")
    policy = (await running.parts.in_force.rules(request.org_id)).policy.policy
    roles = tuple(
        role
        for role in reading
        if against_remembering(request.item, caller, (role,), policy) is None
    )
    return ReviewChoices(catalog=running.parts.models.catalog(run.context), roles=roles)


def _may_see(request: Request, caller: UserContext) -> bool:
    return may_review(caller) or request.item.asker.user_id == caller.user_id


async def _run_of(connection: approvals.Connection, request: Request) -> Run | None:
    if request.item.run_id is None:
        return None
    return await runs.get(
        connection,
        request.item.run_id,
        org_id=request.org_id,
        user_id=request.item.asker.user_id,
    )


async def _choices(
    running: Workflow, caller: UserContext, request: Request, run: Run | None
) -> tuple[tuple[Action, ...], str]:
    item, policy = request.item, (await running.parts.in_force.rules(request.org_id)).policy.policy
    asked = asked_of(request, run)
    actions = possible(item, caller, asked, policy)
    if item.status not in OPEN or not may_review(caller):
        return actions, ""
    against = objection(Action.APPROVE, item, caller, asked, policy)
    return actions, against.text if against else ""


async def _evidence(
    running: Workflow, caller: UserContext, request: Request, run: Run | None
) -> ReviewEvidence:
    evidence, subject = request.evidence, request.item.subject
    evidence = evidence.model_copy(update={"sql": "\n".join(readable(evidence.sql))})
    is_reviewing = may_review(caller) and caller.user_id != request.item.asker.user_id
    if not is_reviewing:
        reveals = evidence.reveals
        if reveals is not None:
            reveals = reveals.model_copy(update={"row_estimate": None})
        return evidence.model_copy(update={"explained": (), "reveals": reveals})
    if run is None or not isinstance(subject, QuerySubject):
        return evidence
    if not _may_see_answers(caller, run.context):
        silent = (p.model_copy(update={"answer": ""}) for p in evidence.conversation)
        evidence = evidence.model_copy(update={"conversation": tuple(silent)})
    rules = await running.parts.in_force.rules(request.org_id)
    enough = rules.policy.policy.smallest_group
    return evidence.model_copy(
        update={
            "nearest": nearest_verified(
                subject.output, subject.sql, rules, run.context, request.bound.model
            ),
            "sample": await sample(subject, run.context, caller, running.parts, enough),
        }
    )


def _may_see_answers(caller: UserContext, asker: UserContext) -> bool:
    """What was answered before may be of any view and store that the asker ever had."""
    return caller.is_all_stores and set(asker.allowed_views) <= set(caller.allowed_views)


@router.post("/{approval_id}/claim", response_model=ApprovalItem, responses=_DECIDING)
async def claim(approval_id: UUID, caller: Caller, running: Running, seen: Version) -> Response:
    """Take it in hand."""
    return _tagged(await running.decisions.claim(caller, approval_id, seen), caller)


@router.post("/{approval_id}/release", response_model=ApprovalItem, responses=_DECIDING)
async def release(approval_id: UUID, caller: Caller, running: Running, seen: Version) -> Response:
    """Leave it to others again."""
    return _tagged(await running.decisions.release(caller, approval_id, seen), caller)


@router.post(
    "/{approval_id}/approve",
    response_model=ApprovalItem,
    responses=_DECIDING,
    openapi_extra=documented_body(Approve),
)
async def approve(
    approval_id: UUID,
    caller: Caller,
    running: Running,
    seen: Version,
    body: Annotated[Approve, Depends(json_body(Approve))],
) -> Response:
    """Let it through, or be the first of two."""
    item = await running.decisions.approve(caller, approval_id, body.reason, seen)
    return _tagged(item, caller)


@router.post(
    "/{approval_id}/reject",
    response_model=ApprovalItem,
    responses=_DECIDING,
    openapi_extra=documented_body(Reject),
)
async def reject(
    approval_id: UUID,
    caller: Caller,
    running: Running,
    seen: Version,
    body: Annotated[Reject, Depends(json_body(Reject))],
) -> Response:
    """Refuse it, with a reason."""
    item = await running.decisions.reject(caller, approval_id, body.reason, seen)
    return _tagged(item, caller)


@router.post(
    "/{approval_id}/comment",
    response_model=ApprovalItem,
    responses=_DECIDING,
    openapi_extra=documented_body(Comment),
)
async def comment(
    approval_id: UUID,
    caller: Caller,
    running: Running,
    body: Annotated[Comment, Depends(json_body(Comment))],
) -> Response:
    """Say something about it."""
    return _tagged(await running.decisions.comment(caller, approval_id, body.text), caller)


@router.post(
    "/{approval_id}/edit",
    response_model=ApprovalItem,
    responses=_DECIDING,
    openapi_extra=documented_body(Edit),
)
async def edit(
    approval_id: UUID,
    caller: Caller,
    running: Running,
    seen: Version,
    body: Annotated[Edit, Depends(json_body(Edit))],
) -> Response:
    """Change what would run; somebody else has to approve it then."""
    return _tagged(await running.decisions.edit(caller, approval_id, body, seen), caller)


@router.post("/{approval_id}/check", responses=_DECIDING, openapi_extra=documented_body(Draft))
async def check(
    approval_id: UUID,
    caller: Caller,
    running: Running,
    body: Annotated[Draft, Depends(json_body(Draft))],
) -> DraftVerdict:
    """What the guardrails would say of an edit. Nothing is kept."""
    return await drafts.tried(caller, approval_id, body, running.parts)


@router.post("/{approval_id}/cancel", response_model=ApprovalItem, responses=_DECIDING)
async def cancel(approval_id: UUID, caller: Caller, running: Running, seen: Version) -> Response:
    """Give up what one asked for."""
    return _tagged(await running.decisions.cancel(caller, approval_id, seen), caller)


@router.post(
    "/{approval_id}/remember",
    status_code=201,
    responses=_DECIDING,
    openapi_extra=documented_body(Remember),
)
async def remember(
    approval_id: UUID,
    caller: Caller,
    running: Running,
    body: Annotated[Remember, Depends(json_body(Remember))],
) -> VerifiedQuery:
    """Make what one approved a verified query."""
    return await remembering.remember(caller, approval_id, body, running.parts)
