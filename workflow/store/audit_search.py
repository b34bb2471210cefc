"""The record as an auditor searches it: one organisation's, newest first."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from contracts.audit import AuditedEvent, AuditedRun, EventSearch, RunSearch
from kit.database import Connection

# A metric is looked for in every plan on record for the run, a view in what was checked: in the
# statements, and in what the guardrails said of them.
_RUN_FILTERS = """
r.org_id = %(org_id)s
AND (%(before)s::uuid IS NULL OR r.run_id < %(before)s)
AND (%(run_id)s::uuid IS NULL OR r.run_id = %(run_id)s)
AND (%(person)s::text IS NULL OR l.username = %(person)s OR l.user_id::text = %(person)s)
AND (%(since)s::timestamptz IS NULL OR r.asked_at >= %(since)s)
AND (%(until)s::timestamptz IS NULL OR r.asked_at < %(until)s)
AND (%(status)s::text IS NULL OR r.status = %(status)s)
AND (%(stage)s::text IS NULL OR EXISTS (
    SELECT FROM query_audit_events e WHERE e.run_id = r.run_id AND e.stage = %(stage)s))
AND (%(metric)s::text IS NULL OR EXISTS (
    SELECT FROM query_audit_events e
    WHERE e.run_id = r.run_id AND e.stage IN ('llm_generation', 'approval')
      AND jsonb_path_exists((e.detail->'value')::jsonb, '$.**.metrics[*] ? (@ == $metric)',
          jsonb_build_object('metric', %(metric)s::text))))
AND (%(view)s::text IS NULL OR EXISTS (
    SELECT FROM query_audit_events e
    WHERE e.run_id = r.run_id AND e.stage IN ('validation', 'approval')
      AND e.detail::text ~ ('\\m' || %(view)s || '\\M')))
"""

RUNS = f"""
SELECT r.run_id, r.conversation_id, l.user_id, l.username, l.role, l.question, r.status,
    r.asked_at, r.finished_at, r.head_seq AS events, r.head_hash AS head, c.number AS checkpoint
FROM runs r JOIN query_audit_logs l USING (run_id)
LEFT JOIN checkpoint_entries c ON c.entry_id = r.run_id
WHERE {_RUN_FILTERS}
ORDER BY r.run_id DESC LIMIT %(limit)s
"""

EVENTS = f"""
SELECT e.run_id, e.seq, e.stage, e.status, e.at, e.duration_ms, e.detail, e.prev_hash, e.hash
FROM runs r JOIN query_audit_logs l USING (run_id)
CROSS JOIN LATERAL (
    SELECT * FROM query_audit_events e WHERE e.run_id = r.run_id
      AND (%(event_stage)s::text IS NULL OR e.stage = %(event_stage)s)
      AND (%(event_status)s::text IS NULL OR e.status = %(event_status)s)
      AND (%(after_seq)s::integer IS NULL OR r.run_id < %(after_run)s OR e.seq > %(after_seq)s)
    ORDER BY e.seq) e
WHERE {_RUN_FILTERS}
  AND (%(after_run)s::uuid IS NULL OR r.run_id <= %(after_run)s)
ORDER BY e.run_id DESC, e.seq LIMIT %(limit)s
"""

Value = UUID | datetime | str | int | None


async def runs(
    connection: Connection, org_id: UUID, search: RunSearch, *, before: UUID | None, limit: int
) -> list[AuditedRun]:
    """A page, from after the run called `before`."""
    async with connection.cursor(row_factory=class_row(AuditedRun)) as cursor:
        await cursor.execute(RUNS, _values(org_id, search, before=before, limit=limit))
        return await cursor.fetchall()


async def every_run(
    connection: Connection, org_id: UUID, search: RunSearch
) -> AsyncIterator[AuditedRun]:
    """All of them, in bounded memory. Needs a transaction."""
    async with connection.cursor("every_run", row_factory=class_row(AuditedRun)) as cursor:
        cursor.itersize = 500
        await cursor.execute(RUNS, _values(org_id, search, before=None, limit=None))
        async for row in cursor:
            yield row


async def events(
    connection: Connection,
    org_id: UUID,
    search: EventSearch,
    *,
    after: tuple[UUID, int] | None,
    limit: int,
) -> list[AuditedEvent]:
    """A page, from after the event (run and number) `after`: runs newest first, the events of
    each in order."""
    async with connection.cursor(row_factory=class_row(AuditedEvent)) as cursor:
        await cursor.execute(EVENTS, _event_values(org_id, search, after=after, limit=limit))
        return await cursor.fetchall()


async def every_event(
    connection: Connection, org_id: UUID, search: EventSearch
) -> AsyncIterator[AuditedEvent]:
    """All of them, in bounded memory. Needs a transaction."""
    async with connection.cursor("every_event", row_factory=class_row(AuditedEvent)) as cursor:
        cursor.itersize = 500
        await cursor.execute(EVENTS, _event_values(org_id, search, after=None, limit=None))
        async for row in cursor:
            yield row


def _values(
    org_id: UUID, search: RunSearch, *, before: UUID | None, limit: int | None
) -> dict[str, Value]:
    return {
        "org_id": org_id,
        "before": before,
        "limit": limit,
        **search.model_dump(include=set(RunSearch.model_fields)),
    }


def _event_values(
    org_id: UUID, search: EventSearch, *, after: tuple[UUID, int] | None, limit: int | None
) -> dict[str, Value]:
    return {
        **_values(org_id, search, before=None, limit=limit),
        # what a run is asked for its stage and status here is asked of the event
        "stage": None,
        "status": None,
        "event_stage": search.stage,
        "event_status": search.status,
        "after_run": after[0] if after else None,
        "after_seq": after[1] if after else None,
    }
