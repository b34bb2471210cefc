"""Search of `rag_documents`, by words and by meaning at once, as one role may read it.

Fused by reciprocal rank: Cormack, Clarke and Buettcher, SIGIR 2009, with their constant of 60.
Each half restricts organisation and role by itself and ranks by nothing but the passages that
are left, so that what a role may not read takes no place and moves none.

Few passages are compared one by one. A role that may read many has indexes of its own, over
what it may read and nothing else; the statement then repeats their conditions to the letter.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from uuid import UUID

from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow

from kit.prepared import PreparedStatement
from workflow.store.embeddings import Serving

Connection = AsyncConnection[TupleRow]
NEIGHBOURS = 40
"""How many candidates a walk through a graph of vectors keeps."""
RANKED = 200
"""Of how many passages the words are weighed, at most."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for. `words` are those of the question; `vector`, as pgvector reads it, is
    compared with those of `serving` only, and one of zeros with none. `is_indexed` says that the
    role has indexes."""

    org_id: UUID
    role: str
    words: tuple[str, ...]
    vector: str
    serving: Serving
    is_indexed: bool
    max_distance: float
    limit: int


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that bears on a question: `words` of the question that it holds, and `distance`
    (cosine) where it is among the nearest in meaning."""

    document_id: UUID
    document_key: str
    kind: str
    title: str
    body: str
    words: tuple[str, ...]
    distance: float | None


@dataclass(frozen=True, slots=True)
class Results:
    """Best first, and what an organisation is to be searched by: where that is another than what
    was `Wanted`, the search has to be done again."""

    found: tuple[Found, ...]
    serving: Serving
    is_indexed: bool


# All words, and each passage that has one is weighed.
_ALL_WORDS = """
matching AS (
    SELECT document_id, tsv, query
    FROM rag_documents, websearch_to_tsquery('english', %(terms)s) AS query
    WHERE org_id = %(org_id)s AND %(role)s = ANY (roles) AND tsv @@ query
)
"""
# Words that are in many passages tell them apart least. The rarest are looked up, as far as
# their passages are few enough to be weighed; of the others only passages that have the two
# rarest together, and one alone only where there is nothing else to go by.
_RAREST_WORDS = """
terms AS MATERIALIZED (
    SELECT lexeme, coalesce(passages, 0) AS passages,
           sum(coalesce(passages, 0)) OVER rarest AS so_far,
           row_number() OVER rarest AS place
    FROM unnest(to_tsvector('english', %(terms)s))
    LEFT JOIN (
        SELECT lexeme, passages FROM rag_common_lexemes
        WHERE org_id = {org_id} AND role = {role}
    ) AS counted USING (lexeme)
    WINDOW rarest AS (ORDER BY coalesce(passages, 0), lexeme)
), chosen AS MATERIALIZED (
    SELECT concat_ws(
        ' | ',
        string_agg(quote_literal(lexeme), ' | ') FILTER (WHERE so_far <= {ranked}),
        (
            SELECT '(' || string_agg(quote_literal(lexeme), ' & ') || ')'
            FROM (SELECT lexeme FROM terms WHERE so_far > {ranked} ORDER BY place LIMIT 2) AS two
            HAVING count(*) = 2 OR count(*) = (SELECT count(*) FROM terms)
        )
    )::tsquery AS query,
    string_agg(quote_literal(lexeme), ' | ')::tsquery AS whole
    FROM terms
), matching AS MATERIALIZED (
    SELECT document_id, tsv, (SELECT whole FROM chosen) AS query
    FROM rag_documents
    WHERE org_id = {org_id} AND {role} = ANY (roles) AND tsv @@ (SELECT query FROM chosen)
    LIMIT {ranked}
)
"""
_ALL_VECTORS = """
nearest AS MATERIALIZED (
    SELECT document_id, embedding <=> %(vector)s::halfvec AS distance
    FROM rag_embeddings
    WHERE org_id = %(org_id)s AND %(role)s = ANY (roles) AND model = %(model)s
    ORDER BY distance, document_id
    LIMIT 20
)
"""
# The setting is made in a condition without columns, which is evaluated before the scan begins,
# and ends with the statement's own transaction.
_NEAREST_VECTORS = """
nearest AS MATERIALIZED (
    SELECT document_id,
           embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions}) AS distance
    FROM rag_embeddings
    WHERE org_id = {org_id} AND {role} = ANY (roles) AND model = {model}
      AND (SELECT set_config('hnsw.ef_search', {neighbours}, true) <> '')
    ORDER BY distance
    LIMIT 20
)
"""
# A vector of zeros has no direction: its distances are NaN, which sorts above every bound.
_FUSED = """
WITH {matching}, {nearest}, asked AS MATERIALIZED (
    SELECT word, plainto_tsquery('english', word) AS query
    FROM unnest(string_to_array(%(words)s, ' ')) AS word
), by_words AS (
    SELECT document_id,
           row_number() OVER (ORDER BY ts_rank(tsv, query, 1) DESC, document_id) AS place
    FROM matching
    ORDER BY place
    LIMIT 20
), by_meaning AS (
    SELECT document_id, distance,
           row_number() OVER (ORDER BY distance, document_id) AS place
    FROM nearest
    WHERE distance < %(max_distance)s
), fused AS (
    SELECT document_id, by_meaning.distance,
           coalesce(1.0 / (60 + by_words.place), 0)
           + coalesce(1.0 / (60 + by_meaning.place), 0) AS score
    FROM by_words FULL JOIN by_meaning USING (document_id)
    ORDER BY score DESC, document_id
    LIMIT %(limit)s
)
SELECT state.model, state.dimensions,
       EXISTS (
           SELECT FROM rag_role_indexes AS i
           WHERE i.org_id = state.org_id AND i.role = %(role)s AND i.model = state.model
       ),
       readable.*
FROM rag_state AS state
LEFT JOIN (
    SELECT document_id, document_key, kind, title, body,
           ARRAY (SELECT word FROM asked WHERE tsv @@ asked.query),
           distance, score
    FROM fused JOIN rag_documents USING (document_id)
    WHERE org_id = %(org_id)s AND %(role)s = ANY (roles)
) AS readable ON true
WHERE state.org_id = %(org_id)s
ORDER BY score DESC, document_id
"""


