"""What validation found of each recorded run."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow, class_row
from pydantic import JsonValue

SINCE = """
SELECT l.run_id, l.username, l.role, l.question, p.detail #>> '{value,planner}' AS planner,
    (v.detail::jsonb -> 'value') || coalesce(x.counted, '{}') AS checked
FROM query_audit_logs l
JOIN query_audit_events v ON v.run_id = l.run_id AND v.stage = 'validation'
    AND v.detail #> '{value,risk}' IS NOT NULL
LEFT JOIN query_audit_events p ON p.run_id = l.run_id AND p.stage = 'llm_generation'
LEFT JOIN LATERAL (
    SELECT e.detail::jsonb -> 'value' AS counted
    FROM query_audit_events e
    WHERE e.run_id = l.run_id AND e.stage = 'db_execution'
        AND e.detail #> '{value,risk}' IS NOT NULL
        AND e.detail #>> '{summary,step}' IS NOT DISTINCT FROM v.detail #>> '{summary,step}'
    ORDER BY e.seq DESC
    LIMIT 1
) x ON TRUE
WHERE l.asked_at >= %(since)s
ORDER BY l.run_id
"""


@dataclass(frozen=True, slots=True)
class CheckedRun:
    """A run that came to a statement; `checked` is the recorded value of the stage, with what was
    counted along with the execution."""

    run_id: UUID
    username: str
    role: str
    question: str
    planner: str | None
    checked: dict[str, JsonValue]


def since(connection: psycopg.Connection[TupleRow], moment: datetime) -> Iterator[CheckedRun]:
    """Those asked since then, in order, in bounded memory. Needs a transaction."""
    with connection.cursor("checked_runs", row_factory=class_row(CheckedRun)) as cursor:
        cursor.itersize = 500
        cursor.execute(SINCE, {"since": moment})
        yield from cursor
