"""`runs`: where each run stands. Every change writes the audit record in the same statement."""

from collections.abc import Sequence
from uuid import UUID

import orjson
from psycopg import AsyncConnection
from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg.rows import TupleRow, class_row

from contracts.context import UserContext
from contracts.run import RunStatus, RunSummary
from kit.prepared import PreparedStatement
from workflow.store.rows import EventRow, LogRow, Run
from workflow.store.workers import LEASE_SECONDS

# One statement each, so that conversation, log row and run appear together or not at all.
_LOG_AND_RUN = """
, log AS (
    INSERT INTO query_audit_logs (run_id, org_id, user_id, username, role, conversation_id,
        question, user_context, asked_at, hash)
    SELECT %(run_id)s, %(org_id)s, %(user_id)s, %(username)s, %(role)s, conversation_id,
        %(question)s, %(user_context)s, %(asked_at)s, %(hash)s FROM conversation)
INSERT INTO runs (run_id, org_id, user_id, conversation_id, status, idempotency_key, worker_id,
    head_hash, asked_at)
SELECT %(run_id)s, %(org_id)s, %(user_id)s, conversation_id, 'running', %(idempotency_key)s,
    %(worker_id)s, %(hash)s, %(asked_at)s FROM conversation
"""

ARRIVE_FIRST = PreparedStatement(
    """
WITH conversation AS (
    INSERT INTO conversations (conversation_id, org_id, user_id, title)
    VALUES (%(conversation_id)s, %(org_id)s, %(user_id)s, left(%(question)s, 120))
    RETURNING conversation_id)
"""
    + _LOG_AND_RUN
)

ARRIVE_NEXT = PreparedStatement(
    """
WITH conversation AS (
    UPDATE conversations SET run_count = run_count + 1, last_asked_at = now()
    WHERE conversation_id = %(conversation_id)s AND org_id = %(org_id)s AND user_id = %(user_id)s
    RETURNING conversation_id)
"""
    + _LOG_AND_RUN
)

ADVANCE = PreparedStatement("""
WITH moved AS (
    UPDATE runs SET head_seq = %(head_seq)s, head_hash = %(head_hash)s, status = %(status)s,
        answer = coalesce(%(answer)s::json, answer),
        worker_id = CASE WHEN %(status)s = 'running'
            THEN coalesce(%(next_worker)s::uuid, worker_id) END,
        takeovers = CASE WHEN %(next_worker)s::uuid IS NULL THEN takeovers ELSE 0 END,
        finished_at = CASE WHEN %(status)s NOT IN ('running', 'needs_approval') THEN now() END
    WHERE run_id = %(run_id)s AND head_hash = %(previous_hash)s
      AND worker_id IS NOT DISTINCT FROM %(worker_id)s
    RETURNING cancel_requested, org_id),
written AS (
    INSERT INTO query_audit_events (run_id, seq, stage, status, at, duration_ms, detail,
        prev_hash, hash)
    SELECT %(run_id)s, event.seq, event.stage, event.status, event.at, event.duration_ms,
        event.detail::json, event.prev_hash, event.hash
    FROM moved, json_to_recordset(%(events)s) AS event (seq integer, stage text, status text,
        at timestamptz, duration_ms numeric, detail text, prev_hash text, hash text)),
ended AS (
    INSERT INTO unsealed_entries (entry_id, org_id, kind)
    SELECT %(run_id)s, org_id, 'run' FROM moved
    WHERE %(status)s NOT IN ('running', 'needs_approval'))
SELECT cancel_requested FROM moved
""")

_RUN = """
SELECT r.run_id, r.conversation_id, l.question, l.user_context, r.status, r.asked_at, r.head_seq,
    r.head_hash, r.takeovers
FROM runs r JOIN query_audit_logs l USING (run_id)
"""

GET = _RUN + "WHERE r.run_id = %(run_id)s AND r.org_id = %(org_id)s AND r.user_id = %(user_id)s"

