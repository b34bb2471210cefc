"""The gallery: what people kept of answers, each card with the viewer's own numbers."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue

from contracts.artifact import Artifact, ArtifactPage
from contracts.context import Permission
from contracts.run import Answer
from webui.gallery_view import Card, card_of
from webui.gateway_client import ANSWER_SECONDS, GatewayProblem, SessionEnded
from webui.page import page
from webui.visitor import Visitor, VisitorOf
from webui.words import ago, plain

router = APIRouter(prefix="/gallery")
PAGE_SIZE = "12"
Role = Annotated[str, Query(max_length=64)]


@router.get("")
async def gallery(visitor: VisitorOf, role: Role = "", cursor: UUID | None = None) -> Response:
    """What one kept, and what colleagues of the role share."""
    visitor.require(Permission.ASK)
    return await _page(visitor, role=role, cursor=cursor)


@router.post("")
async def keep(
    visitor: VisitorOf,
    run: Annotated[UUID, Form()],
    widget: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Keep the widget of an answer that is looked at, or else the recommended one."""
    try:
        answer = Answer.model_validate(await visitor.get(f"/api/runs/{run}"))
        fitting = [one.type for one in answer.widgets] or ["table"]
        chosen = widget if widget in fitting else fitting[0]
        reply = await visitor.gateway.call(
            visitor.bearer, "POST", "/api/artifacts", body={"run_id": str(run), "widget": chosen}
        )
    except SessionEnded:
        raise
    except GatewayProblem as error:
        if _is_part(visitor):
            return page(visitor.request, "kept.html", run_id=run, artifact=None,
                        problem=error.problem)  # fmt: skip
        raise
    artifact = Artifact.model_validate_json(reply.content)
    if _is_part(visitor):
        return page(visitor.request, "kept.html", run_id=run, artifact=artifact, problem=None)
    return _back_to(artifact.artifact_id)


@router.post("/{artifact_id}/refresh")
async def refresh(
    visitor: VisitorOf,
    artifact_id: UUID,
    role: Annotated[str, Form(max_length=64)] = "",
    store: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Ask it again as this person."""
    body: dict[str, JsonValue] = {"role": role} if role else {}
    if store.isdecimal():
        body["store_id"] = int(store)
    path = f"/api/artifacts/{artifact_id}/refresh"
    return await _acted(visitor, artifact_id, "POST", path, body, role=role)


@router.post("/{artifact_id}/change")
async def change(
    visitor: VisitorOf,
    artifact_id: UUID,
    title: Annotated[str, Form(max_length=500)] = "",
    shared: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Another title, and whether colleagues are shown it."""
    body: dict[str, JsonValue] = {"title": title.strip(), "is_shared": shared == "on"}
    return await _acted(visitor, artifact_id, "PATCH", f"/api/artifacts/{artifact_id}", body)


@router.post("/{artifact_id}/remove")
async def remove(visitor: VisitorOf, artifact_id: UUID) -> Response:
    """Keep it no longer."""
    await visitor.gateway.call(visitor.bearer, "DELETE", f"/api/artifacts/{artifact_id}")
    return RedirectResponse("/gallery", status_code=303)


async def _acted(
    visitor: Visitor,
    artifact_id: UUID,
    method: str,
    path: str,
    body: JsonValue,
    *,
    role: str = "",
) -> Response:
    """Do it, and show the card as it is then; with what was refused, where it was."""
    problem = ""
    try:
        await visitor.gateway.call(visitor.bearer, method, path, body=body, seconds=ANSWER_SECONDS)
    except SessionEnded:
        raise
    except GatewayProblem as error:
        if error.problem.status == 404:
            raise
        problem = _in_words(error)
    if _is_part(visitor):
        query = {"role": role} if role else {}
        found = await visitor.get(f"/api/artifacts/{artifact_id}", **query)
        card = await _card(visitor, Artifact.model_validate(found), problem)
        return page(
            visitor.request,
            "gallery_card.html",
            visitor=visitor,
            status=200,
            card=card,
            **_words(),
        )
    if problem:
        return await _page(visitor, role=role, problem=problem, at=artifact_id)
    return _back_to(artifact_id)


def _in_words(error: GatewayProblem) -> str:
    if error.problem.errors:
        return "A title is one line of 1 to 120 characters."
    return error.problem.detail


async def _page(
    visitor: Visitor,
    *,
    role: str = "",
    cursor: UUID | None = None,
    problem: str = "",
    at: UUID | None = None,
) -> Response:
    query = {"limit": PAGE_SIZE}
    if role:
        query["role"] = role
    if cursor:
        query["cursor"] = str(cursor)
    found = ArtifactPage.model_validate(await visitor.get("/api/artifacts", **query))
    cards = await asyncio.gather(
        *(_card(visitor, one, problem if one.artifact_id == at else "") for one in found.items)
    )
    return page(
        visitor.request,
        "gallery.html",
        visitor=visitor,
        status=422 if problem else 200,
        cards=cards,
        next=found.next,
        role=role or visitor.person.role,
        **_words(),
    )


async def _card(visitor: Visitor, artifact: Artifact, problem: str = "") -> Card:
    answer = None
    if artifact.run_id is not None:
        answer = Answer.model_validate(await visitor.get(f"/api/runs/{artifact.run_id}"))
    person = visitor.person
    holds_one = not person.is_all_stores and len(person.store_ids) <= 1
    return card_of(artifact, answer, holds_one_store=holds_one, problem=problem)


def _words() -> dict[str, object]:
    return {"now": datetime.now(UTC), "ago": ago, "plain": plain}


def _is_part(visitor: Visitor) -> bool:
    return visitor.request.headers.get("hx-request") == "true"


def _back_to(artifact_id: UUID) -> Response:
    return RedirectResponse(f"/gallery#a-{artifact_id}", status_code=303)
