"""Keep what organisations are told by documents up to date: texts, and the vectors of them.

Any number of processes may look after the same organisation: one does, the others see that it
was done. What a process that died had made stays made, and the next that looks goes on from it.
"""

import asyncio
from uuid import UUID

import structlog

from kit.database import DatabaseAway, Pool
from kit.tasks import end
from workflow.llm.embeddings import Embedder, EmbeddingsUnavailable
from workflow.retrieve.index import DocumentError, embed_documents, lock, replace_documents
from workflow.retrieve.sources import DocumentSources
from workflow.store import embeddings

LOOK_SECONDS = 60.0
log = structlog.get_logger(__name__)


class Refresher:
    """Refreshes when it begins, and again whenever the last refresh of an organisation, by
    whichever process, is `minutes` old."""

    def __init__(
        self, pool: Pool, embedder: Embedder, sources: DocumentSources, *, minutes: float
    ) -> None:
        self._pool = pool
        self._embedder = embedder
        self._sources = sources
        self._minutes = minutes
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, beside whatever else the process does."""
        self._task = asyncio.create_task(self._keep(), name="refresh of documents")

    async def close(self) -> None:
        """Stop at once."""
        if self._task is not None:
            await end(self._task)

    async def refresh(self, *, older_than_minutes: float = 0.0) -> int:
        """Bring every organisation up to date that was not refreshed since, unless another
        process is at it; how many were."""
        async with self._pool.connection() as connection:
            due = await embeddings.due(connection, older_than_minutes)
        return sum([await self._refresh(org_id, older_than_minutes) for org_id in due])

    async def _keep(self) -> None:
        age = 0.0
        while True:
            try:
                await self.refresh(older_than_minutes=age)
                age = self._minutes
            except DatabaseAway as error:
                log.warning("documents not refreshed", error=type(error).__name__)
            except EmbeddingsUnavailable as error:
                log.warning("documents not embedded", reason=error.reason)
            except Exception:  # what goes wrong once must not leave documents stale for good
                log.exception("documents not refreshed")
            await asyncio.sleep(min(LOOK_SECONDS, self._minutes * 60))

    async def _refresh(self, org_id: UUID, older_than_minutes: float) -> bool:
        async with self._pool.connection() as keeper:
            if not await embeddings.try_lock(keeper, org_id):
                return False
            try:
                if org_id not in await embeddings.due(keeper, older_than_minutes):
                    return False
                try:
                    await self._write(org_id)
                except DocumentError as error:
                    log.error("documents kept as they were", problem=str(error))
                made = await embed_documents(self._pool, self._embedder, org_id)
                await embeddings.mark_refreshed(keeper, org_id)
            finally:
                await embeddings.unlock(keeper, org_id)
        if made:
            log.info("documents refreshed", org_id=str(org_id), embedded=made)
        return True

    async def _write(self, org_id: UUID) -> None:
        async with self._pool.connection() as connection, connection.transaction():
            await lock(connection, org_id)
            documents = await self._sources.indexed(connection, org_id)
            await replace_documents(connection, org_id, documents)
