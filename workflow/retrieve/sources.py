"""Where an organisation's documents come from: the knowledge folder, the semantic model, and what
its admins wrote, which counts instead of a file of the same key."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

from kit.database import Connection
from workflow.retrieve.glossary import documents_of
from workflow.retrieve.index import Document
from workflow.retrieve.load import load
from workflow.semantic.model import SemanticModel
from workflow.store import knowledge_documents, role_policies
from workflow.store.knowledge_documents import KnowledgeRow

Origin = Literal["file", "semantic_model", "written"]


@dataclass(frozen=True, slots=True)
class Sourced:
    """A document and where it is from; `row` is what an admin wrote of it, if anything."""

    document: Document
    origin: Origin
    row: KnowledgeRow | None = None

    @property
    def is_removed(self) -> bool:
        """Whether an admin took it away."""
        return self.row is not None and self.row.is_removed


class DocumentSources:
    """Of every organisation of the service."""

    def __init__(self, model: SemanticModel, folder: Path) -> None:
        self._model = model
        self._folder = folder

    async def of(self, connection: Connection, org_id: UUID) -> list[Sourced]:
        """All of an organisation's, those that were taken away included. Raises DocumentError
        where a file cannot be used."""
        views = await role_policies.views_by_role(connection, org_id)
        written = {
            row.document_key: row for row in await knowledge_documents.all_of(connection, org_id)
        }
        files = await asyncio.to_thread(load, self._folder)
        found: list[Sourced] = []
        for document in files:
            row = written.pop(document.key, None)
            if row is None:
                found.append(Sourced(document, "file"))
            else:
                is_gone = row.is_removed
                found.append(Sourced(document if is_gone else _document(row), "written", row))
        found += [
            Sourced(document, "semantic_model") for document in documents_of(self._model, views)
        ]
        found += [
            Sourced(_document(row), "written", row)
            for row in written.values()
            if not row.is_removed
        ]
        return found

    async def indexed(self, connection: Connection, org_id: UUID) -> list[Document]:
        """Those that can be found."""
        return [one.document for one in await self.of(connection, org_id) if not one.is_removed]


def _document(row: KnowledgeRow) -> Document:
    return Document(row.document_key, row.title, row.kind, tuple(row.roles), row.body)