TAKE_OVER = """
WITH orphans AS (
    SELECT run_id FROM runs
    WHERE status = 'running' AND NOT run_id = ANY (%(active)s)
      AND (worker_id = %(worker_id)s AND asked_at < now() - make_interval(secs => %(settled)s)
        OR NOT EXISTS (
        SELECT FROM workers w WHERE w.worker_id = runs.worker_id
          AND w.seen_at > now() - make_interval(secs => %(lease)s)))
    ORDER BY run_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
taken AS (
    UPDATE runs SET worker_id = %(worker_id)s,
        takeovers = takeovers + CASE WHEN runs.run_id = ANY (%(blameless)s) THEN 0 ELSE 1 END
    FROM orphans WHERE runs.run_id = orphans.run_id
    RETURNING runs.*)
""" + _RUN.replace("FROM runs r", "FROM taken r")

REQUEST_CANCEL = """
UPDATE runs SET cancel_requested = true
WHERE run_id = %(run_id)s AND org_id = %(org_id)s AND user_id = %(user_id)s
  AND status IN ('running', 'needs_approval')
"""

BY_KEY = (
    _RUN
    + """
WHERE r.org_id = %(org_id)s AND r.user_id = %(user_id)s AND r.idempotency_key = %(key)s
"""
)

ANSWER = """
SELECT answer::text FROM runs
WHERE run_id = %(run_id)s AND org_id = %(org_id)s AND user_id = %(user_id)s
"""

STATUS = """
SELECT status FROM runs
WHERE run_id = %(run_id)s AND org_id = %(org_id)s
  AND (%(user_id)s::uuid IS NULL OR user_id = %(user_id)s)
"""

PAGE = """
SELECT r.run_id, r.conversation_id, r.status, l.question,
    coalesce(r.answer->>'answer', '') AS answer, r.asked_at, r.finished_at,
    (SELECT f.verdict FROM run_feedback f WHERE f.run_id = r.run_id AND f.user_id = r.user_id
     ORDER BY f.given_at DESC, f.feedback_id DESC LIMIT 1) AS feedback
FROM runs r JOIN query_audit_logs l USING (run_id)
WHERE r.org_id = %(org_id)s AND r.user_id = %(user_id)s
  AND (%(conversation_id)s::uuid IS NULL OR r.conversation_id = %(conversation_id)s)
  AND (%(before)s::uuid IS NULL OR r.run_id < %(before)s)
ORDER BY r.run_id DESC LIMIT %(limit)s
"""


SETTLED_SECONDS = 8.0
"""A run younger than this may be one that its worker has stored and is about to take in hand."""


class KeyUsed(Exception):
    """The person has already asked something under this idempotency key."""


class UnknownOrganisation(Exception):
    """The organisation in the user context has no record here."""


class Lost(Exception):
    """The run has moved on without this worker: another took it over, or it was cancelled."""


Connection = AsyncConnection[TupleRow]


async def arrive(
    connection: Connection,
    log: LogRow,
    *,
    worker_id: UUID,
    is_first: bool,
    idempotency_key: str | None,
) -> bool:
    """Store a new run; `is_first` opens its conversation. False if the conversation to continue
    is not the person's. Raises KeyUsed and UnknownOrganisation."""
    statement = ARRIVE_FIRST if is_first else ARRIVE_NEXT
    try:
        ran = await statement.run(
            connection,
            {
                "run_id": log.run_id,
                "org_id": log.org_id,
                "user_id": log.user_id,
                "username": log.username,
                "role": log.role,
                "conversation_id": log.conversation_id,
                "question": log.question,
                "user_context": log.user_context,
                "asked_at": log.asked_at,
                "hash": log.hash,
                "worker_id": worker_id,
                "idempotency_key": idempotency_key,
            },
        )
    except UniqueViolation as error:
        raise KeyUsed from error
    except ForeignKeyViolation as error:
        raise UnknownOrganisation from error
    return ran.count == 1


async def advance(
    connection: Connection,
    run_id: UUID,
    events: Sequence[EventRow],
    *,
    status: RunStatus,
    worker_id: UUID | None,
    answer: str | None,
    next_worker: UUID | None = None,
) -> bool:
    """Append events and move the run to `status`, in one transaction; True if its asker wants it
    cancelled. A run that goes on becomes `next_worker`'s, where one is named, and its tries are
    counted anew. Raises Lost, and writes nothing, where the chain's head is not the one that the
    first event follows or the run is another worker's."""
    ran = await ADVANCE.run(
        connection,
        {
            "run_id": run_id,
            "head_seq": events[-1].seq,
            "head_hash": events[-1].hash,
            "previous_hash": events[0].prev_hash,
            "status": status.value,
            "answer": answer,
            "worker_id": worker_id,
            "next_worker": next_worker,
            # one JSON text is several times quicker to send than an array for each column
            "events": orjson.dumps([_fields(e) for e in events]).decode(),
        },
    )
    if not ran.rows:
        raise Lost
    return bool(ran.rows[0][0])


