"""`workers`: which processes are alive."""

from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

LEASE_SECONDS = 4.0
"""A worker silent for longer has lost its runs to the next that looks."""

BEAT = """
INSERT INTO workers (worker_id) VALUES (%(worker_id)s)
ON CONFLICT (worker_id) DO UPDATE SET seen_at = now()
"""

FORGET = """
DELETE FROM workers WHERE worker_id = %(worker_id)s OR seen_at < now() - interval '1 day'
"""


async def beat(connection: AsyncConnection[TupleRow], worker_id: UUID) -> None:
    """Say that this worker lives."""
    await connection.execute(BEAT, {"worker_id": worker_id})


async def forget(connection: AsyncConnection[TupleRow], worker_id: UUID) -> None:
    """An orderly end: its runs may be taken over at once."""
    await connection.execute(FORGET, {"worker_id": worker_id})
