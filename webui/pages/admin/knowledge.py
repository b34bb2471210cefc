"""Knowledge: the documents that answers may cite, who reads them, and what a question finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Form, Path, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue

from contracts.knowledge import DocumentDetail, DocumentKind, DocumentList, DocumentsFound
from contracts.run import Source
from webui.gateway_client import GatewayProblem, SessionEnded, said
from webui.pages.admin.frame import admin_page, allowed
from webui.visitor import Visitor
from webui.words import plain

PATH = "/admin/knowledge"
API = "/api/admin/documents"
BODY_BYTES = 256 * 1024
KINDS: tuple[str, ...] = get_args(DocumentKind)
ORIGINS = {
    "file": "from a file",
    "semantic_model": "from the semantic model",
    "written": "written here",
}
router = APIRouter(prefix=PATH)
VisitorOf = Annotated[Visitor, Depends(allowed(PATH))]
Key = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$")]
Version = Annotated[int, Form(ge=0, le=2**31 - 1)]
Typed = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed of a document."""

    title: str = ""
    kind: str = "narrative"
    roles: tuple[str, ...] = ()
    text: str = ""

    @property
    def body(self) -> dict[str, JsonValue]:
        """As the gateway takes it."""
        return {
            "title": self.title,
            "kind": self.kind,
            "roles": [*self.roles],
            "text": self.text,
        }


async def typed(
    title: Typed = "",
    kind: Typed = "narrative",
    roles: Annotated[list[str] | None, Form()] = None,
    text: Typed = "",
) -> Draft:
    """Of a form."""
    return Draft(title.strip(), kind, tuple(roles or ()), text.replace("\r\n", "\n").strip())


DraftOf = Annotated[Draft, Depends(typed)]


@router.get("")
async def documents(
    visitor: VisitorOf,
    question: Annotated[str, Query(max_length=4000)] = "",
    role: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """All of them, and what a question would find."""
    found: tuple[Source, ...] | None = None
    problem = ""
    if question.strip() and role:
        try:
            found = await _found(visitor, question.strip(), role)
        except SessionEnded:
            raise
        except GatewayProblem as error:
            problem = said(error)
    return admin_page(
        visitor,
        "admin/knowledge.html",
        documents=await _list(visitor),
        question=question,
        role=role,
        found=found,
        problem=problem,
        origins=ORIGINS,
        plain=plain,
    )


@router.get("/new")
async def new(visitor: VisitorOf) -> Response:
    """An empty form."""
    return await _form(visitor, None, Draft())


@router.post("/new")
async def add(visitor: VisitorOf, draft: DraftOf) -> Response:
    """Keep a new document."""
    problem = _missing(draft)
    if not problem:
        try:
            reply = await visitor.gateway.call(visitor.bearer, "POST", API, body=draft.body)
        except SessionEnded:
            raise
        except GatewayProblem as error:
            problem = said(error)
        else:
            key = DocumentDetail.model_validate_json(reply.content).key
            return RedirectResponse(f"{PATH}/{key}?done=saved", 303)
    return await _form(visitor, None, draft, problem=problem)


@router.get("/{key}")
async def document(
    visitor: VisitorOf, key: Key, done: Annotated[str, Query(max_length=16)] = ""
) -> Response:
    """One, to read or to change."""
    return await _form(visitor, await _one(visitor, key), None, is_done=done == "saved")


@router.post("/{key}")
async def change(visitor: VisitorOf, key: Key, version: Version, draft: DraftOf) -> Response:
    """Keep it as it is typed; where somebody else was first, say so and lose nothing."""
    problem = _missing(draft)
    if not problem:
        body: dict[str, JsonValue] = {**draft.body, "version": version}
        try:
            await visitor.gateway.call(visitor.bearer, "PUT", f"{API}/{key}", body=body)
        except SessionEnded:
            raise
        except GatewayProblem as error:
            problem = said(error)
        else:
            return RedirectResponse(f"{PATH}/{key}?done=saved", 303)
    return await _form(visitor, await _one(visitor, key), draft, problem=problem)


@router.post("/{key}/remove")
async def remove(visitor: VisitorOf, key: Key, version: Version) -> Response:
    """Take it away."""
    try:
        await visitor.gateway.call(
            visitor.bearer, "DELETE", f"{API}/{key}", query={"version": str(version)}
        )
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return await _form(visitor, await _one(visitor, key), None, problem=said(error))
    return RedirectResponse(PATH, 303)


def _missing(draft: Draft) -> str:
    missing = [
        name
        for name, is_there in (
            ("a title", draft.title),
            ("at least one role that may read it", draft.roles),
            ("a text", draft.text),
        )
        if not is_there
    ]
    return f"A document needs {', '.join(missing)}." if missing else ""


async def _form(
    visitor: Visitor,
    shown: DocumentDetail | None,
    draft: Draft | None,
    *,
    problem: str = "",
    is_done: bool = False,
) -> Response:
    if draft is None and shown is not None:
        draft = Draft(shown.title, shown.kind, shown.roles, shown.text)
    return admin_page(
        visitor,
        "admin/document.html",
        document=shown,
        draft=draft,
        roles=_roles((await _list(visitor)).roles, draft),
        kinds=KINDS,
        origins=ORIGINS,
        problem=problem,
        is_done=is_done,
        plain=plain,
    )


def _roles(known: Sequence[str], draft: Draft | None) -> tuple[str, ...]:
    """Those there are, and those that a document names all the same."""
    return tuple(dict.fromkeys((*known, *(draft.roles if draft else ()))))


async def _found(visitor: Visitor, question: str, role: str) -> tuple[Source, ...]:
    body: dict[str, JsonValue] = {"question": question, "role": role}
    reply = await visitor.gateway.call(
        visitor.bearer, "POST", "/api/admin/document-search", body=body
    )
    return DocumentsFound.model_validate_json(reply.content).sources


async def _list(visitor: Visitor) -> DocumentList:
    return DocumentList.model_validate(await visitor.get(API))


async def _one(visitor: Visitor, key: str) -> DocumentDetail:
    return DocumentDetail.model_validate(await visitor.get(f"{API}/{key}"))
