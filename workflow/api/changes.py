"""The record of governing changes, for those who govern and those who audit."""

from typing import Annotated

from fastapi import APIRouter, Query

from contracts.context import Permission, UserContext
from contracts.governance import ChangePage, ChangeSearch
from kit.database import connected
from kit.problems import Forbidden, documented
from workflow.api.access import Caller, Running
from workflow.audit.access import record_access
from workflow.store import changes

router = APIRouter(prefix="/admin", tags=["admin"], responses=documented(401, 403, 422, 503))


@router.get("/changes")
async def get_changes(
    caller: Caller, running: Running, search: Annotated[ChangeSearch, Query()]
) -> ChangePage:
    """Newest first. That it was read is itself recorded."""
    _refuse_others(caller)
    async with connected(running.parts.pool) as connection:
        query = search.model_dump(mode="json", exclude_none=True)
        await record_access(connection, caller, "changes", query)
        items = await changes.page(connection, caller.org_id, search)
    following = str(items[-1].seq) if len(items) == search.limit else None
    return ChangePage(items=tuple(items), next=following)


def _refuse_others(caller: UserContext) -> None:
    if {Permission.ADMIN, Permission.AUDIT}.isdisjoint(caller.permissions):
        raise Forbidden(
            f"The role {caller.role} does not read what was changed.", kind="permission-missing"
        )
