"""`evaluation_cases`: runs from which the planner is to learn.

A wrong answer, a rejected approval and an edited statement each open the case of their run; who
opened it can close it again. Rows are only added. What was asked, planned and answered is not
copied: it is on record with the run.
"""

from typing import Literal
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

Origin = Literal["feedback", "rejected", "edited"]

NOTE = """
INSERT INTO evaluation_cases (run_id, org_id, user_id, origin, is_open, reason)
SELECT %(run_id)s, %(org_id)s, %(user_id)s, %(origin)s, %(is_open)s, %(reason)s
WHERE %(is_open)s OR EXISTS (
    SELECT FROM evaluation_cases
    WHERE run_id = %(run_id)s AND user_id = %(user_id)s AND origin = %(origin)s)
"""


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
