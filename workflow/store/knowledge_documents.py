"""`knowledge_documents`: what admins wrote, whole; `rag_documents` holds the passages of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from kit.database import Connection

SELECT = """
SELECT document_key, version, title, kind, body, roles, is_removed, changed_by, changed_at
FROM knowledge_documents WHERE org_id = %(org_id)s ORDER BY document_key
"""

SAVE = """
INSERT INTO knowledge_documents (org_id, document_key, version, title, kind, body, roles,
    is_removed, changed_by)
VALUES (%(org_id)s, %(document_key)s, %(version)s, %(title)s, %(kind)s, %(body)s, %(roles)s,
    %(is_removed)s, %(changed_by)s)
ON CONFLICT (org_id, document_key) DO UPDATE SET version = excluded.version,
    title = excluded.title, kind = excluded.kind, body = excluded.body, roles = excluded.roles,
    is_removed = excluded.is_removed, changed_by = excluded.changed_by, changed_at = now()
"""


@dataclass(frozen=True, slots=True)
class KnowledgeRow:
    """A row. One that `is_removed` stands for nothing, not even for the file of its key."""

    document_key: str
    version: int
    title: str
    kind: str
    body: str
    roles: list[str]
    is_removed: bool
    changed_by: str
    changed_at: datetime


async def all_of(connection: Connection, org_id: UUID) -> list[KnowledgeRow]:
    """All of an organisation's, by key."""
    async with connection.cursor(row_factory=class_row(KnowledgeRow)) as cursor:
        await cursor.execute(SELECT, {"org_id": org_id})
        return await cursor.fetchall()


async def save(connection: Connection, org_id: UUID, row: KnowledgeRow) -> None:
    """Insert or replace; whoever calls holds the organisation's lock (`documents`)."""
    await connection.execute(
        SAVE,
        {
            "org_id": org_id,
            "document_key": row.document_key,
            "version": row.version,
            "title": row.title,
            "kind": row.kind,
            "body": row.body,
            "roles": row.roles,
            "is_removed": row.is_removed,
            "changed_by": row.changed_by,
        },
    )


async def passages(connection: Connection, org_id: UUID) -> dict[str, int]:
    """How many passages each document has in the index, by key."""
    cursor = await connection.execute(
        """
        SELECT document_key, count(*)::integer FROM rag_documents
        WHERE org_id = %(org_id)s GROUP BY document_key
        """,
        {"org_id": org_id},
    )
    return dict(await cursor.fetchall())
