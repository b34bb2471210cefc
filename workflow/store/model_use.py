"""`model_use`: what each person's questions used of models, by day (UTC), role and model."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

ADD = """
INSERT INTO model_use AS known
    (org_id, day, user_id, role, model, calls, prompt_tokens, completion_tokens, cost)
VALUES (%(org_id)s, %(day)s, %(user_id)s, %(role)s, %(model)s, %(calls)s, %(prompt_tokens)s,
        %(completion_tokens)s, %(cost)s)
ON CONFLICT (org_id, day, user_id, role, model) DO UPDATE SET
    calls = known.calls + excluded.calls,
    prompt_tokens = known.prompt_tokens + excluded.prompt_tokens,
    completion_tokens = known.completion_tokens + excluded.completion_tokens,
    cost = known.cost + excluded.cost
"""

TOKENS = """
SELECT coalesce(sum(prompt_tokens + completion_tokens) FILTER (WHERE user_id = %(user_id)s), 0),
       coalesce(sum(prompt_tokens + completion_tokens), 0)
FROM model_use
WHERE org_id = %(org_id)s AND day = %(day)s
"""


@dataclass(frozen=True, slots=True)
class UseRow:
    """What is added to a person's day."""

    org_id: UUID
    day: date
    user_id: UUID
    role: str
    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal


async def add(connection: AsyncConnection[TupleRow], rows: Iterable[UseRow]) -> None:
    """Add to what is known, all or nothing, in the order of the keys, so that two workers never
    wait for each other."""
    ordered = sorted(rows, key=lambda row: (row.org_id, row.day, row.user_id, row.role, row.model))
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.executemany(
            ADD, [{name: getattr(row, name) for name in UseRow.__slots__} for row in ordered]
        )


async def tokens(
    connection: AsyncConnection[TupleRow], *, org_id: UUID, user_id: UUID, day: date
) -> tuple[int, int]:
    """Of the person, and of the whole organisation."""
    cursor = await connection.execute(TOKENS, {"org_id": org_id, "user_id": user_id, "day": day})
    row = await cursor.fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
