"""`governance_changes`: what was changed of the rules, by whom. Written by `record_change` alone,
a function of the database that both services call in the transaction of the change."""

from datetime import timedelta
from uuid import UUID

from psycopg.rows import class_row

from contracts.approval import Person
from contracts.governance import Change, ChangeSearch, NewChange
from kit.canonical import canonical
from kit.database import Connection

RECORD = """
SELECT record_change(%(org_id)s, %(actor_id)s, %(actor_name)s, %(actor_role)s, %(kind)s,
    %(subject)s, %(action)s, %(before)s, %(after)s)
"""

PAGE = """
SELECT c.seq, c.change_id, c.at, c.actor_id, c.actor_name, c.actor_role, c.kind, c.subject,
    c.action, c.before, c.after, c.prev_hash, c.hash, e.number AS checkpoint
FROM governance_changes c LEFT JOIN checkpoint_entries e ON e.entry_id = c.change_id
WHERE c.org_id = %(org_id)s
  AND (%(cursor)s::integer IS NULL OR c.seq < %(cursor)s)
  AND (%(kind)s::text IS NULL OR c.kind = %(kind)s)
  AND (%(subject)s::text IS NULL OR c.subject = %(subject)s)
  AND (%(person)s::text IS NULL OR c.actor_name = %(person)s OR c.actor_id::text = %(person)s)
  AND (%(since)s::timestamptz IS NULL OR c.at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR c.at < %(until)s)
ORDER BY c.seq DESC LIMIT %(limit)s
"""


MADE_BY = """
SELECT EXISTS (
    SELECT FROM governance_changes
    WHERE org_id = %(org_id)s AND kind = 'user' AND subject = %(user_id)s::text
      AND actor_id = %(by)s AND actor_id::text <> subject
      AND at > now() - %(within)s::interval)
"""


async def made_by(
    connection: Connection, org_id: UUID, user_id: UUID, *, by: UUID, within: timedelta
) -> bool:
    """Whether that other person changed the access or the password of the first that lately."""
    values = {"org_id": org_id, "user_id": user_id, "by": by, "within": within}
    row = await (await connection.execute(MADE_BY, values)).fetchone()
    return bool(row and row[0])


async def record(connection: Connection, org_id: UUID, by: Person, change: NewChange) -> None:
    """Add the change to the organisation's chain, in the transaction that is open: the change is
    on record if and only if it holds. Others of the organisation wait until it ends,
    so call it last."""
    await connection.execute(
        RECORD,
        {
            "org_id": org_id,
            "actor_id": by.user_id,
            "actor_name": by.username,
            "actor_role": by.role,
            "kind": change.kind,
            "subject": change.subject,
            "action": change.action,
            "before": None if change.before is None else canonical(change.before),
            "after": None if change.after is None else canonical(change.after),
        },
    )


async def page(connection: Connection, org_id: UUID, search: ChangeSearch) -> list[Change]:
    """Those that fit, newest first."""
    async with connection.cursor(row_factory=class_row(Change)) as cursor:
        await cursor.execute(PAGE, {"org_id": org_id, **search.model_dump()})
        return await cursor.fetchall()
