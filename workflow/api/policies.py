"""The risk policy: what it is, what it was, and changes of it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from contracts.approval import ApprovalItem
from contracts.context import Permission
from contracts.policy import PolicyChange, PolicyVersion, PolicyVersions
from kit.database import connected
from kit.payload import documented_body, json_body
from kit.problems import Forbidden, documented
from workflow.api.access import Caller, Running
from workflow.approve.in_force import SHIPPED, policy_now
from workflow.policy_changes import propose
from workflow.store import policies

MOST_VERSIONS = 100
router = APIRouter(prefix="/policy", tags=["policy"], responses=documented(401, 403, 422, 503))


@router.get("")
async def get_policy(caller: Caller, running: Running) -> PolicyVersion:
    """The policy in force."""
    async with connected(running.parts.pool) as connection:
        return await policy_now(connection, caller.org_id)


@router.get("/versions")
async def get_versions(caller: Caller, running: Running) -> PolicyVersions:
    """All that were in force, newest first; the last is the one that is shipped."""
    async with connected(running.parts.pool) as connection:
        found = await policies.newest(connection, caller.org_id, limit=MOST_VERSIONS)
    return PolicyVersions(items=(*found, SHIPPED))


@router.post(
    "/changes",
    status_code=201,
    responses=documented(409, 413, 415),
    openapi_extra=documented_body(PolicyChange),
)
async def propose_change(
    caller: Caller,
    running: Running,
    change: Annotated[PolicyChange, Depends(json_body(PolicyChange))],
) -> ApprovalItem:
    """Propose a policy. It comes into force when another admin approves it in the queue."""
    if Permission.ADMIN not in caller.permissions:
        raise Forbidden(f"The role {caller.role} does not change the policy.")
    async with connected(running.parts.pool) as connection, connection.transaction():
        return await propose(connection, caller, change, running.parts)
