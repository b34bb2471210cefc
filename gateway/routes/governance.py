"""Policy, verified queries and news, handed on."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from contracts.approval import ApprovalItem, VerifiedQueryPage
from contracts.notification import NotificationPage, NotificationStatus
from contracts.policy import PolicyChange, PolicyVersion, PolicyVersions
from contracts.simulation import SimulateRequest, Simulation
from gateway.routes.caller import WORKFLOW_PROBLEMS, CallerOf
from gateway.routes.forward import forward
from kit.payload import documented_body, json_body
from kit.problems import documented

router = APIRouter(prefix="/api", tags=["governance"])
Limit = Annotated[int, Query(ge=1, le=100, description="Most items on a page.")]
_PROBLEMS = {**WORKFLOW_PROBLEMS, **documented(404)}


@router.get("/policy", response_model=PolicyVersion, responses=WORKFLOW_PROBLEMS)
async def policy(caller: CallerOf) -> Response:
    """What score needs whose agreement."""
    return await forward(caller, "GET", "/policy")


@router.get("/policy/versions", response_model=PolicyVersions, responses=WORKFLOW_PROBLEMS)
async def policy_versions(caller: CallerOf) -> Response:
    """Every policy that was in force, newest first."""
    return await forward(caller, "GET", "/policy/versions")


@router.post(
    "/policy/changes",
    response_model=ApprovalItem,
    status_code=201,
    responses={**WORKFLOW_PROBLEMS, **documented(409, 413, 415)},
    openapi_extra=documented_body(PolicyChange),
)
async def propose_policy(
    caller: CallerOf, change: Annotated[PolicyChange, Depends(json_body(PolicyChange))]
) -> Response:
    """Propose a policy; another admin confirms it in the approval queue."""
    return await forward(caller, "POST", "/policy/changes", body=change)


@router.post(
    "/policy/simulate",
    response_model=Simulation,
    responses={**WORKFLOW_PROBLEMS, **documented(413, 415)},
    openapi_extra=documented_body(SimulateRequest),
)
async def simulate(
    caller: CallerOf, asked: Annotated[SimulateRequest, Depends(json_body(SimulateRequest))]
) -> Response:
    """For a question: what each role would get, without running it. For admins and auditors."""
    return await forward(caller, "POST", "/policy/simulate", body=asked)


@router.get("/verified-queries", response_model=VerifiedQueryPage, responses=WORKFLOW_PROBLEMS)
async def verified_queries(
    caller: CallerOf, cursor: UUID | None = None, limit: Limit = 20
) -> Response:
    """What runs without waiting because a person let it through before, newest first."""
    return await forward(caller, "GET", "/verified-queries", cursor=cursor, limit=limit)


@router.post("/verified-queries/{verified_id}/revoke", status_code=204, responses=_PROBLEMS)
async def revoke(caller: CallerOf, verified_id: UUID) -> Response:
    """Take it out of force."""
    return await forward(caller, "POST", f"/verified-queries/{verified_id}/revoke")


@router.get("/notifications", response_model=NotificationPage, responses=WORKFLOW_PROBLEMS)
async def notifications(
    caller: CallerOf,
    status: NotificationStatus | None = None,
    cursor: UUID | None = None,
    limit: Limit = 20,
) -> Response:
    """News of approval requests on its way out; for admins."""
    return await forward(caller, "GET", "/notifications", status=status, cursor=cursor, limit=limit)


@router.post("/notifications/{notification_id}/replay", status_code=202, responses=_PROBLEMS)
async def replay(caller: CallerOf, notification_id: UUID) -> Response:
    """Send it once more; for admins."""
    return await forward(caller, "POST", f"/notifications/{notification_id}/replay")
