"""`query_audit_events` and `query_audit_logs`: read only; `runs` writes them beside its state."""

from collections.abc import AsyncIterator
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

from workflow.store.rows import AuditedRun, EventRow, LogRow

OF_RUN = """
SELECT run_id, seq, stage, status, at, duration_ms, detail::text AS detail, prev_hash, hash
FROM query_audit_events WHERE run_id = %(run_id)s AND seq > %(after)s ORDER BY seq
"""

LOG_OF_RUN = """
SELECT run_id, org_id, user_id, username, role, conversation_id, question,
    user_context::text AS user_context, asked_at, hash
FROM query_audit_logs WHERE run_id = %(run_id)s
"""

ALL_EVENTS = """
SELECT run_id, seq, stage, status, at, duration_ms, detail::text AS detail, prev_hash, hash
FROM query_audit_events ORDER BY run_id, seq
"""

ALL_RUNS = """
SELECT coalesce(l.run_id, r.run_id) AS run_id, l.org_id, l.user_id, l.username, l.role,
    l.conversation_id, l.question, l.user_context::text AS user_context, l.asked_at, l.hash,
    l.run_id IS NOT NULL, r.head_seq, r.head_hash, r.status, r.answer::text AS answer
FROM query_audit_logs l FULL JOIN runs r USING (run_id)
ORDER BY run_id
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


async def every_event(connection: AsyncConnection[TupleRow]) -> AsyncIterator[EventRow]:
    """All events, run by run, in bounded memory. Needs a transaction."""
    async with connection.cursor("every_event", row_factory=class_row(EventRow)) as cursor:
        cursor.itersize = 2000
        await cursor.execute(ALL_EVENTS)
        async for row in cursor:
            yield row


async def every_run(connection: AsyncConnection[TupleRow]) -> AsyncIterator[AuditedRun]:
    """All runs by id: the log row beside the state, each absent where it is missing."""
    async with connection.cursor("every_run") as cursor:
        cursor.itersize = 500
        await cursor.execute(ALL_RUNS)
        async for row in cursor:
            *log, has_log, head_seq, head_hash, status, answer = row
            yield AuditedRun(
                run_id=row[0],
                log=LogRow(*log) if has_log else None,
                head_seq=head_seq,
                head_hash=head_hash,
                status=status,
                answer=answer,
            )
