"""`query_audit_events` and `query_audit_logs`: read only; `runs` writes them beside its state."""

from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

from workflow.store.rows import EventRow, LogRow

OF_RUN = """
SELECT run_id, seq, stage, status, at, duration_ms, detail::text AS detail, prev_hash, hash
FROM query_audit_events WHERE run_id = %(run_id)s AND seq > %(after)s ORDER BY seq
"""

LOG_OF_RUN = """
SELECT run_id, org_id, user_id, username, role, conversation_id, question,
    user_context::text AS user_context, asked_at, hash
FROM query_audit_logs WHERE run_id = %(run_id)s
"""


async def of_run(
    connection: AsyncConnection[TupleRow], run_id: UUID, *, after: int = 0
) -> list[EventRow]:
    """The run's events in order, from after `after`."""
    async with connection.cursor(row_factory=class_row(EventRow)) as cursor:
        await cursor.execute(OF_RUN, {"run_id": run_id, "after": after})
        return await cursor.fetchall()


async def log_of_run(connection: AsyncConnection[TupleRow], run_id: UUID) -> LogRow | None:
    """Who asked what; None where there is no such run."""
    async with connection.cursor(row_factory=class_row(LogRow)) as cursor:
        await cursor.execute(LOG_OF_RUN, {"run_id": run_id})
        return await cursor.fetchone()
