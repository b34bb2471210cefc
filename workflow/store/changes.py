"""`governance_changes`: what was changed of the rules, by whom. Read only: what is added to it,
`kit.governing_changes` adds."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from psycopg.rows import class_row

from contracts.governance import Change, ChangeSearch
from kit.database import Connection

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


ONE_HAND = """
WITH lately AS (
    SELECT actor_id, actor_name, subject, action IN ('added', 'password reset') AS is_in_hand
    FROM governance_changes
    WHERE org_id = %(org_id)s AND kind = 'user' AND actor_id::text <> subject
      AND subject IN (%(one)s::text, %(other)s::text) AND at > now() - %(within)s::interval)
SELECT actor_id AS user_id, actor_name AS username
FROM lately
GROUP BY actor_id, actor_name
HAVING (actor_id = %(other)s AND bool_or(subject = %(one)s::text))
    OR (actor_id = %(one)s AND bool_or(subject = %(other)s::text AND is_in_hand))
    OR count(DISTINCT subject) FILTER (WHERE is_in_hand) > 1
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Hand:
    """An admin who has had accounts in hand."""

    user_id: UUID
    username: str


async def one_hand(
    connection: Connection, org_id: UUID, one: UUID, other: UUID, *, within: timedelta
) -> Hand | None:
    """Who may lately have spoken as both people: the other, having changed the first one's access
    or password; the first, having made the other's account or set its password; or an admin who
    did that to both."""
    values = {"org_id": org_id, "one": one, "other": other, "within": within}
    async with connection.cursor(row_factory=class_row(Hand)) as cursor:
        await cursor.execute(ONE_HAND, values)
        return await cursor.fetchone()


async def page(connection: Connection, org_id: UUID, search: ChangeSearch) -> list[Change]:
    """Those that fit, newest first."""
    async with connection.cursor(row_factory=class_row(Change)) as cursor:
        await cursor.execute(PAGE, {"org_id": org_id, **search.model_dump()})
        return await cursor.fetchall()
