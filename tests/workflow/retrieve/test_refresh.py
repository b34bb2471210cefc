import asyncio
import shutil
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from contracts.context import UserContext
from kit.database import Pool
from tests.workflow.retrieve.conftest import CountingEmbedder, asker, opened, search
from workflow.llm.embeddings import EmbeddingsUnavailable
from workflow.retrieve.refresh import Refresher
from workflow.retrieve.sources import DocumentSources
from workflow.semantic.load import load
from workflow.store import embeddings

pytestmark = pytest.mark.anyio

MODEL = load(Path("seeds/pagila/model.yaml"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("glossary_revenue", "narrative_business"):
        shutil.copy(Path("seeds/pagila/documents") / f"{name}.md", tmp_path)
    return tmp_path


@pytest.fixture
def with_roles(app_url: str, org_id: UUID) -> UUID:
    with psycopg.connect(app_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO app_roles (org_id, role, permissions, allowed_views) VALUES"
            " (%(id)s, 'finance', '{ask}', '{v_payment_scoped}'),"
            " (%(id)s, 'auditor', '{audit}', '{v_payment_scoped}')",
            {"id": org_id},
        )
    return org_id


def _refresher(pool: Pool, embedder: CountingEmbedder, folder: Path) -> Refresher:
    return Refresher(pool, embedder, DocumentSources(MODEL, folder), minutes=60)


async def test_only_what_changed_is_embedded_again(
    app_url: str, with_roles: UUID, folder: Path
) -> None:
    embedder = CountingEmbedder()
    async with opened(app_url) as pool:
        refresher = _refresher(pool, embedder, folder)
        assert await refresher.refresh() == 1
        assert len(embedder.texts) > 10
        embedder.texts.clear()
        assert await refresher.refresh(older_than_minutes=60) == 0
        assert await refresher.refresh() == 1
        assert embedder.texts == []

        changed = folder / "glossary_revenue.md"
        changed.write_text(changed.read_text().replace("Nothing is deducted", "Fees stay in"))
        (folder / "narrative_business.md").unlink()
        assert await refresher.refresh() == 1
        assert len(embedder.texts) == 1
        assert "Fees stay in" in embedder.texts[0]
        found = await search(pool, embedder, "business in brief", asker(with_roles, "finance"))
        assert "narrative_business" not in {source.document for source in found}


async def test_the_glossary_is_for_those_who_may_use_the_metric(
    app_url: str, with_roles: UUID, folder: Path
) -> None:
    embedder = CountingEmbedder()
    async with opened(app_url) as pool:
        await _refresher(pool, embedder, folder).refresh()
        question = "how is revenue per customer calculated"
        found = await search(pool, embedder, question, asker(with_roles, "finance"))
        assert found[0].document == "metric_revenue_per_customer"
        found = await search(pool, embedder, question, asker(with_roles, "auditor"))
        assert not any(source.document.startswith("metric_") for source in found)


async def test_two_processes_do_not_do_it_twice(
    app_url: str, with_roles: UUID, folder: Path
) -> None:
    one, two = CountingEmbedder(), CountingEmbedder()
    async with opened(app_url) as pool:
        async with pool.connection() as connection:
            assert await embeddings.try_lock(connection, with_roles)
            assert await _refresher(pool, one, folder).refresh() == 0
            await embeddings.unlock(connection, with_roles)
        await asyncio.gather(
            _refresher(pool, one, folder).refresh(), _refresher(pool, two, folder).refresh()
        )
        assert sorted((len(one.texts) > 0, len(two.texts) > 0)) == [False, True]


async def test_an_interrupted_refresh_goes_on_where_it_stopped(
    app_url: str, with_roles: UUID, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow.retrieve.index.BATCH", 3)
    embedder = CountingEmbedder()
    embedder.fails_after = 6
    async with opened(app_url) as pool:
        with pytest.raises(EmbeddingsUnavailable):
            await _refresher(pool, embedder, folder).refresh()
        first = list(embedder.texts)
        embedder.fails_after = None
        embedder.texts.clear()
        assert await _refresher(pool, embedder, folder).refresh(older_than_minutes=60) == 1
        assert not set(first) & set(embedder.texts)


async def test_a_folder_that_is_gone_takes_no_document_with_it(
    app_url: str, with_roles: UUID, folder: Path
) -> None:
    embedder = CountingEmbedder()
    async with opened(app_url) as pool:
        await _refresher(pool, embedder, folder).refresh()
        await _refresher(pool, embedder, folder / "none").refresh()
        found = await search(pool, embedder, "revenue", asker(with_roles, "finance"))
        assert found


async def test_a_running_one_refreshes_by_itself(
    app_url: str, with_roles: UUID, folder: Path
) -> None:
    embedder = CountingEmbedder()
    async with opened(app_url) as pool:
        refresher = Refresher(pool, embedder, DocumentSources(MODEL, folder), minutes=0.001)
        refresher.start()
        asking = asker(with_roles, "finance")
        await _until_found(pool, embedder, "revenue", asking)
        changed = folder / "glossary_revenue.md"
        changed.write_text(changed.read_text().replace("Nothing is deducted", "Zebras pay"))
        await _until_found(pool, embedder, "zebras", asking)
        await refresher.close()


async def _until_found(
    pool: Pool, embedder: CountingEmbedder, question: str, asking: UserContext
) -> None:
    async with asyncio.timeout(10):
        while not await search(pool, embedder, question, asking):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.02)
