"""Documents as they are brought into the index: what is embedded, kept, and refused."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from tests.workflow.retrieve.conftest import (
    REVENUE,
    STAFF,
    CountingEmbedder,
    asker,
    opened,
    search,
)
from workflow.llm.embeddings import EmbeddingsUnavailable, WordLlamaEmbedder
from workflow.retrieve import index
from workflow.retrieve.index import Document, DocumentError, IndexReport, index_documents
from workflow.retrieve.search import Retriever

pytestmark = pytest.mark.anyio


async def test_only_what_changed_is_embedded(app_url: str, org_id: UUID) -> None:
    embedder = CountingEmbedder()
    async with opened(app_url) as pool:
        report = await index_documents(pool, embedder, org_id, [REVENUE, STAFF])
        assert report == IndexReport(inserted=2, updated=0, deleted=0, unchanged=0, embedded=2)
        before = await search(pool, embedder, "revenue", asker(org_id, "finance"))

        embedder.texts.clear()
        report = await index_documents(pool, embedder, org_id, [REVENUE, STAFF])
        assert report == IndexReport(inserted=0, updated=0, deleted=0, unchanged=2, embedded=0)
        assert embedder.texts == []

        changed = replace(REVENUE, body="Revenue is all that customers paid.")
        report = await index_documents(pool, embedder, org_id, [changed])
        assert report == IndexReport(inserted=0, updated=1, deleted=1, unchanged=0, embedded=1)
        assert embedder.texts == ["Revenue\nRevenue is all that customers paid."]
        after = await search(pool, embedder, "revenue", asker(org_id, "finance"))
        assert [source.document_id for source in after] == [before[0].document_id]
        assert after[0].snippet == changed.body
        assert await search(pool, embedder, "salaries", asker(org_id, "admin")) == ()


async def test_a_change_of_roles_counts_at_once(app_url: str, org_id: UUID) -> None:
    embedder = WordLlamaEmbedder()
    async with opened(app_url) as pool:
        await index_documents(pool, embedder, org_id, [REVENUE])
        await index_documents(pool, embedder, org_id, [replace(REVENUE, roles=("admin",))])
        assert await search(pool, embedder, "revenue", asker(org_id, "finance")) == ()
        assert len(await search(pool, embedder, "revenue", asker(org_id, "admin"))) == 1


async def test_another_embedder_takes_over_when_its_vectors_are_complete(
    app_url: str, org_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "BATCH", 1)
    old, new = CountingEmbedder("old"), CountingEmbedder("new")
    documents = [REVENUE, STAFF, replace(REVENUE, key="third", title="A", body="b")]
    by_name: dict[str, CountingEmbedder] = {"old": old, "new": new}
    asking = asker(org_id, "finance")
    async with opened(app_url) as pool:
        await index_documents(pool, old, org_id, documents)
        retriever = Retriever(pool, by_name.get)
        assert len(await retriever.search("earnings", asking)) == 1

        new.fails_after = 2
        with pytest.raises(EmbeddingsUnavailable):
            await index_documents(pool, new, org_id, documents)
        assert len(await retriever.search("earnings", asking)) == 1  # by the old vectors

        new.fails_after = None
        new.texts.clear()
        report = await index_documents(pool, new, org_id, documents)
        assert (report.unchanged, report.embedded) == (3, 1)  # two had been made before
        old.is_down = True
        retriever._vectors.clear()
        assert len(await retriever.search("earnings", asking)) == 1
        async with pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT model, count(*) FROM rag_embeddings GROUP BY 1"
            )
            assert await cursor.fetchall() == [("new", 3)]


class ShortVectors(WordLlamaEmbedder):
    """Gives the first half of each vector."""

    name = "short"
    dimensions = 128

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [vector[:128] for vector in await super().embed(texts)]


async def test_the_next_model_may_have_other_dimensions(
    app_url: str, org_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = asker(org_id, "finance")
    for few in (2_000, 1):
        monkeypatch.setattr(index, "FEW", few)
        by_name = {"short": ShortVectors(), WordLlamaEmbedder.name: WordLlamaEmbedder()}
        async with opened(app_url) as pool:
            retriever = Retriever(pool, by_name.get)
            for name in (WordLlamaEmbedder.name, "short", WordLlamaEmbedder.name):
                await index_documents(pool, by_name[name], org_id, [REVENUE, STAFF])
                for _ in range(2):
                    [source] = await retriever.search("earnings", asking)
                    assert source.match is not None
                    assert source.match.similarity is not None


async def test_a_text_changed_by_hand_is_embedded_anew_and_kept(app_url: str, org_id: UUID) -> None:
    embedder = CountingEmbedder()
    async with opened(app_url) as pool:
        await index_documents(pool, embedder, org_id, [REVENUE])
        async with pool.connection() as connection:
            await connection.execute(
                "INSERT INTO rag_documents (org_id, document_key, position, title, body, kind,"
                " roles, content_hash) VALUES (%s, 'own', 0, 'Own', 'Old', 'narrative',"
                " '{finance}', '')",
                [org_id],
            )
        assert (await index_documents(pool, embedder, org_id, [REVENUE])).embedded == 1
        embedder.texts.clear()
        async with pool.connection() as connection:
            await connection.execute("UPDATE rag_documents SET body = 'New' WHERE title = 'Own'")
        assert (await index_documents(pool, embedder, org_id, [REVENUE])).embedded == 1
        assert embedder.texts == ["Own\nNew"]
        [source] = await search(pool, embedder, "own", asker(org_id, "finance"))
        assert source.snippet == "New"


async def test_texts_that_cannot_be_embedded_are_found_by_their_words(
    app_url: str, org_id: UUID
) -> None:
    embedder = CountingEmbedder()
    async with opened(app_url) as pool:
        await index_documents(pool, embedder, org_id, [REVENUE])
        embedder.is_down = True
        with pytest.raises(EmbeddingsUnavailable):
            await index_documents(pool, embedder, org_id, [STAFF])
        assert await search(pool, embedder, "revenue", asker(org_id, "finance")) == ()
        assert len(await search(pool, embedder, "salaries", asker(org_id, "admin"))) == 1


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (replace(REVENUE, kind="gossip"), "kind 'gossip'"),
        (replace(REVENUE, roles=()), "no role"),
        (replace(REVENUE, title=" \x00"), "no title"),
        (replace(REVENUE, body="\x01\n"), "no text"),
        (replace(REVENUE, key=""), "needs a key"),
        (STAFF, "key of another"),
    ],
)
async def test_a_bad_document_is_named(
    app_url: str, org_id: UUID, document: Document, message: str
) -> None:
    async with opened(app_url) as pool:
        with pytest.raises(DocumentError, match=message):
            await index_documents(pool, WordLlamaEmbedder(), org_id, [STAFF, document])


async def test_an_unknown_organisation_is_named(app_url: str) -> None:
    async with opened(app_url) as pool:
        with pytest.raises(DocumentError, match="no organisation"):
            await index_documents(pool, WordLlamaEmbedder(), UUID(int=0), [REVENUE])