async def get(connection: Connection, run_id: UUID, *, org_id: UUID, user_id: UUID) -> Run | None:
    """The person's own run."""
    cursor = await connection.execute(GET, {"run_id": run_id, "org_id": org_id, "user_id": user_id})
    row = await cursor.fetchone()
    return _run(row) if row else None


async def by_key(connection: Connection, key: str, *, org_id: UUID, user_id: UUID) -> Run | None:
    """The person's own run under this idempotency key."""
    cursor = await connection.execute(BY_KEY, {"key": key, "org_id": org_id, "user_id": user_id})
    row = await cursor.fetchone()
    return _run(row) if row else None


async def take_over(
    connection: Connection,
    worker_id: UUID,
    *,
    active: Sequence[UUID],
    blameless: Sequence[UUID] = (),
    limit: int = 16,
) -> list[Run]:
    """Unfinished runs that no living worker works on, now this worker's. `active` are those it
    has in hand; `blameless` those that it put down for reasons that were not theirs."""
    cursor = await connection.execute(
        TAKE_OVER,
        {
            "worker_id": worker_id,
            "active": list(active),
            "blameless": list(blameless),
            "lease": LEASE_SECONDS,
            "settled": SETTLED_SECONDS,
            "limit": limit,
        },
    )
    return [_run(row) for row in await cursor.fetchall()]


async def request_cancel(
    connection: Connection, run_id: UUID, *, org_id: UUID, user_id: UUID
) -> bool:
    """Note the asker's wish; False where the run is finished or not theirs."""
    cursor = await connection.execute(
        REQUEST_CANCEL, {"run_id": run_id, "org_id": org_id, "user_id": user_id}
    )
    return cursor.rowcount == 1


async def answer(
    connection: Connection, run_id: UUID, *, org_id: UUID, user_id: UUID
) -> str | None:
    """The stored answer as JSON text; None while there is none."""
    cursor = await connection.execute(
        ANSWER, {"run_id": run_id, "org_id": org_id, "user_id": user_id}
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def status(
    connection: Connection, run_id: UUID, *, org_id: UUID, user_id: UUID | None
) -> RunStatus | None:
    """How the run stands; of anybody in the organisation where `user_id` is None."""
    cursor = await connection.execute(
        STATUS, {"run_id": run_id, "org_id": org_id, "user_id": user_id}
    )
    row = await cursor.fetchone()
    return RunStatus(row[0]) if row else None


async def page(
    connection: Connection,
    *,
    org_id: UUID,
    user_id: UUID,
    conversation_id: UUID | None = None,
    before: UUID | None,
    limit: int,
) -> list[RunSummary]:
    """The person's own runs, or those of one conversation, newest first, from after the one
    called `before`."""
    async with connection.cursor(row_factory=class_row(RunSummary)) as cursor:
        await cursor.execute(
            PAGE,
            {
                "org_id": org_id,
                "user_id": user_id,
                "conversation_id": conversation_id,
                "before": before,
                "limit": limit,
            },
        )
        return await cursor.fetchall()


def _run(row: TupleRow) -> Run:
    run_id, conversation_id, question, context, status, asked_at, seq, head, takeovers = row
    return Run(
        run_id=run_id,
        conversation_id=conversation_id,
        question=question,
        context=UserContext.model_validate(context),
        status=RunStatus(status),
        asked_at=asked_at,
        head_seq=seq,
        head_hash=head,
        takeovers=takeovers,
    )


def _fields(event: EventRow) -> dict[str, str | int]:
    return {
        "seq": event.seq,
        "stage": event.stage,
        "status": event.status,
        "at": event.at.isoformat(),
        "duration_ms": str(event.duration_ms),
        "detail": event.detail,
        "prev_hash": event.prev_hash,
        "hash": event.hash,
    }
