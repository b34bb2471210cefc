"""Keep `rag_documents` equal to a set of documents."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from kit.database import Connection, Pool
from workflow.llm.embeddings import Embedder
from workflow.retrieve.passages import cut
from workflow.store import documents as table
from workflow.store import embeddings as vectors
from workflow.store.documents import Passage
from workflow.store.embeddings import Serving

KINDS = frozenset({"schema_hint", "metric_glossary", "governance", "widget_hint", "narrative"})
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAX_TITLE = 120
BATCH = 512
FEW = 2_000
"""An organisation with more passages has indexes for each of its roles."""


class DocumentError(ValueError):
    """A document that cannot be indexed; the message is for its author."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text that some roles may read. `key` is its lasting name within the organisation; `kind`
    is one of `KINDS`; `body` is plain text or Markdown."""

    key: str
    title: str
    kind: str
    roles: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True)
class IndexReport:
    """Counted in passages. Those that were inserted or updated, and those whose vectors another
    model made, were `embedded`."""

    inserted: int
    updated: int
    deleted: int
    unchanged: int
    embedded: int = 0


async def index_documents(
    pool: Pool, embedder: Embedder, org_id: UUID, documents: Sequence[Document]
) -> IndexReport:
    """Make `documents` the whole of what the organisation is told from files, and searchable.

    What changed is written in one transaction, with who may read it, and counts at once; only
    texts that are new, that changed, or of which this embedder has made no vector are embedded.
    Raises `DocumentError`, and then nothing has changed, and `EmbeddingsUnavailable`, and then
    the new texts are found by their words.
    """
    report = await write_documents(pool, org_id, documents)
    return replace(report, embedded=await embed_documents(pool, embedder, org_id))


async def write_documents(pool: Pool, org_id: UUID, documents: Sequence[Document]) -> IndexReport:
    """The first half of `index_documents`: texts without vectors."""
    passages = _passages(documents)
    async with pool.connection() as connection, connection.transaction():
        await lock(connection, org_id)
        return await _replace(connection, org_id, passages)


async def lock(connection: Connection, org_id: UUID) -> None:
    """Let nobody else write the organisation's documents until the transaction ends. What is
    written has to be read after this: else a change made meanwhile would be undone. Raises
    DocumentError where there is no such organisation."""
    if not await table.lock_organisation(connection, org_id):
        raise DocumentError(f"There is no organisation {org_id} to index documents for.")


async def replace_documents(
    connection: Connection, org_id: UUID, documents: Sequence[Document]
) -> IndexReport:
    """`write_documents` in a transaction that holds the `lock`."""
    return await _replace(connection, org_id, _passages(documents))


async def _replace(
    connection: Connection, org_id: UUID, passages: Sequence[Passage]
) -> IndexReport:
    wanted = {(item.document_key, item.position): item for item in passages}
    have = {(row.document_key, row.position): row for row in await table.synced(connection, org_id)}
    changed = [
        passage
        for place, passage in wanted.items()
        if (row := have.get(place)) is None or row.content_hash != passage.content_hash
    ]
    vanished = [row.document_id for place, row in have.items() if place not in wanted]
    if changed:
        await table.upsert(connection, org_id=org_id, passages=changed)
    if vanished:
        await table.delete(connection, org_id, vanished)
    inserted = sum((item.document_key, item.position) not in have for item in changed)
    return IndexReport(
        inserted=inserted,
        updated=len(changed) - inserted,
        deleted=len(vanished),
        unchanged=len(wanted) - len(changed),
    )


async def embed_documents(pool: Pool, embedder: Embedder, org_id: UUID) -> int:
    """The second half: how many vectors were made.

    In batches, each of which stays made if a later one fails. Vectors of another model serve
    until those of this one are complete; then these do, and the others are removed.
    """
    chosen = Serving(embedder.name, embedder.dimensions)
    async with pool.connection() as connection:
        await vectors.begin(connection, org_id, chosen)
    made = await _embed_missing(pool, embedder, org_id)
    async with pool.connection() as connection:
        if await table.count(connection, org_id) > FEW:
            await _index_roles(connection, org_id, chosen)
        before = await vectors.serving(connection, org_id)
        if before != chosen:
            await vectors.serve(connection, org_id, chosen)
            await vectors.forget_others(connection, org_id, chosen.model)
    return made


async def _embed_missing(pool: Pool, embedder: Embedder, org_id: UUID) -> int:
    made = 0
    while True:
        async with pool.connection() as connection:
            batch = await vectors.unembedded(connection, org_id, embedder.name, limit=BATCH)
        if not batch:
            return made
        found = await embedder.embed([f"{item.title}\n{item.body}" for item in batch])
        async with pool.connection() as connection:
            await vectors.store(connection, embedder.name, list(zip(batch, found, strict=True)))
        made += len(batch)


async def _index_roles(connection: Connection, org_id: UUID, chosen: Serving) -> None:
    have = await vectors.indexed_roles(connection, org_id, chosen.model)
    for role in await table.roles(connection, org_id):
        await vectors.count_common_lexemes(connection, org_id, role)
        if role not in have:
            await vectors.index_role(connection, org_id, role, chosen)


def _passages(documents: Sequence[Document]) -> list[Passage]:
    passages: list[Passage] = []
    keys: set[str] = set()
    for document in documents:
        _check(document, keys)
        keys.add(document.key)
        roles = tuple(sorted(set(document.roles)))
        title = _CONTROL.sub(" ", document.title).strip()
        for position, (heading, text) in enumerate(cut(_CONTROL.sub(" ", document.body))):
            name = f"{title}: {heading}" if heading else title
            name = name if len(name) <= _MAX_TITLE else name[: _MAX_TITLE - 1] + "…"
            content = json.dumps([name, text, document.kind, roles], ensure_ascii=False)
            digest = hashlib.sha256(content.encode()).hexdigest()
            passages.append(
                Passage(document.key, position, name, text, document.kind, roles, digest)
            )
    return passages


def _check(document: Document, keys: set[str]) -> None:
    problem = None
    if not document.key or _CONTROL.search(document.key):
        problem = "needs a key without control characters"
    elif document.key in keys:
        problem = "has the key of another document"
    elif document.kind not in KINDS:
        problem = f"has the kind {document.kind!r}, which is none of {', '.join(sorted(KINDS))}"
    elif not document.roles:
        problem = "names no role that may read it"
    elif not _CONTROL.sub(" ", document.title).strip():
        problem = "has no title"
    elif not _CONTROL.sub(" ", document.body).strip():
        problem = "has no text"
    if problem:
        raise DocumentError(f"Document {document.key!r} {problem}.")
