"""Table `rag_documents`: passages of knowledge documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from psycopg import AsyncConnection, sql
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
    embedding_model: str


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that bears on a question."""

    document_id: UUID
    title: str
    body: str


def literal(vector: Sequence[float]) -> str:
    """A vector as pgvector reads it. Seven digits are all a single-precision number has."""
    return "[" + ",".join(f"{value:.7g}" for value in vector) + "]"


# Reciprocal rank fusion: Cormack, Clarke and Buettcher, SIGIR 2009, with their constant of 60.
# Each leg restricts organisation and role by itself, so that nothing unreadable takes a place.
#
# A small organisation's vectors are compared one by one: exact, and immune to what others hold.
# The index (its expression must be repeated to the letter) is for a large one; it spans all
# organisations, so the scan has to go on until enough rows passed the filters. The setting for
# that is made in a condition without columns, which is evaluated before the scan begins, and
# ends with the statement's own transaction.
#
# A vector of zeros has no direction: its distances are NaN, which sorts above every bound.
_SEARCH = """
WITH by_words AS (
    SELECT document_id,
           row_number() OVER (ORDER BY ts_rank(tsv, query, 1) DESC, document_id) AS place
    FROM rag_documents, websearch_to_tsquery('english', %(terms)s) AS query
    WHERE org_id = %(org_id)s AND %(role)s = ANY (roles) AND tsv @@ query
    ORDER BY place
    LIMIT 20
), size AS MATERIALIZED (
    SELECT count(*) > {few} AS is_large
    FROM (SELECT FROM rag_documents WHERE org_id = %(org_id)s LIMIT {few} + 1) AS counted
), nearest AS MATERIALIZED (
    (
        SELECT document_id, embedding <=> %(vector)s::vector AS distance
        FROM rag_documents
        WHERE NOT (SELECT is_large FROM size)
          AND org_id = %(org_id)s AND %(role)s = ANY (roles)
          AND embedding_dimensions = {dimensions} AND embedding_model = %(model)s
        ORDER BY distance
        LIMIT 20
    )
    UNION ALL
    (
        SELECT document_id, embedding::vector({dimensions}) <=> %(vector)s::vector AS distance
        FROM rag_documents
        WHERE (
            SELECT is_large AND set_config('hnsw.iterative_scan', 'strict_order', true) <> ''
            FROM size
        )
          AND org_id = %(org_id)s AND %(role)s = ANY (roles)
          AND embedding_dimensions = {dimensions} AND embedding_model = %(model)s
        ORDER BY distance
        LIMIT 20
    )
), by_meaning AS (
    SELECT document_id, row_number() OVER (ORDER BY distance, document_id) AS place
    FROM nearest
    WHERE distance < %(max_distance)s
), fused AS (
    SELECT document_id, sum(1.0 / (60 + place)) AS score
    FROM (SELECT * FROM by_words UNION ALL SELECT * FROM by_meaning) AS places
    GROUP BY document_id
    ORDER BY score DESC, document_id
    LIMIT %(limit)s
)
SELECT document_id, title, body
FROM fused JOIN rag_documents USING (document_id)
ORDER BY score DESC, document_id
"""
FEW = 2_000


@cache
def _search(dimensions: int) -> bytes:
    statement = sql.SQL(_SEARCH).format(dimensions=sql.Literal(dimensions), few=sql.Literal(FEW))
    return statement.as_bytes(None)


async def search(
    connection: Connection,
    *,
    org_id: UUID,
    role: str,
    terms: str,
    vector: Sequence[float],
    model: str,
    max_distance: float,
    limit: int,
) -> tuple[Found, ...]:
    """Best first. `terms` is in the language of `websearch_to_tsquery`; `vector` is compared
    with those of the same `model` only, and one of zeros with none."""
    cursor = await connection.execute(
        _search(len(vector)),
        {
            "org_id": org_id,
            "role": role,
            "terms": terms,
            "vector": literal(vector),
            "model": model,
            "max_distance": max_distance,
            "limit": limit,
        },
        prepare=True,
    )
    return tuple(Found(*row) for row in await cursor.fetchall())


async def lock_organisation(connection: Connection, org_id: UUID) -> bool:
    """Let no other writer of this organisation's documents in until the transaction ends.
    False when there is no such organisation."""
    cursor = await connection.execute(
        "SELECT 1 FROM organisations WHERE org_id = %(org_id)s FOR NO KEY UPDATE",
        {"org_id": org_id},
    )
    return await cursor.fetchone() is not None


async def stored(connection: Connection, org_id: UUID) -> tuple[Stored, ...]:
    """Every row of an organisation."""
    cursor = await connection.execute(
        """
        SELECT document_id, document_key, position, content_hash, embedding_model
        FROM rag_documents WHERE org_id = %(org_id)s
        """,
        {"org_id": org_id},
    )
    return tuple(Stored(*row) for row in await cursor.fetchall())


async def upsert(
    connection: Connection,
    *,
    org_id: UUID,
    model: str,
    passages: Sequence[tuple[Passage, Sequence[float]]],
) -> None:
    """Insert, or replace in place: a row keeps its `document_id` when its text changes."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO rag_documents AS old (
                org_id, document_key, position, title, body, kind, roles, content_hash,
                embedding_model, embedding
            )
            VALUES (
                %(org_id)s, %(document_key)s, %(position)s, %(title)s, %(body)s, %(kind)s,
                %(roles)s, %(content_hash)s, %(model)s, %(vector)s::vector
            )
            ON CONFLICT (org_id, document_key, position) DO UPDATE SET
                title = excluded.title, body = excluded.body, kind = excluded.kind,
                roles = excluded.roles, content_hash = excluded.content_hash,
                embedding_model = excluded.embedding_model, embedding = excluded.embedding,
                updated_at = now()
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
                    "model": model,
                    "vector": literal(vector),
                }
                for passage, vector in passages
            ],
        )


async def delete(connection: Connection, org_id: UUID, document_ids: Sequence[UUID]) -> None:
    """Remove rows of an organisation."""
    await connection.execute(
        """
        DELETE FROM rag_documents
        WHERE org_id = %(org_id)s AND document_id = ANY (%(document_ids)s)
        """,
        {"org_id": org_id, "document_ids": list(document_ids)},
    )
