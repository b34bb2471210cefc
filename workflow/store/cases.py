"""`evaluation_cases`: runs from which the planner is to learn.

A wrong answer, a rejected approval and an edited statement each open the case of their run; who
opened it can close it again. Rows are only added. What was asked, planned and answered is not
copied: it is on record with the run.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

Origin = Literal["feedback", "rejected", "edited"]

NOTE = """
INSERT INTO evaluation_cases (run_id, org_id, user_id, origin, is_open, reason)
SELECT %(run_id)s, %(org_id)s, %(user_id)s, %(origin)s, %(is_open)s, %(reason)s
WHERE %(is_open)s OR EXISTS (
    SELECT FROM evaluation_cases
    WHERE run_id = %(run_id)s AND user_id = %(user_id)s AND origin = %(origin)s)
"""

OPEN = """
WITH newest AS (
    SELECT DISTINCT ON (run_id, origin, user_id) run_id, origin, is_open, reason, noted_at
    FROM evaluation_cases ORDER BY run_id, origin, user_id, noted_at DESC, case_id DESC)
SELECT DISTINCT ON (n.run_id, n.origin) n.run_id, n.origin, n.reason, l.username, l.question,
    r.answer::text AS answer,
    ARRAY(SELECT e.question FROM query_audit_logs e
        WHERE e.conversation_id = l.conversation_id AND e.run_id < l.run_id
        ORDER BY e.run_id) AS after
FROM newest n JOIN query_audit_logs l USING (run_id) JOIN runs r USING (run_id)
WHERE n.is_open AND r.answer IS NOT NULL
ORDER BY n.run_id, n.origin, n.noted_at DESC
"""


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A run that somebody found wanting: `after` was asked before in its conversation, `answer`
    is JSON text."""

    run_id: UUID
    origin: Origin
    reason: str
    username: str
    question: str
    answer: str
    after: list[str]


async def open_cases(connection: AsyncConnection[TupleRow]) -> list[OpenCase]:
    """All that are open, oldest run first."""
    async with connection.cursor(row_factory=class_row(OpenCase)) as cursor:
        await cursor.execute(OPEN)
        return await cursor.fetchall()


async def open_case(
    connection: AsyncConnection[TupleRow],
    run_id: UUID,
    origin: Origin,
    *,
    reason: str,
    org_id: UUID,
    user_id: UUID,
) -> None:
    """Make the run a case. `reason` is what the person said, `user_id` who said it. To be called
    in the transaction that records the rejection, the edit or the feedback."""
    await _note(connection, run_id, origin, reason, org_id, user_id, is_open=True)


async def close_case(
    connection: AsyncConnection[TupleRow],
    run_id: UUID,
    origin: Origin,
    *,
    reason: str,
    org_id: UUID,
    user_id: UUID,
) -> None:
    """Take back what the same person said; nothing happens where they had said nothing."""
    await _note(connection, run_id, origin, reason, org_id, user_id, is_open=False)


async def _note(
    connection: AsyncConnection[TupleRow],
    run_id: UUID,
    origin: Origin,
    reason: str,
    org_id: UUID,
    user_id: UUID,
    *,
    is_open: bool,
) -> None:
    await connection.execute(
        NOTE,
        {
            "run_id": run_id,
            "org_id": org_id,
            "user_id": user_id,
            "origin": origin,
            "is_open": is_open,
            "reason": reason,
        },
    )
