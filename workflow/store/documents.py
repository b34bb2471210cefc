"""Table `rag_documents`: passages of knowledge documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

Connection = AsyncConnection[TupleRow]


@dataclass(frozen=True, slots=True)
class Passage:
    """A row to be stored. `roles` may read it, nobody else."""

    document_key: str
    position: int
    title: str
    body: str
    kind: str
    roles: tuple[str, ...]
    content_hash: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of a row without reading it."""

    document_id: UUID
    document_key: str
    position: int
    content_hash: str


async def lock_organisation(connection: Connection, org_id: UUID) -> bool:
    """Let no other writer of this organisation's documents in until the transaction ends.
    False when there is no such organisation."""
    cursor = await connection.execute(
        """
        SELECT pg_advisory_xact_lock(hashtextextended(%(org_id)s::text, 40))
        FROM organisations WHERE org_id = %(org_id)s
        """,
        {"org_id": org_id},
    )
    return await cursor.fetchone() is not None


async def synced(connection: Connection, org_id: UUID) -> tuple[Stored, ...]:
    """Every row of an organisation that is kept equal to its sources."""
    cursor = await connection.execute(
        """
        SELECT document_id, document_key, position, content_hash
        FROM rag_documents WHERE org_id = %(org_id)s AND is_synced
        """,
        {"org_id": org_id},
    )
    return tuple(Stored(*row) for row in await cursor.fetchall())


async def upsert(connection: Connection, *, org_id: UUID, passages: Sequence[Passage]) -> None:
    """Insert, or replace in place: a row keeps its `document_id` when its text changes."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO rag_documents (
                org_id, document_key, position, title, body, kind, roles, content_hash, is_synced
            )
            VALUES (
                %(org_id)s, %(document_key)s, %(position)s, %(title)s, %(body)s, %(kind)s,
                %(roles)s, %(content_hash)s, true
            )
            ON CONFLICT (org_id, document_key, position) DO UPDATE SET
                title = excluded.title, body = excluded.body, kind = excluded.kind,
                roles = excluded.roles, content_hash = excluded.content_hash,
                is_synced = true, updated_at = now()
            """,
            [
                {
                    "org_id": org_id,
                    "document_key": passage.document_key,
                    "position": passage.position,
                    "title": passage.title,
                    "body": passage.body,
                    "kind": passage.kind,
                    "roles": list(passage.roles),
                    "content_hash": passage.content_hash,
                }
                for passage in passages
            ],
        )


async def delete(connection: Connection, org_id: UUID, document_ids: Sequence[UUID]) -> None:
    """Remove rows of an organisation, and their vectors with them."""
    await connection.execute(
        """
        DELETE FROM rag_documents
        WHERE org_id = %(org_id)s AND document_id = ANY (%(document_ids)s)
        """,
        {"org_id": org_id, "document_ids": list(document_ids)},
    )


async def roles(connection: Connection, org_id: UUID) -> tuple[str, ...]:
    """Every role that may read something."""
    cursor = await connection.execute(
        """
        SELECT DISTINCT role FROM rag_documents, unnest(roles) AS role
        WHERE org_id = %(org_id)s ORDER BY role
        """,
        {"org_id": org_id},
    )
    return tuple(role for (role,) in await cursor.fetchall())


async def count(connection: Connection, org_id: UUID) -> int:
    """How many passages an organisation has."""
    cursor = await connection.execute(
        "SELECT count(*) FROM rag_documents WHERE org_id = %(org_id)s", {"org_id": org_id}
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
