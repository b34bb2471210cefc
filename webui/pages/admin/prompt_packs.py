"""Prompt packs: versions, what differs, an editor by block with the prompt beside it, and what is
in force."""

from dataclasses import dataclass
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue

from contracts.prompt_pack import (
    ActivationOutcome,
    PromptBlocks,
    PromptPackDetail,
    PromptPackDiff,
    PromptPackList,
    PromptPreview,
)
from webui.gateway_client import GatewayProblem, SessionEnded, said
from webui.page import page
from webui.pages.admin.frame import admin_page, allowed
from webui.visitor import Visitor
from webui.words import plain

PATH = "/admin/prompt-packs"
API = "/api/admin/prompt-packs"
BODY_BYTES = 1024 * 1024
_MOST_FIELDS = 400
_BREAK = "\n"
router = APIRouter(prefix=PATH)
VisitorOf = Annotated[Visitor, Depends(allowed(PATH))]
Version = Annotated[int, Path(ge=0, le=2**31 - 1)]
Other = Annotated[int | None, Query(ge=0, le=2**31 - 1)]


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed: blocks, what it is for, and a question to preview."""

    blocks: PromptBlocks
    note: str = ""
    question: str = ""
    role: str = ""
    username: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of what a person just tried."""

    problem: str = ""
    draft: Draft | None = None
    preview: PromptPreview | None = None
    is_preview: bool = False


async def typed(request: Request) -> Draft:
    """A draft from the editor's form. A block of a person is a pair of fields: their name may be
    typed, so it is a value and no field's name."""
    form = await request.form(max_fields=_MOST_FIELDS)
    texts = {name: str(value).replace("\r\n", _BREAK) for name, value in form.multi_items()}
    users: dict[str, str] = {}
    for name, value in texts.items():
        number = name.removeprefix("user_name_")
        if number != name and value.strip():
            users[value.strip()[:128]] = texts.get(f"user_text_{number}", "")[:8000]
    blocks = PromptBlocks.model_construct(
        organisation=texts.get("organisation", ""),
        roles={n.removeprefix("role_"): v for n, v in texts.items() if n.startswith("role_")},
        users=users,
    )
    return Draft(
        blocks,
        texts.get("note", "").strip(),
        texts.get("question", "").strip(),
        texts.get("preview_role", ""),
        texts.get("preview_user", "").strip(),
    )


DraftOf = Annotated[Draft, Depends(typed)]


@router.get("")
async def packs(visitor: VisitorOf) -> Response:
    """Every version, and what is in force."""
    return await _list(visitor)


@router.post("/rollback")
async def roll_back(visitor: VisitorOf, request: Request) -> Response:
    """Back to what was in force before."""
    reason = str((await request.form()).get("reason", "")).strip()
    if not reason:
        return await _list(visitor, "Say why: the reason is kept with the change.")
    return await _try_list(visitor, f"{API}/rollback", {"reason": reason})


@router.post("/model")
async def model(visitor: VisitorOf, request: Request) -> Response:
    """Evaluate the version in force with the configured model, or switch to it."""
    form = await request.form()
    if form.get("act") == "switch":
        return await _try_list(visitor, f"{API}/model/switch")
    found = await _packs(visitor)
    return await _try_list(visitor, f"{API}/{found.in_force}/evaluate")


@router.get("/{version}")
async def pack(visitor: VisitorOf, version: Version, against: Other = None) -> Response:
    """One version: what differs, how the suite went, and an editor that starts from it."""
    return await _one(visitor, version, Attempt(), against=against)


@router.get("/{version}/standing")
async def standing(visitor: VisitorOf, version: Version) -> Response:
    """How its evaluation stands, for a page that waits."""
    return page(
        visitor.request,
        "admin/prompt_pack_standing.html",
        visitor=visitor,
        pack=await _pack(visitor, version),
        packs=await _packs(visitor),
        plain=plain,
    )


@router.post("/{version}/preview")
async def preview(visitor: VisitorOf, version: Version, draft: DraftOf) -> Response:
    """The prompt that the question would produce with what is typed; beside the editor, or as
    the whole page with everything that was typed still there."""
    attempt = await _previewed(visitor, draft)
    if visitor.request.headers.get("hx-request") == "true":
        return page(
            visitor.request,
            "admin/prompt_preview.html",
            visitor=visitor,
            attempt=attempt,
        )
    return await _one(visitor, version, attempt)


