"""Keep `rag_documents` equal to a set of documents."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kit.database import Pool
from workflow.llm.embeddings import Embedder
from workflow.retrieve.passages import cut
from workflow.store import documents as table
from workflow.store.documents import Passage

KINDS = frozenset({"schema_hint", "metric_glossary", "governance", "widget_hint", "narrative"})
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAX_TITLE = 120


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
    """Counted in passages."""

    inserted: int
    updated: int
    deleted: int
    unchanged: int


async def index_documents(
    pool: Pool, embedder: Embedder, org_id: UUID, documents: Sequence[Document]
) -> IndexReport:
    """Make `documents` the whole of what the organisation knows, in one transaction.

    Only passages that are new, that changed, or whose vectors another model made are embedded;
    those that vanished are deleted. One writer an organisation at a time. Raises `DocumentError`
    and `EmbeddingsUnavailable`, and then nothing has changed.
    """
    wanted = {(item.document_key, item.position): item for item in _passages(documents)}
    async with pool.connection() as connection, connection.transaction():
        if not await table.lock_organisation(connection, org_id):
            raise DocumentError(f"There is no organisation {org_id} to index documents for.")
        have = {
            (row.document_key, row.position): row for row in await table.stored(connection, org_id)
        }
        changed = [
            passage
            for place, passage in wanted.items()
            if (row := have.get(place)) is None
            or row.content_hash != passage.content_hash
            or row.embedding_model != embedder.name
        ]
        vanished = [row.document_id for place, row in have.items() if place not in wanted]
        if changed:
            vectors = await embedder.embed([f"{item.title}\n{item.body}" for item in changed])
            await table.upsert(
                connection,
                org_id=org_id,
                model=embedder.name,
                passages=list(zip(changed, vectors, strict=True)),
            )
        if vanished:
            await table.delete(connection, org_id, vanished)
    inserted = sum((item.document_key, item.position) not in have for item in changed)
    return IndexReport(
        inserted=inserted,
        updated=len(changed) - inserted,
        deleted=len(vanished),
        unchanged=len(wanted) - len(changed),
    )


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
