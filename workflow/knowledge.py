"""Knowledge documents as admins keep them: written, restricted to roles, taken away, tried out.

A change, its record and the passages that are found from then on are one transaction; vectors
follow at once, and until they are there a text is found by its words.
"""

import re
from datetime import UTC, datetime

import structlog
from pydantic import JsonValue
from pydantic_core import ErrorDetails

from contracts.context import UserContext
from contracts.governance import NewChange
from contracts.knowledge import (
    DocumentChange,
    DocumentDetail,
    DocumentItem,
    DocumentList,
    DocumentText,
)
from kit import governing_changes
from kit.database import Connection, DatabaseAway, Pool, connected
from kit.problems import Conflict, InvalidPayload, NotFound, PreconditionFailed
from workflow.llm.embeddings import Embedder, EmbeddingsUnavailable
from workflow.requests import person_of
from workflow.retrieve.index import DocumentError, embed_documents, lock, replace_documents
from workflow.retrieve.sources import DocumentSources, Sourced
from workflow.store import knowledge_documents, role_policies
from workflow.store.knowledge_documents import KnowledgeRow

MOST_WRITTEN = 500
"""Documents that an organisation's admins may write."""
LONGEST_TEXT = 20_000
log = structlog.get_logger(__name__)


class Knowledge:
    """Of every organisation of the service."""

    def __init__(self, pool: Pool, embedder: Embedder, sources: DocumentSources) -> None:
        self._pool = pool
        self._embedder = embedder
        self._sources = sources

    async def listed(self, caller: UserContext) -> DocumentList:
        """All of them, by key, and the roles that may be named as readers."""
        async with connected(self._pool) as connection:
            counts = await knowledge_documents.passages(connection, caller.org_id)
            roles = await role_policies.of_organisation(connection, caller.org_id)
            found = await self._all(connection, caller)
        return DocumentList(
            items=tuple(
                DocumentItem(**_item(one, counts))
                for one in sorted(found, key=lambda one: one.document.key)
            ),
            roles=tuple(one.role for one in roles),
        )

    async def detail(self, caller: UserContext, key: str) -> DocumentDetail:
        """One with its text. Raises NotFound."""
        async with connected(self._pool) as connection:
            counts = await knowledge_documents.passages(connection, caller.org_id)
            found = _named(await self._all(connection, caller), key)
        return DocumentDetail(**_item(found, counts), text=found.document.body)

    async def add(self, caller: UserContext, given: DocumentText) -> DocumentDetail:
        """A new document, named after its title."""
        async with connected(self._pool) as connection, connection.transaction():
            await lock(connection, caller.org_id)
            all_of_them = await self._all(connection, caller)
            written = await knowledge_documents.all_of(connection, caller.org_id)
            if len(written) >= MOST_WRITTEN:
                raise Conflict(f"There are {MOST_WRITTEN} documents already.", kind="too-many")
            taken = {one.document.key for one in all_of_them} | {r.document_key for r in written}
            row = _row(caller, given, _free_key(given.title, taken), 1)
            await self._save(connection, caller, row, "added", None)
        return await self._told(caller, row.document_key)

    async def change(self, caller: UserContext, key: str, given: DocumentChange) -> DocumentDetail:
        """A document as it is from now on; a file's is covered by what is written, and one that
        was taken away comes back. Raises PreconditionFailed where somebody else changed it."""
        async with connected(self._pool) as connection, connection.transaction():
            await lock(connection, caller.org_id)
            found = _changeable(await self._all(connection, caller), key, given.version)
            text = DocumentText(**given.model_dump(exclude={"version"}))
            if not found.is_removed and _state_of(found) == _state(text):
                raise Conflict("It says exactly this already.", kind="nothing-changes")
            row = _row(caller, text, key, given.version + 1)
            await self._save(connection, caller, row, "changed", found)
        return await self._told(caller, key)

    async def remove(self, caller: UserContext, key: str, version: int) -> None:
        """Take it away: the next question does not find it."""
        async with connected(self._pool) as connection, connection.transaction():
            await lock(connection, caller.org_id)
            found = _changeable(await self._all(connection, caller), key, version)
            if found.is_removed:
                raise NotFound("There is no such document.")
            document = found.document
            row = KnowledgeRow(
                document_key=key,
                version=version + 1,
                title=document.title,
                kind=document.kind,
                body=document.body,
                roles=sorted(set(document.roles)),
                is_removed=True,
                changed_by=caller.username,
                changed_at=datetime.now(UTC),
            )
            await self._save(connection, caller, row, "removed", found)

    async def _all(self, connection: Connection, caller: UserContext) -> list[Sourced]:
        try:
            return await self._sources.of(connection, caller.org_id)
        except DocumentError as error:
            raise Conflict(
                f"The knowledge folder holds a file that cannot be used: {error}",
                kind="folder-unusable",
            ) from error

    async def _save(
        self,
        connection: Connection,
        caller: UserContext,
        row: KnowledgeRow,
        action: str,
        before: Sourced | None,
    ) -> None:
        await _refuse_unknown_roles(connection, caller, row.roles)
        await knowledge_documents.save(connection, caller.org_id, row)
        documents = await self._sources.indexed(connection, caller.org_id)
        try:
            await replace_documents(connection, caller.org_id, documents)
        except DocumentError as error:
            raise InvalidPayload([_fault(("text",), str(error))]) from error
        await governing_changes.record(
            connection,
            caller.org_id,
            person_of(caller),
            NewChange(
                kind="document",
                subject=row.document_key,
                action=action,
                before=None if before is None else _recorded(before),
                after=recorded_state(row),
            ),
        )

    async def _told(self, caller: UserContext, key: str) -> DocumentDetail:
        """The document as it is now, with its vectors made, if they can be."""
        is_embedded = True
        try:
            await embed_documents(self._pool, self._embedder, caller.org_id)
        except (EmbeddingsUnavailable, *DatabaseAway) as error:
            log.warning("document not embedded", error=type(error).__name__)
            is_embedded = False
        found = await self.detail(caller, key)
        return found.model_copy(update={"is_embedded": is_embedded})


