"""`model_use` and the questions asked, added up for those who govern."""

from collections.abc import Mapping
from datetime import date
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from contracts.usage import UseLine
from kit.database import Connection

By = Literal["day", "person", "role", "model", "total"]

# Both sides are cut to the days first: one row a day, person and role, at most.
_DAYS = """
WITH used AS (
    SELECT day, user_id, role, model, calls, prompt_tokens, completion_tokens, cost
    FROM model_use WHERE org_id = %(org_id)s AND day BETWEEN %(since)s AND %(until)s),
asked AS (
    SELECT (asked_at AT TIME ZONE 'UTC')::date AS day, user_id, role, count(*) AS questions
    FROM query_audit_logs
    WHERE org_id = %(org_id)s AND asked_at >= %(since)s::timestamp AT TIME ZONE 'UTC'
      AND asked_at < (%(until)s::date + 1)::timestamp AT TIME ZONE 'UTC'
    GROUP BY 1, 2, 3),
both_of AS (
    SELECT day, user_id, role, model, NULL::bigint AS questions, calls, prompt_tokens,
        completion_tokens, cost FROM used
    UNION ALL SELECT day, user_id, role, NULL, questions, 0, 0, 0, 0 FROM asked)
"""
_SUMS = """
    coalesce(sum(questions), 0)::bigint AS questions, coalesce(sum(calls), 0)::bigint AS calls,
    coalesce(sum(prompt_tokens), 0)::bigint AS prompt_tokens,
    coalesce(sum(completion_tokens), 0)::bigint AS completion_tokens,
    coalesce(sum(cost), 0) AS cost
"""
_MOST_FIRST = "ORDER BY sum(prompt_tokens + completion_tokens) DESC, 1 LIMIT 200"

LINES: Mapping[By, str] = {
    "total": f"{_DAYS} SELECT 'total' AS name, {_SUMS} FROM both_of",
    "day": f"{_DAYS} SELECT day::text AS name, {_SUMS} FROM both_of GROUP BY day ORDER BY day",
    "role": f"{_DAYS} SELECT role AS name, {_SUMS} FROM both_of GROUP BY role {_MOST_FIRST}",
    "person": f"""{_DAYS}
        SELECT coalesce((SELECT username FROM query_audit_logs AS l
                WHERE l.user_id = both_of.user_id AND l.org_id = %(org_id)s
                ORDER BY run_id DESC LIMIT 1), user_id::text) AS name, {_SUMS}
        FROM both_of GROUP BY user_id {_MOST_FIRST}""",
    "model": f"""{_DAYS}
        SELECT model AS name, NULL::bigint AS questions, sum(calls)::bigint AS calls,
            sum(prompt_tokens)::bigint AS prompt_tokens,
            sum(completion_tokens)::bigint AS completion_tokens, sum(cost) AS cost
        FROM used GROUP BY model {_MOST_FIRST}""",
}

TODAY = """
SELECT coalesce(sum(prompt_tokens + completion_tokens), 0)::bigint FROM model_use
WHERE org_id = %(org_id)s AND day = (now() AT TIME ZONE 'UTC')::date
"""


async def lines(
    connection: Connection, org_id: UUID, by: By, *, since: date, until: date
) -> list[UseLine]:
    """What was used in these days, both included."""
    async with connection.cursor(row_factory=class_row(UseLine)) as cursor:
        await cursor.execute(LINES[by], {"org_id": org_id, "since": since, "until": until})
        return await cursor.fetchall()


async def today(connection: Connection, org_id: UUID) -> int:
    """Tokens of the organisation."""
    row = await (await connection.execute(TODAY, {"org_id": org_id})).fetchone()
    return int(row[0]) if row else 0
