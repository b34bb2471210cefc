"""Verified queries: what runs without waiting because a person let it through once for all."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from contracts.approval import VerifiedQuery, VerifiedQueryPage
from webui.gateway_client import GatewayProblem, SessionEnded, said
from webui.pages.admin.frame import admin_page, allowed
from webui.visitor import Visitor
from webui.words import ahead, plain

PATH = "/admin/verified"
router = APIRouter(prefix=PATH)
VisitorOf = Annotated[Visitor, Depends(allowed(PATH))]
SOON = timedelta(days=14)


@router.get("")
async def verified(visitor: VisitorOf, cursor: UUID | None = None) -> Response:
    """Newest first."""
    return await _page(visitor, cursor)


@router.post("/{verified_id}/retire")
async def retire(visitor: VisitorOf, verified_id: UUID) -> Response:
    """Take it out of force."""
    path = f"/api/verified-queries/{verified_id}/revoke"
    try:
        await visitor.gateway.call(visitor.bearer, "POST", path)
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return await _page(visitor, None, problem=said(error))
    return RedirectResponse(PATH, 303)


async def _page(visitor: Visitor, cursor: UUID | None, problem: str = "") -> Response:
    query = {"cursor": str(cursor)} if cursor else {}
    found = VerifiedQueryPage.model_validate(await visitor.get("/api/verified-queries", **query))
    now = datetime.now(UTC)
    return admin_page(
        visitor,
        "admin/verified.html",
        found=found,
        problem=problem,
        standing=lambda query: _standing(query, now),
        may_retire=lambda query: query.revoked_at is None and query.expires_at > now,
        plain=plain,
    )


def _standing(query: VerifiedQuery, now: datetime) -> tuple[str, str]:
    """How it stands, as a state's name and in words."""
    if query.revoked_at is not None:
        return "blocked", f"retired {query.revoked_at:%Y-%m-%d}"
    if query.expires_at <= now:
        return "blocked", f"expired {query.expires_at:%Y-%m-%d}"
    if not query.in_force:
        return "needs_approval", "on hold: the model or the policy has changed since"
    left = f"expires {ahead(query.expires_at, now)}"
    return ("needs_approval" if query.expires_at - now < SOON else "completed"), left
