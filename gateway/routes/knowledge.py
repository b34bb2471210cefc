"""Knowledge documents and the semantic model, handed on; for admins."""

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
from contracts.semantic_model import ModelCheck, ModelDocument, ModelMap
from gateway.routes.caller import WORKFLOW_PROBLEMS, CallerOf
from gateway.routes.forward import forward
from kit.payload import documented_body, json_body
from kit.problems import documented

router = APIRouter(prefix="/api/admin", tags=["knowledge"])
Key = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$")]
Seen = Annotated[int, Query(ge=0, le=2**31 - 1, description="The version that was seen.")]
_LISTED = {**WORKFLOW_PROBLEMS, **documented(409)}
_FOUND = {**_LISTED, **documented(404)}
_CHANGED = {**_FOUND, **documented(412)}
_READ = documented(413, 415)


@router.get("/documents", response_model=DocumentList, responses=_LISTED)
async def documents(caller: CallerOf) -> Response:
    """What answers may cite: from files, from the semantic model, and written by admins."""
    return await forward(caller, "GET", "/admin/documents")


@router.post(
    "/documents",
    response_model=DocumentDetail,
    status_code=201,
    responses={**_LISTED, **_READ},
    openapi_extra=documented_body(DocumentText),
)
async def add(
    caller: CallerOf, given: Annotated[DocumentText, Depends(json_body(DocumentText))]
) -> Response:
    """A new one, which the roles it names find from the next question on."""
    return await forward(caller, "POST", "/admin/documents", body=given)


@router.post(
    "/document-search",
    response_model=DocumentsFound,
    responses={**_FOUND, **_READ},
    openapi_extra=documented_body(DocumentSearch),
)
async def search(
    caller: CallerOf, given: Annotated[DocumentSearch, Depends(json_body(DocumentSearch))]
) -> Response:
    """What a question of somebody of that role would find."""
    return await forward(caller, "POST", "/admin/document-search", body=given)


@router.get("/documents/{key}", response_model=DocumentDetail, responses=_FOUND)
async def document(caller: CallerOf, key: Key) -> Response:
    """One with its text."""
    return await forward(caller, "GET", f"/admin/documents/{key}")


@router.put(
    "/documents/{key}",
    response_model=DocumentDetail,
    responses={**_CHANGED, **_READ},
    openapi_extra=documented_body(DocumentChange),
)
async def change(
    caller: CallerOf, key: Key, given: Annotated[DocumentChange, Depends(json_body(DocumentChange))]
) -> Response:
    """Title, kind, text and readers as they are from now on."""
    return await forward(caller, "PUT", f"/admin/documents/{key}", body=given)


@router.delete("/documents/{key}", status_code=204, responses=_CHANGED)
async def remove(caller: CallerOf, key: Key, version: Seen) -> Response:
    """Take it away: the next question does not find it."""
    return await forward(caller, "DELETE", f"/admin/documents/{key}", version=version)


@router.get("/model", response_model=ModelMap, responses=WORKFLOW_PROBLEMS)
async def model(caller: CallerOf) -> Response:
    """Every metric with what it is made of, every field and view, and the roles that may use it."""
    return await forward(caller, "GET", "/admin/model")


@router.post(
    "/model/check",
    response_model=ModelCheck,
    responses={**WORKFLOW_PROBLEMS, **_READ},
    openapi_extra=documented_body(ModelDocument),
)
async def check(
    caller: CallerOf, given: Annotated[ModelDocument, Depends(json_body(ModelDocument))]
) -> Response:
    """What is wrong with a document, at its line, and what it would change. Nothing is put into
    use."""
    return await forward(caller, "POST", "/admin/model/check", body=given)
