"""`verified_queries`: questions and readings that were let through once for all."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row
from pydantic import TypeAdapter

from contracts.approval import Person
from contracts.plan import MetricQuery, RawSql

_COLUMNS = """
verified_id, org_id, question, patterns, output::text AS output, plan_in_words, sql, owner_id,
owner_name, owner_role, roles, approval_id, model_digest, policy_digest, created_at, expires_at,
revoked_at, revoked_by
"""

INSERT = """
INSERT INTO verified_queries (verified_id, org_id, question, patterns, output, plan_in_words, sql,
    owner_id, owner_name, owner_role, roles, approval_id, model_digest, policy_digest, expires_at)
VALUES (%(verified_id)s, %(org_id)s, %(question)s, %(patterns)s, %(output)s, %(plan_in_words)s,
    %(sql)s, %(owner_id)s, %(owner_name)s, %(owner_role)s, %(roles)s, %(approval_id)s,
    %(model_digest)s, %(policy_digest)s, %(expires_at)s)
"""

IN_FORCE = (
    "SELECT "
    + _COLUMNS
    + """ FROM verified_queries
WHERE org_id = %(org_id)s AND revoked_at IS NULL AND expires_at > now()
ORDER BY verified_id DESC LIMIT 1000
"""
)

PAGE = (
    "SELECT "
    + _COLUMNS
    + """ FROM verified_queries
WHERE org_id = %(org_id)s AND (%(before)s::uuid IS NULL OR verified_id < %(before)s)
ORDER BY verified_id DESC LIMIT %(limit)s
"""
)

REVOKE = (
    """
UPDATE verified_queries SET revoked_at = now(), revoked_by = %(by)s
WHERE org_id = %(org_id)s AND verified_id = %(verified_id)s AND revoked_at IS NULL
RETURNING """
    + _COLUMNS
)

_OUTPUT: TypeAdapter[MetricQuery | RawSql] = TypeAdapter(MetricQuery | RawSql)


@dataclass(frozen=True, slots=True)
class VerifiedRow:
    """A row; `output` is the JSON text of a plan or of SQL, `sql` what its approver saw."""

    verified_id: UUID
    org_id: UUID
    question: str
    patterns: list[str]
    output: str
    plan_in_words: str
    sql: str
    owner_id: UUID
    owner_name: str
    owner_role: str
    roles: list[str]
    approval_id: UUID
    model_digest: str
    policy_digest: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None

    @property
    def reading(self) -> MetricQuery | RawSql:
        """What runs."""
        return _OUTPUT.validate_json(self.output)

    @property
    def owner(self) -> Person:
        """Who let it through."""
        return Person(user_id=self.owner_id, username=self.owner_name, role=self.owner_role)


async def insert(connection: AsyncConnection[TupleRow], row: VerifiedRow) -> None:
    """Store a new one."""
    await connection.execute(
        INSERT,
        {
            "verified_id": row.verified_id,
            "org_id": row.org_id,
            "question": row.question,
            "patterns": row.patterns,
            "output": row.output,
            "plan_in_words": row.plan_in_words,
            "sql": row.sql,
            "owner_id": row.owner_id,
            "owner_name": row.owner_name,
            "owner_role": row.owner_role,
            "roles": row.roles,
            "approval_id": row.approval_id,
            "model_digest": row.model_digest,
            "policy_digest": row.policy_digest,
            "expires_at": row.expires_at,
        },
    )


async def in_force(connection: AsyncConnection[TupleRow], org_id: UUID) -> list[VerifiedRow]:
    """Neither revoked nor expired, newest first."""
    async with connection.cursor(row_factory=class_row(VerifiedRow)) as cursor:
        await cursor.execute(IN_FORCE, {"org_id": org_id})
        return await cursor.fetchall()


async def page(
    connection: AsyncConnection[TupleRow], org_id: UUID, *, before: UUID | None, limit: int
) -> list[VerifiedRow]:
    """All, newest first, from after the one called `before`."""
    async with connection.cursor(row_factory=class_row(VerifiedRow)) as cursor:
        await cursor.execute(PAGE, {"org_id": org_id, "before": before, "limit": limit})
        return await cursor.fetchall()


async def revoke(
    connection: AsyncConnection[TupleRow], org_id: UUID, verified_id: UUID, *, by: str
) -> VerifiedRow | None:
    """Take it out of force, and give it; None where there is none in force by that id."""
    async with connection.cursor(row_factory=class_row(VerifiedRow)) as cursor:
        await cursor.execute(REVOKE, {"org_id": org_id, "verified_id": verified_id, "by": by})
        return await cursor.fetchone()
