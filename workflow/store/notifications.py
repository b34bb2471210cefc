"""`notifications`: what somebody outside is to be told, until they were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row
from uuid_utils.compat import uuid7

Channel = Literal["webhook", "mail"]
Event = Literal["requested", "decided", "expiring"]

_COLUMNS = """
notification_id, org_id, approval_id, event, channel, body, status, attempts, next_at, last_error,
created_at, sent_at
"""

QUEUE = """
INSERT INTO notifications (notification_id, org_id, approval_id, event, channel, body)
VALUES (%(notification_id)s, %(org_id)s, %(approval_id)s, %(event)s, %(channel)s, %(body)s)
"""

# Taken for a while, not locked: a sender that dies leaves it to the next one.
TAKE = """
WITH due AS (
    SELECT notification_id FROM notifications
    WHERE status = 'waiting' AND next_at <= now()
    ORDER BY next_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
UPDATE notifications n SET attempts = attempts + 1,
    next_at = now() + make_interval(secs => %(lease)s)
FROM due WHERE n.notification_id = due.notification_id
RETURNING """ + ", ".join(f"n.{name.strip()}" for name in _COLUMNS.split(","))

SENT = """
UPDATE notifications SET status = 'sent', sent_at = now(), last_error = ''
WHERE notification_id = %(notification_id)s
"""

FAILED = """
UPDATE notifications SET last_error = %(error)s,
    status = CASE WHEN %(retry)s::double precision IS NULL THEN 'dead' ELSE 'waiting' END,
    next_at = now() + make_interval(secs => coalesce(%(retry)s::double precision, 0))
WHERE notification_id = %(notification_id)s
"""

REPLAY = """
UPDATE notifications SET status = 'waiting', attempts = 0, next_at = now()
WHERE org_id = %(org_id)s AND notification_id = %(notification_id)s
"""

PAGE = (
    "SELECT "
    + _COLUMNS
    + """ FROM notifications
WHERE org_id = %(org_id)s AND (%(status)s::text IS NULL OR status = %(status)s)
  AND (%(before)s::uuid IS NULL OR notification_id < %(before)s)
ORDER BY notification_id DESC LIMIT %(limit)s
"""
)


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """A row; `body` is JSON text."""

    notification_id: UUID
    org_id: UUID
    approval_id: UUID
    event: str
    channel: Channel
    body: str
    status: str
    attempts: int
    next_at: datetime
    last_error: str
    created_at: datetime
    sent_at: datetime | None


async def queue(
    connection: AsyncConnection[TupleRow],
    *,
    org_id: UUID,
    approval_id: UUID,
    event: Event,
    channels: Sequence[Channel],
    body: str,
) -> None:
    """One for each channel, in the transaction of what there is to tell."""
    for channel in channels:
        await connection.execute(
            QUEUE,
            {
                "notification_id": uuid7(),
                "org_id": org_id,
                "approval_id": approval_id,
                "event": event,
                "channel": channel,
                "body": body,
            },
        )


async def take(
    connection: AsyncConnection[TupleRow], *, lease: float, limit: int = 20
) -> list[NotificationRow]:
    """Those that are due, for `lease` seconds this sender's alone."""
    async with connection.cursor(row_factory=class_row(NotificationRow)) as cursor:
        await cursor.execute(TAKE, {"lease": lease, "limit": limit})
        return await cursor.fetchall()


async def sent(connection: AsyncConnection[TupleRow], notification_id: UUID) -> None:
    """It arrived."""
    await connection.execute(SENT, {"notification_id": notification_id})


async def failed(
    connection: AsyncConnection[TupleRow],
    notification_id: UUID,
    *,
    error: str,
    retry: float | None,
) -> None:
    """It did not arrive: again in `retry` seconds, or, with None, never by itself."""
    await connection.execute(
        FAILED, {"notification_id": notification_id, "error": error, "retry": retry}
    )


async def replay(
    connection: AsyncConnection[TupleRow], org_id: UUID, notification_id: UUID
) -> bool:
    """Send it once more; False where there is none by that id."""
    cursor = await connection.execute(
        REPLAY, {"org_id": org_id, "notification_id": notification_id}
    )
    return cursor.rowcount == 1


async def page(
    connection: AsyncConnection[TupleRow],
    org_id: UUID,
    *,
    status: str | None,
    before: UUID | None,
    limit: int,
) -> list[NotificationRow]:
    """Newest first, from after the one called `before`."""
    async with connection.cursor(row_factory=class_row(NotificationRow)) as cursor:
        await cursor.execute(
            PAGE, {"org_id": org_id, "status": status, "before": before, "limit": limit}
        )
        return await cursor.fetchall()
