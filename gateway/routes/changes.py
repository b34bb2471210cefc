"""The record of governing changes, handed on."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from contracts.context import Permission
from contracts.governance import ChangePage, ChangeSearch
from gateway import policy
from gateway.routes.caller import WORKFLOW_PROBLEMS, CallerOf, Role
from gateway.routes.forward import forward

router = APIRouter(prefix="/api/admin", tags=["admin"], responses=WORKFLOW_PROBLEMS)


class ChangesOf(ChangeSearch):
    """Asked in one of one's roles."""

    role: Role = None


@router.get("/changes", response_model=ChangePage)
async def changes(caller: CallerOf, search: Annotated[ChangesOf, Query()]) -> Response:
    """Who changed what people may see and the rules they ask by, newest first, with before and
    after. For admins and auditors; that it was read is recorded."""
    context = caller.context(search.role)
    policy.require_any(context, Permission.ADMIN, Permission.AUDIT)
    given = search.model_dump(mode="json", exclude_none=True, exclude={"role"})
    return await forward(caller, "GET", "/admin/changes", context=context, **given)
