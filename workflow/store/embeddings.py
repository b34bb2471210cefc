"""Table `rag_embeddings`: the vectors of passages, by embedding model, and what is kept to search
them by."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow

Connection = AsyncConnection[TupleRow]
COMMON = 50
"""A word that occurs in fewer passages than this is not counted."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The model by whose vectors an organisation is searched, and their length."""

    model: str
    dimensions: int


@dataclass(frozen=True, slots=True)
class Unembedded:
    """A passage without a vector of its text as it is now."""

    document_id: UUID
    title: str
    body: str
    text_hash: str


def literal(vector: Sequence[float]) -> str:
    """A vector as pgvector reads it. Half precision has four digits."""
    return "[" + ",".join(f"{value:.5g}" for value in vector) + "]"


async def serving(connection: Connection, org_id: UUID) -> Serving | None:
    """What an organisation is searched by; None before its first document."""
    cursor = await connection.execute(
        "SELECT model, dimensions FROM rag_state WHERE org_id = %(org_id)s", {"org_id": org_id}
    )
    row = await cursor.fetchone()
    return Serving(*row) if row else None


async def serve(connection: Connection, org_id: UUID, chosen: Serving) -> None:
    """Search the organisation by another model's vectors from now on."""
    await connection.execute(
        """
        INSERT INTO rag_state (org_id, model, dimensions)
        VALUES (%(org_id)s, %(model)s, %(dimensions)s)
        ON CONFLICT (org_id) DO UPDATE SET
            model = excluded.model, dimensions = excluded.dimensions
        """,
        {"org_id": org_id, "model": chosen.model, "dimensions": chosen.dimensions},
    )


async def begin(connection: Connection, org_id: UUID, chosen: Serving) -> None:
    """Search by this model's vectors, few as they are, where there are no others yet."""
    await connection.execute(
        """
        INSERT INTO rag_state (org_id, model, dimensions)
        VALUES (%(org_id)s, %(model)s, %(dimensions)s)
        ON CONFLICT DO NOTHING
        """,
        {"org_id": org_id, "model": chosen.model, "dimensions": chosen.dimensions},
    )


async def due(connection: Connection, minutes: float) -> tuple[UUID, ...]:
    """The organisations that were not refreshed for so long."""
    cursor = await connection.execute(
        """
        SELECT org_id
        FROM organisations LEFT JOIN rag_state USING (org_id)
        WHERE refreshed_at IS NULL
           OR refreshed_at <= now() - make_interval(secs => %(seconds)s)
        ORDER BY org_id
        """,
        {"seconds": minutes * 60},
    )
    return tuple(org_id for (org_id,) in await cursor.fetchall())


async def mark_refreshed(connection: Connection, org_id: UUID) -> None:
    """Say that the organisation is up to date now."""
    await connection.execute(
        "UPDATE rag_state SET refreshed_at = now() WHERE org_id = %(org_id)s", {"org_id": org_id}
    )


async def try_lock(connection: Connection, org_id: UUID) -> bool:
    """Be the one who refreshes the organisation, until `unlock` or the connection's end; False
    where another is."""
    cursor = await connection.execute(
        "SELECT pg_try_advisory_lock(hashtextextended(%(org_id)s::text, 41))", {"org_id": org_id}
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def unlock(connection: Connection, org_id: UUID) -> None:
    """Let others refresh it again."""
    await connection.execute(
        "SELECT pg_advisory_unlock(hashtextextended(%(org_id)s::text, 41))", {"org_id": org_id}
    )


async def unembedded(
    connection: Connection, org_id: UUID, model: str, *, limit: int
) -> tuple[Unembedded, ...]:
    """Passages that are new or whose text has changed, as far as this model is concerned."""
    cursor = await connection.execute(
        """
        SELECT d.document_id, d.title, d.body, d.text_hash
        FROM rag_documents AS d
        WHERE d.org_id = %(org_id)s
          AND NOT EXISTS (
              SELECT FROM rag_embeddings AS e
              WHERE e.document_id = d.document_id AND e.model = %(model)s
                AND e.text_hash = d.text_hash
          )
        LIMIT %(limit)s
        """,
        {"org_id": org_id, "model": model, "limit": limit},
    )
    return tuple(Unembedded(*row) for row in await cursor.fetchall())


async def store(
    connection: Connection,
    model: str,
    made: Sequence[tuple[Unembedded, Sequence[float]]],
) -> None:
    """Keep the vectors of passages whose text is still what was embedded."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO rag_embeddings (document_id, model, org_id, roles, text_hash, embedding)
            SELECT document_id, %(model)s, org_id, roles, text_hash, %(vector)s::halfvec
            FROM rag_documents
            WHERE document_id = %(document_id)s AND text_hash = %(text_hash)s
            FOR SHARE
            ON CONFLICT (document_id, model) DO UPDATE SET
                roles = excluded.roles, text_hash = excluded.text_hash,
                embedding = excluded.embedding
            """,
            [
                {
                    "model": model,
                    "vector": literal(vector),
                    "document_id": passage.document_id,
                    "text_hash": passage.text_hash,
                }
                for passage, vector in made
            ],
        )


async def forget_others(connection: Connection, org_id: UUID, model: str) -> None:
    """Remove what models made that no longer serve: indexes, then vectors."""
    await connection.execute(
        """
        SELECT rag_drop_role_index(org_id, role, model)
        FROM rag_role_indexes WHERE org_id = %(org_id)s AND model <> %(model)s
        """,
        {"org_id": org_id, "model": model},
    )
    await connection.execute(
        "DELETE FROM rag_embeddings WHERE org_id = %(org_id)s AND model <> %(model)s",
        {"org_id": org_id, "model": model},
    )


async def indexed_roles(connection: Connection, org_id: UUID, model: str) -> frozenset[str]:
    """The roles that have indexes of their own over this model's vectors."""
    cursor = await connection.execute(
        """
        SELECT role FROM rag_role_indexes
        WHERE org_id = %(org_id)s AND model = %(model)s
        """,
        {"org_id": org_id, "model": model},
    )
    return frozenset(role for (role,) in await cursor.fetchall())


async def index_role(connection: Connection, org_id: UUID, role: str, chosen: Serving) -> None:
    """Make the role's own indexes. Writers of documents wait meanwhile, readers do not."""
    await connection.execute(
        "SELECT rag_index_role(%(org_id)s, %(role)s, %(model)s, %(dimensions)s)",
        {
            "org_id": org_id,
            "role": role,
            "model": chosen.model,
            "dimensions": chosen.dimensions,
        },
    )


async def count_common_lexemes(connection: Connection, org_id: UUID, role: str) -> None:
    """Count anew in how many passages that the role may read each word occurs."""
    rows = sql.SQL("SELECT tsv FROM rag_documents WHERE org_id = {} AND {} = ANY (roles)").format(
        sql.Literal(org_id), sql.Literal(role)
    )
    parameters = {
        "org_id": org_id,
        "role": role,
        "rows": rows.as_string(connection),
        "common": COMMON,
    }
    async with connection.transaction():
        await connection.execute(
            "DELETE FROM rag_common_lexemes WHERE org_id = %(org_id)s AND role = %(role)s",
            parameters,
        )
        await connection.execute(
            """
            INSERT INTO rag_common_lexemes (org_id, role, lexeme, passages)
            SELECT %(org_id)s, %(role)s, word, ndoc FROM ts_stat(%(rows)s)
            WHERE ndoc >= %(common)s
            """,
            parameters,
        )
