"""`conversations`: whose they are, and in what order they were last used."""

from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

from contracts.run import ConversationSummary

LIST = """
SELECT conversation_id, title, run_count, started_at, last_asked_at FROM conversations
WHERE org_id = %(org_id)s AND user_id = %(user_id)s
  AND (%(before)s::uuid IS NULL OR (last_asked_at, conversation_id) < (
      SELECT last_asked_at, conversation_id FROM conversations
      WHERE conversation_id = %(before)s AND org_id = %(org_id)s AND user_id = %(user_id)s))
ORDER BY last_asked_at DESC, conversation_id DESC LIMIT %(limit)s
"""


async def page(
    connection: AsyncConnection[TupleRow],
    *,
    org_id: UUID,
    user_id: UUID,
    before: UUID | None,
    limit: int,
) -> list[ConversationSummary]:
    """The person's own, last used first, from after the one called `before`."""
    async with connection.cursor(row_factory=class_row(ConversationSummary)) as cursor:
        await cursor.execute(
            LIST, {"org_id": org_id, "user_id": user_id, "before": before, "limit": limit}
        )
        return await cursor.fetchall()
