"""News on its way out, for admins."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from contracts.context import Permission, UserContext
from contracts.notification import Notification, NotificationPage, NotificationStatus
from kit.database import connected
from kit.problems import Forbidden, NotFound, documented
from workflow.api.access import Caller, Running
from workflow.store import notifications

router = APIRouter(
    prefix="/notifications",
    tags=["notifications"],
    responses=documented(401, 403, 404, 422, 503),
)


@router.get("")
async def list_notifications(
    caller: Caller,
    running: Running,
    status: NotificationStatus | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> NotificationPage:
    """Newest first."""
    _require_admin(caller)
    async with connected(running.parts.pool) as connection:
        rows = await notifications.page(
            connection, caller.org_id, status=status, before=cursor, limit=limit
        )
    return NotificationPage(
        items=tuple(
            Notification.model_validate({n: getattr(row, n) for n in Notification.model_fields})
            for row in rows
        ),
        next=str(rows[-1].notification_id) if len(rows) == limit else None,
    )


@router.post("/{notification_id}/replay", status_code=202)
async def replay(notification_id: UUID, caller: Caller, running: Running) -> Response:
    """Send it once more, whether it arrived or not."""
    _require_admin(caller)
    async with connected(running.parts.pool) as connection:
        is_there = await notifications.replay(connection, caller.org_id, notification_id)
    if not is_there:
        raise NotFound("There is no such notification.")
    return Response(status_code=202)


def _require_admin(caller: UserContext) -> None:
    if Permission.ADMIN not in caller.permissions:
        raise Forbidden(f"The role {caller.role} does not look after notifications.")