@router.post("/{version}")
async def propose(visitor: VisitorOf, version: Version, draft: DraftOf) -> Response:
    """Keep what is typed as a new version."""
    if not draft.note:
        problem = "Say what the version is for: others decide by it."
        return await _one(visitor, version, Attempt(problem, draft))
    body: dict[str, JsonValue] = {
        "base_version": version,
        "blocks": draft.blocks.model_dump(mode="json"),
        "note": draft.note,
    }
    try:
        reply = await visitor.gateway.call(visitor.bearer, "POST", API, body=body)
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return await _one(visitor, version, Attempt(said(error), draft))
    return RedirectResponse(f"{PATH}/{orjson.loads(reply.content)['version']}", 303)


@router.post("/{version}/{action}")
async def act(visitor: VisitorOf, version: Version, action: str) -> Response:
    """Evaluate, activate or confirm."""
    if action not in ("evaluate", "activate", "confirm"):
        return RedirectResponse(f"{PATH}/{version}", 303)
    try:
        reply = await visitor.gateway.call(visitor.bearer, "POST", f"{API}/{version}/{action}")
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return await _one(visitor, version, Attempt(said(error)))
    if (
        action != "evaluate"
        and not ActivationOutcome.model_validate_json(reply.content).is_in_force
    ):
        return RedirectResponse(f"{PATH}/{version}", 303)
    return RedirectResponse(f"{PATH}/{version}" if action == "evaluate" else PATH, 303)


async def _previewed(visitor: Visitor, draft: Draft) -> Attempt:
    if not draft.question:
        return Attempt("Type a question to see its prompt.", draft, is_preview=True)
    body: dict[str, JsonValue] = {
        "question": draft.question,
        "role": draft.role,
        "username": draft.username,
        "blocks": draft.blocks.model_dump(mode="json"),
    }
    try:
        reply = await visitor.gateway.call(visitor.bearer, "POST", f"{API}/preview", body=body)
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return Attempt(said(error), draft, is_preview=True)
    return Attempt("", draft, PromptPreview.model_validate_json(reply.content))


async def _try_list(
    visitor: Visitor, path: str, body: dict[str, JsonValue] | None = None
) -> Response:
    try:
        await visitor.gateway.call(visitor.bearer, "POST", path, body=body)
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return await _list(visitor, said(error))
    return RedirectResponse(PATH, 303)


async def _list(visitor: Visitor, problem: str = "") -> Response:
    found = await _packs(visitor)
    return admin_page(visitor, "admin/prompt_packs.html", packs=found, problem=problem, plain=plain)


async def _one(
    visitor: Visitor, version: int, attempt: Attempt, *, against: int | None = None
) -> Response:
    found = await _packs(visitor)
    shown = await _pack(visitor, version)
    other = against if against is not None else _other(shown, found)
    draft = attempt.draft or Draft(shown.blocks)
    return admin_page(
        visitor,
        "admin/prompt_pack.html",
        packs=found,
        pack=shown,
        attempt=attempt,
        draft=draft,
        against=other,
        diff=await _difference(visitor, other, version),
        may_confirm=_may_confirm(visitor, shown),
        plain=plain,
    )


def _other(shown: PromptPackDetail, found: PromptPackList) -> int:
    """What a version is compared with: what is in force, or what that was written from."""
    return shown.base_version or 0 if shown.is_in_force else found.in_force


def _may_confirm(visitor: Visitor, shown: PromptPackDetail) -> bool:
    return shown.waiting is not None and shown.waiting.asked_by != visitor.person.username


async def _difference(visitor: Visitor, before: int, after: int) -> PromptPackDiff:
    query = {"before": str(before), "after": str(after)}
    return PromptPackDiff.model_validate(await visitor.get(f"{API}/diff", **query))


async def _packs(visitor: Visitor) -> PromptPackList:
    return PromptPackList.model_validate(await visitor.get(API))


async def _pack(visitor: Visitor, version: int) -> PromptPackDetail:
    return PromptPackDetail.model_validate(await visitor.get(f"{API}/{version}"))
