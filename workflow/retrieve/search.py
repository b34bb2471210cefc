"""Find what the organisation has written down about a question."""

import re

import structlog

from contracts.context import UserContext
from contracts.run import Source
from kit.database import Pool
from workflow.llm.embeddings import Embedder, EmbeddingsUnavailable
from workflow.store import documents

_WORD = re.compile(r"[^\W_]+")
_MAX_TERMS = 32
_MAX_LENGTH = 60  # PostgreSQL refuses words of 2 kB and more; no word is that long
# Cosine distance. With the built-in embedder passages about something else begin at 0.8; for a
# model whose distances are all smaller this bound does nothing, and the ranks decide alone.
MAX_DISTANCE = 0.75

log = structlog.get_logger(__name__)


async def search(
    pool: Pool, embedder: Embedder, question: str, context: UserContext, *, limit: int = 4
) -> tuple[Source, ...]:
    """The passages that bear on the question, best first, of those that the role may read.

    By words and by meaning, fused by rank, in one round trip. Without vectors it goes by words
    alone. Never fails because of what the question contains.
    """
    words = _words(question)
    if not words:
        return ()
    try:
        [vector] = await embedder.embed([question])
    except EmbeddingsUnavailable as error:
        log.warning("searched by words alone", reason=error.reason)
        vector = [0.0] * embedder.dimensions
    async with pool.connection() as connection:
        found = await documents.search(
            connection,
            org_id=context.org_id,
            role=context.role,
            terms=" OR ".join(words),
            vector=vector,
            model=embedder.name,
            max_distance=MAX_DISTANCE,
            limit=limit,
        )
    return tuple(
        Source(document_id=str(item.document_id), title=item.title, snippet=item.body)
        for item in found
    )


def _words(question: str) -> list[str]:
    found = (word.lower() for word in _WORD.findall(question) if len(word) <= _MAX_LENGTH)
    return list(dict.fromkeys(found))[:_MAX_TERMS]
