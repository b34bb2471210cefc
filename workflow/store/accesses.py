"""`record_accesses`: who read the record. Each waits for the next checkpoint, as runs do."""

from uuid import UUID

from psycopg.rows import class_row

from kit.database import Connection
from workflow.store.rows import AccessRow

ADD = """
WITH added AS (
    INSERT INTO record_accesses (access_id, org_id, user_id, username, role, at, what, query, hash)
    VALUES (%(access_id)s, %(org_id)s, %(user_id)s, %(username)s, %(role)s, %(at)s, %(what)s,
        %(query)s, %(hash)s))
INSERT INTO unsealed_entries (entry_id, org_id, kind) VALUES (%(access_id)s, %(org_id)s, 'access')
"""

PAGE = """
SELECT access_id, org_id, user_id, username, role, at, what, query::text AS query, hash
FROM record_accesses
WHERE org_id = %(org_id)s AND (%(before)s::uuid IS NULL OR access_id < %(before)s)
  AND (%(what)s::text IS NULL OR what = %(what)s)
ORDER BY access_id DESC LIMIT %(limit)s
"""


async def add(connection: Connection, row: AccessRow) -> None:
    """Record it."""
    await connection.execute(
        ADD,
        {
            "access_id": row.access_id,
            "org_id": row.org_id,
            "user_id": row.user_id,
            "username": row.username,
            "role": row.role,
            "at": row.at,
            "what": row.what,
            "query": row.query,
            "hash": row.hash,
        },
    )


async def page(
    connection: Connection, *, org_id: UUID, what: str | None, before: UUID | None, limit: int
) -> list[AccessRow]:
    """All or those of `what`, newest first, from after the one called `before`."""
    async with connection.cursor(row_factory=class_row(AccessRow)) as cursor:
        await cursor.execute(
            PAGE, {"org_id": org_id, "what": what, "before": before, "limit": limit}
        )
        return await cursor.fetchall()
