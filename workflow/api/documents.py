"""Knowledge documents, for those who keep them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from contracts.knowledge import (
    DocumentChange,
    DocumentDetail,
    DocumentList,
    DocumentSearch,
    DocumentsFound,
    DocumentText,
)
from kit.payload import documented_body, json_body
from kit.problems import documented
from workflow.api.access import Admin, Running
from workflow.planning import context_of_role

Key = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$")]
Seen = Annotated[int, Query(ge=0, le=2**31 - 1, description="The version that was seen.")]
router = APIRouter(
    prefix="/admin", tags=["documents"], responses=documented(401, 403, 409, 422, 503)
)
_READ = documented(413, 415)
_CHANGED = documented(404, 412)


@router.get("/documents")
async def get_documents(caller: Admin, running: Running) -> DocumentList:
    """All of them: from files, from the semantic model, and written here."""
    return await running.knowledge.listed(caller)


@router.post(
    "/documents", status_code=201, responses=_READ, openapi_extra=documented_body(DocumentText)
)
async def add(
    caller: Admin,
    running: Running,
    given: Annotated[DocumentText, Depends(json_body(DocumentText))],
) -> DocumentDetail:
    """A new one, which the roles it names find from the next question on."""
    return await running.knowledge.add(caller, given)


@router.post(
    "/document-search",
    responses={**documented(404), **_READ},
    openapi_extra=documented_body(DocumentSearch),
)
async def search(
    caller: Admin,
    running: Running,
    given: Annotated[DocumentSearch, Depends(json_body(DocumentSearch))],
) -> DocumentsFound:
    """What a question of somebody of that role would find."""
    context = await context_of_role(caller, given.role, given.store_ids, running.parts)
    return DocumentsFound(sources=await running.parts.retriever.search(given.question, context))


@router.get("/documents/{key}", responses=documented(404))
async def get_document(caller: Admin, running: Running, key: Key) -> DocumentDetail:
    """One with its text."""
    return await running.knowledge.detail(caller, key)


@router.put(
    "/documents/{key}",
    responses={**_CHANGED, **_READ},
    openapi_extra=documented_body(DocumentChange),
)
async def change(
    caller: Admin,
    running: Running,
    key: Key,
    given: Annotated[DocumentChange, Depends(json_body(DocumentChange))],
) -> DocumentDetail:
    """Title, kind, text and readers as they are from now on."""
    return await running.knowledge.change(caller, key, given)


@router.delete("/documents/{key}", status_code=204, responses=_CHANGED)
async def remove(caller: Admin, running: Running, key: Key, version: Seen) -> Response:
    """Take it away: the next question does not find it."""
    await running.knowledge.remove(caller, key, version)
    return Response(status_code=204)
