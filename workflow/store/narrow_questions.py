"""`narrow_questions`: what a person asked about few people of late."""

from dataclasses import dataclass
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from kit.prepared import PreparedStatement

# Only what arrived before counts, so that a run that is taken up again counts the same.
NOTE = PreparedStatement("""
WITH noted AS (
    INSERT INTO narrow_questions (run_id, org_id, user_id, shape, cell)
    VALUES (%(run_id)s, %(org_id)s, %(user_id)s, %(shape)s, %(cell)s)
    ON CONFLICT (run_id) DO NOTHING)
SELECT count(*), count(*) FILTER (WHERE shape = %(shape)s AND cell <> %(cell)s)
FROM (
    SELECT DISTINCT shape, cell FROM narrow_questions
    WHERE org_id = %(org_id)s AND user_id = %(user_id)s AND run_id < %(run_id)s
      AND asked_at > now() - interval '1 hour') AS different
""")

FORGET = "DELETE FROM narrow_questions WHERE asked_at < now() - interval '1 day'"


@dataclass(frozen=True, slots=True)
class Past:
    """Of the last hour: how many different narrow questions there were, and how many of the same
    shape about other people."""

    volume: int = 0
    differences: int = 0


async def note(
    connection: AsyncConnection[TupleRow],
    *,
    run_id: UUID,
    org_id: UUID,
    user_id: UUID,
    shape: str,
    cell: str,
) -> Past:
    """Keep this one, and say what came before it."""
    ran = await NOTE.run(
        connection,
        {"run_id": run_id, "org_id": org_id, "user_id": user_id, "shape": shape, "cell": cell},
    )
    return Past(*ran.rows[0])


async def forget(connection: AsyncConnection[TupleRow]) -> None:
    """Drop what is too old to count."""
    await connection.execute(FORGET)