def recorded_state(row: KnowledgeRow) -> dict[str, JsonValue]:
    """A row as the record of changes holds it."""
    return {
        "version": row.version,
        "title": row.title,
        "kind": row.kind,
        "text": row.body,
        "roles": [*row.roles],
        "is_removed": row.is_removed,
    }


def _recorded(found: Sourced) -> dict[str, JsonValue]:
    if found.row is not None:
        return recorded_state(found.row)
    return {"version": 0, "origin": found.origin, **_state_of(found)}


def _state(text: DocumentText) -> dict[str, JsonValue]:
    return {
        "title": text.title.strip(),
        "kind": text.kind,
        "text": _tidy(text.text),
        "roles": [*sorted(set(text.roles))],
    }


def _state_of(found: Sourced) -> dict[str, JsonValue]:
    document = found.document
    return {
        "title": document.title,
        "kind": document.kind,
        "text": document.body,
        "roles": [*sorted(set(document.roles))],
    }


def _row(caller: UserContext, text: DocumentText, key: str, version: int) -> KnowledgeRow:
    if not text.title.strip():
        raise InvalidPayload([_fault(("title",), "A document needs a title.")])
    if len(text.text) > LONGEST_TEXT:
        said = f"A document holds at most {LONGEST_TEXT:,} characters."
        raise InvalidPayload([_fault(("text",), said)])
    if not _tidy(text.text):
        raise InvalidPayload([_fault(("text",), "There is nothing in it.")])
    return KnowledgeRow(
        document_key=key,
        version=version,
        title=text.title.strip(),
        kind=text.kind,
        body=_tidy(text.text),
        roles=sorted(set(text.roles)),
        is_removed=False,
        changed_by=caller.username,
        changed_at=datetime.now(UTC),
    )


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _item(found: Sourced, counts: dict[str, int]) -> dict[str, JsonValue | datetime]:
    row, document = found.row, found.document
    return {
        "key": document.key,
        "title": document.title,
        "kind": document.kind,
        "roles": [*sorted(set(document.roles))],
        "origin": found.origin,
        "version": row.version if row else 0,
        "characters": len(document.body),
        "passages": 0 if found.is_removed else counts.get(document.key, 0),
        "is_removed": found.is_removed,
        "changed_by": row.changed_by if row else None,
        "changed_at": row.changed_at if row else None,
    }


def _named(found: list[Sourced], key: str) -> Sourced:
    one = next((one for one in found if one.document.key == key), None)
    if one is None:
        raise NotFound("There is no such document.")
    return one


def _changeable(found: list[Sourced], key: str, version: int) -> Sourced:
    one = _named(found, key)
    if one.origin == "semantic_model":
        raise Conflict(
            "This document is written by the semantic model and changes with it.",
            kind="of-the-model",
        )
    now = one.row.version if one.row else 0
    if now != version:
        by = one.row.changed_by if one.row else "somebody"
        raise PreconditionFailed(
            f"It is at version {now} by now, changed by {by}; you have seen version {version}. "
            "Look at it again."
        )
    return one


def _free_key(title: str, taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "document"
    numbered = (f"{slug}-{number}" for number in range(2, len(taken) + 3))
    return next(key for key in (slug, *numbered) if key not in taken)


async def _refuse_unknown_roles(
    connection: Connection, caller: UserContext, roles: list[str]
) -> None:
    known = {one.role for one in await role_policies.of_organisation(connection, caller.org_id)}
    unknown = sorted(set(roles) - known)
    if unknown:
        raise InvalidPayload([_fault(("roles",), f"There is no role {one!r}.") for one in unknown])


def _fault(place: tuple[str, ...], message: str) -> ErrorDetails:
    return ErrorDetails(type="value_error", loc=place, msg=message, input=None)
