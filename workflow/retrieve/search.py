"""Find what the organisation has written down about a question."""

import re
from collections.abc import Callable
from uuid import UUID

import structlog
from cachetools import LRUCache

from contracts.context import UserContext
from contracts.run import Match, Source
from kit.database import Pool
from workflow.llm.embeddings import Embedder, EmbeddingsUnavailable
from workflow.store import document_search, embeddings
from workflow.store.document_search import Found, Results, Wanted
from workflow.store.embeddings import Serving, literal

_WORD = re.compile(r"[^\W_]+")
_MAX_TERMS = 32
_MAX_LENGTH = 60  # PostgreSQL refuses words of 2 kB and more; no word is that long
# Cosine distance. With the built-in embedder passages about something else begin at 0.8; for a
# model whose distances are all smaller this bound does nothing, and the ranks decide alone.
MAX_DISTANCE = 0.75
MOST_VECTORS = 512
"""Of questions, kept: two kilobytes each with the built-in embedder."""

log = structlog.get_logger(__name__)


class Retriever:
    """Searches documents; remembers by which model's vectors, and through which indexes. What it
    remembers is only ever out of date, never wrong: each answer says what it should have been."""

    def __init__(self, pool: Pool, embedder_named: Callable[[str], Embedder | None]) -> None:
        self._pool = pool
        self._embedder_named = embedder_named
        self._serving: dict[UUID, Serving] = {}
        self._indexed: dict[tuple[UUID, str], bool] = {}
        self._vectors = LRUCache[tuple[Serving, str], str](MOST_VECTORS)

    async def search(
        self, question: str, context: UserContext, *, limit: int = 4
    ) -> tuple[Source, ...]:
        """The passages that bear on the question, best first, of those that the role may read.

        By words and by meaning, fused by rank, in one round trip. Without vectors it goes by
        words alone. Never fails because of what the question contains.
        """
        words = _words(question)
        if not words:
            return ()
        serving = self._serving.get(context.org_id) or await self._look_up(context.org_id)
        if serving is None:
            return ()
        results = await self._ask(question, words, context, serving, limit)
        if results is not None and results.serving != serving:
            results = await self._ask(question, words, context, results.serving, limit)
        if results is None:
            return ()
        self._serving[context.org_id] = results.serving
        self._indexed[context.org_id, context.role] = results.is_indexed
        return tuple(_source(item, rank) for rank, item in enumerate(results.found, 1))

    async def _look_up(self, org_id: UUID) -> Serving | None:
        async with self._pool.connection() as connection:
            return await embeddings.serving(connection, org_id)

    async def _ask(
        self,
        question: str,
        words: tuple[str, ...],
        context: UserContext,
        serving: Serving,
        limit: int,
    ) -> Results | None:
        vector = await self._vector(question, serving)
        wanted = Wanted(
            org_id=context.org_id,
            role=context.role,
            words=words,
            vector=vector,
            serving=serving,
            is_indexed=self._indexed.get((context.org_id, context.role), False),
            max_distance=MAX_DISTANCE,
            limit=limit,
        )
        async with self._pool.connection() as connection:
            return await document_search.search(connection, wanted)

    async def _vector(self, question: str, serving: Serving) -> str:
        """As pgvector reads it. The same question has the same one."""
        key = serving, question
        if key in self._vectors:
            return self._vectors[key]
        embedder = self._embedder_named(serving.model)
        try:
            if embedder is None:
                raise EmbeddingsUnavailable(f"nothing here makes vectors of {serving.model}")
            [vector] = await embedder.embed([question])
        except EmbeddingsUnavailable as error:
            log.warning("searched by words alone", reason=error.reason)
            return literal([0.0] * serving.dimensions)
        self._vectors[key] = literal(vector)
        return self._vectors[key]


def _source(item: Found, rank: int) -> Source:
    similarity = None if item.distance is None else round(1 - item.distance, 2)
    return Source(
        document_id=str(item.document_id),
        document=item.document_key,
        kind=item.kind,
        title=item.title,
        snippet=item.body,
        match=Match(rank=rank, words=item.words, similarity=similarity),
    )


def _words(question: str) -> tuple[str, ...]:
    found = (word.lower() for word in _WORD.findall(question) if len(word) <= _MAX_LENGTH)
    return tuple(dict.fromkeys(found))[:_MAX_TERMS]