@cache
def _one_by_one() -> PreparedStatement:
    return _statement(matching=sql.SQL(_ALL_WORDS), nearest=sql.SQL(_ALL_VECTORS))


@lru_cache(maxsize=256)
def _through_indexes(org_id: UUID, role: str, serving: Serving) -> PreparedStatement:
    parts = {
        "org_id": sql.Literal(org_id),
        "role": sql.Literal(role),
        "model": sql.Literal(serving.model),
        "dimensions": sql.Literal(serving.dimensions),
        "neighbours": sql.Literal(str(NEIGHBOURS)),
        "ranked": sql.Literal(RANKED),
    }
    return _statement(
        matching=sql.SQL(_RAREST_WORDS).format(**parts),
        nearest=sql.SQL(_NEAREST_VECTORS).format(**parts),
    )


def _statement(**parts: sql.Composable) -> PreparedStatement:
    return PreparedStatement(sql.SQL(_FUSED).format(**parts).as_string(None))


async def search(connection: Connection, wanted: Wanted) -> Results | None:
    """In one round trip. None where the organisation has no documents."""
    is_indexed = wanted.is_indexed
    statement = (
        _through_indexes(wanted.org_id, wanted.role, wanted.serving)
        if is_indexed
        else _one_by_one()
    )
    ran = await statement.run(
        connection,
        {
            "org_id": wanted.org_id,
            "role": wanted.role,
            "words": " ".join(wanted.words),
            "terms": (" " if is_indexed else " OR ").join(wanted.words),
            "vector": wanted.vector,
            "model": wanted.serving.model,
            "max_distance": wanted.max_distance,
            "limit": wanted.limit,
        },
    )
    if not ran.rows:
        return None
    model, dimensions, has_indexes = ran.rows[0][:3]
    found = tuple(
        Found(document_id, key, kind, title, body, tuple(words), distance)
        for _, _, _, document_id, key, kind, title, body, words, distance, _ in ran.rows
        if document_id is not None
    )
    return Results(found, Serving(model, dimensions), has_indexes)
