"""`conversations`: whose they are, and in what order they were last used."""

from uuid import UUID

import orjson
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

from contracts.run import ConversationSummary
from workflow.store.rows import PastRun, Run

LIST = """
SELECT conversation_id, title, run_count, started_at, last_asked_at FROM conversations
WHERE org_id = %(org_id)s AND user_id = %(user_id)s
  AND (%(before)s::uuid IS NULL OR (last_asked_at, conversation_id) < (
      SELECT last_asked_at, conversation_id FROM conversations
      WHERE conversation_id = %(before)s AND org_id = %(org_id)s AND user_id = %(user_id)s))
  AND (%(search)s::text IS NULL OR EXISTS (
      SELECT FROM runs r JOIN query_audit_logs l USING (run_id)
      WHERE r.conversation_id = conversations.conversation_id
        AND r.org_id = %(org_id)s AND r.user_id = %(user_id)s
        AND position(lower(%(search)s) IN lower(l.question)) > 0))
ORDER BY last_asked_at DESC, conversation_id DESC LIMIT %(limit)s
"""

# Only what was asked with views that the person may still read: a change of role, or of what a
# role may see, takes the answers of before out of sight of whoever plans.
PAST = """
SELECT r.run_id, l.question, (r.answer->'plan')::text AS plan,
    coalesce(r.answer->>'answer', '') AS answer
FROM runs r JOIN query_audit_logs l USING (run_id)
WHERE r.org_id = %(org_id)s AND r.user_id = %(user_id)s
  AND r.conversation_id = %(conversation_id)s AND r.run_id < %(run_id)s
  AND r.answer IS NOT NULL AND (l.user_context->'allowed_views')::jsonb <@ %(views)s::jsonb
ORDER BY r.run_id DESC LIMIT %(limit)s
"""


async def before(connection: AsyncConnection[TupleRow], run: Run, *, limit: int) -> list[PastRun]:
    """What the same person asked in the run's conversation before it, oldest first."""
    async with connection.cursor(row_factory=class_row(PastRun)) as cursor:
        await cursor.execute(
            PAST,
            {
                "org_id": run.context.org_id,
                "user_id": run.context.user_id,
                "conversation_id": run.conversation_id,
                "run_id": run.run_id,
                "views": orjson.dumps(run.context.allowed_views).decode(),
                "limit": limit,
            },
        )
        return (await cursor.fetchall())[::-1]


async def page(
    connection: AsyncConnection[TupleRow],
    *,
    org_id: UUID,
    user_id: UUID,
    before: UUID | None,
    limit: int,
    search: str | None = None,
) -> list[ConversationSummary]:
    """The person's own, last used first, from after the one called `before`; with `search` those
    in which a question holds it, in any case of letters."""
    async with connection.cursor(row_factory=class_row(ConversationSummary)) as cursor:
        await cursor.execute(
            LIST,
            {
                "org_id": org_id,
                "user_id": user_id,
                "before": before,
                "limit": limit,
                "search": search,
            },
        )
        return await cursor.fetchall()
