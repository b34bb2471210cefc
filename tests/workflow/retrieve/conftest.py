"""An organisation, and the embedder that needs no network."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import psycopg
import pytest

from contracts.context import Permission, UserContext
from contracts.run import Source
from kit.database import Pool, make_pool
from workflow.llm.embeddings import Embedder, EmbeddingsUnavailable, WordLlamaEmbedder
from workflow.retrieve.index import Document
from workflow.retrieve.search import Retriever

REVENUE = Document("revenue", "Revenue", "metric_glossary", ("finance",), "Revenue is money paid.")
STAFF = Document("staff", "Salaries", "narrative", ("admin",), "Revenue pays the salaries of all.")


class CountingEmbedder(WordLlamaEmbedder):
    """Remembers what it was asked to embed, and can be down."""

    def __init__(self, name: str = "counting", *, is_down: bool = False) -> None:
        super().__init__()
        self.name = name
        self.is_down = is_down
        self.fails_after: int | None = None
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.is_down or (self.fails_after is not None and len(self.texts) >= self.fails_after):
            raise EmbeddingsUnavailable("down")
        self.texts += texts
        return await super().embed(texts)


def organisation(url: str, name: str) -> UUID:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO organisations (name) VALUES (%s) RETURNING org_id", (name,)
        ).fetchone()
    assert row is not None
    org_id: UUID = row[0]
    return org_id


def asker(org_id: UUID, role: str) -> UserContext:
    return UserContext(
        user_id=uuid4(),
        username=role,
        org_id=org_id,
        role=role,
        permissions=(Permission.ASK,),
        store_ids=(1,),
        is_all_stores=False,
        allowed_views=(),
    )


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Pool]:
    pool = make_pool(url, name="test")
    await pool.open(wait=True)
    try:
        yield pool
    finally:
        await pool.close()


async def search(
    pool: Pool, embedder: Embedder, question: str, context: UserContext, *, limit: int = 4
) -> tuple[Source, ...]:
    """With nothing remembered, and no other embedder at hand."""
    retriever = Retriever(pool, lambda name: embedder if name == embedder.name else None)
    return await retriever.search(question, context, limit=limit)


@pytest.fixture
def org_id(app_url: str) -> UUID:
    return organisation(app_url, "One")
