"""What waits for a person: the queue, one request with its evidence, and the decision."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue

from contracts.approval import (
    Action,
    Approval,
    ApprovalItem,
    ApprovalPage,
    DraftVerdict,
    PolicySubject,
    ReviewChoices,
)
from contracts.context import Permission
from contracts.run import ApprovalStatus
from webui import approval_queue, approval_view, words
from webui.approval_edit import EditOf, NotAPlan, Typed, typed_of
from webui.approval_queue import FiltersOf, Queue
from webui.gateway_client import GatewayProblem, SessionEnded, said
from webui.page import page
from webui.plan_form import GRAINS, OPERATORS, rows
from webui.remember_form import Incomplete, Wish, days, sent
from webui.visitor import Visitor, VisitorOf

router = APIRouter(prefix="/approvals")

Act = Literal[
    "claim",
    "release",
    "approve",
    "approve-and-remember",
    "remember",
    "reject",
    "edit",
    "comment",
    "cancel",
]
_CHOOSING = {Action.EDIT, Action.APPROVE, Action.REMEMBER}
SHORT = {
    "reject": "Say why: the person who asked is shown your reason.",
    "edit": "Say why you changed it: it is kept with the request.",
    "comment": "There is nothing in the comment yet.",
}
Version = Annotated[int, Form(ge=0, le=999_999_999)]
Typing = Annotated[str, Form()]
WishOf = Annotated[Wish, Depends(sent)]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a person just tried, for the page that tells them why it did not work."""

    problem: str = ""
    text: str = ""
    typed: Typed = field(default_factory=Typed)
    action: str = ""
    draft: DraftVerdict | None = None
    wish: Wish | None = None


@router.get("")
async def queue(visitor: VisitorOf, filters: FiltersOf) -> Response:
    """The queue, and nothing chosen yet."""
    return await _page(visitor, await approval_queue.read(visitor, filters))


@router.get("/queue")
async def queue_part(visitor: VisitorOf, filters: FiltersOf, at: UUID | None = None) -> Response:
    """The queue alone, as it stands now."""
    found = await approval_queue.read(visitor, filters)
    return page(
        visitor.request, "approvals_queue.html", visitor=visitor, status=200, **_of_queue(found, at)
    )


@router.get("/count")
async def count(visitor: VisitorOf) -> Response:
    """How many wait, for the rail."""
    found = await visitor.get("/api/approvals", limit="1")
    counts = ApprovalPage.model_validate(found).counts
    waiting = counts.get(ApprovalStatus.PENDING, 0)
    return page(visitor.request, "approvals_count.html", visitor=visitor, waiting=waiting)


@router.get("/{approval_id}")
async def request(visitor: VisitorOf, approval_id: UUID, filters: FiltersOf) -> Response:
    """One request, beside the queue."""
    approval = await _approval(visitor, approval_id)
    return await _page(visitor, await approval_queue.read(visitor, filters), approval)


@router.get("/{approval_id}/standing")
async def standing(
    visitor: VisitorOf,
    approval_id: UUID,
    seen: Annotated[int, Query(ge=0)],
    binding: Annotated[str, Query(max_length=128)],
    filters: FiltersOf,
    run: UUID | None = None,
) -> Response:
    """The decision bar as it stands now; nothing where nothing has changed."""
    now = await _item(visitor, approval_id, run)
    if now is None or now.version == seen:
        return Response(status_code=204)
    approval = await _approval(visitor, approval_id)
    is_open = approval.status in approval_view.OPEN
    return page(
        visitor.request,
        "approval_standing.html",
        visitor=visitor,
        status=200,
        is_other=is_open and approval.binding != binding,
        queue_query=filters.query(),
        attempt=None,
        **await _of_request(visitor, approval),
    )


@router.post("/{approval_id}/check")
async def check(
    visitor: VisitorOf, approval_id: UUID, filters: FiltersOf, edited: EditOf, text: Typing = ""
) -> Response:
    """What the guardrails say of an edit so far: for a script that asks while somebody types the
    part that tells it, else the page with what was typed."""
    problem, draft = "", None
    try:
        body: JsonValue = await _edit_body(visitor, approval_id, edited)
        path = f"/api/approvals/{approval_id}/check"
        reply = await visitor.gateway.call(visitor.bearer, "POST", path, body=body)
        draft = DraftVerdict.model_validate_json(reply.content)
    except NotAPlan as error:
        problem = str(error)
    except SessionEnded:
        raise
    except GatewayProblem as error:
        problem = said(error)
    attempt = Attempt(problem, text, edited, "check", draft)
    if visitor.request.headers.get("hx-request") == "true":
        values = {"attempt": attempt, **_words()}
        return page(visitor.request, "approval_draft.html", visitor=visitor, status=200, **values)
    approval = await _approval(visitor, approval_id)
    return await _page(visitor, await approval_queue.read(visitor, filters), approval, attempt)


@router.post("/{approval_id}/{action}")
async def act(
    visitor: VisitorOf,
    approval_id: UUID,
    action: Act,
    filters: FiltersOf,
    edited: EditOf,
    wish: WishOf,
    version: Version = 0,
    text: Typing = "",
) -> Response:
    """Do it, and show the request as it stands then; where it is refused, say why, with what was
    typed still there. That is a page like any other, and no error of the browser's."""
    text = text.replace("\r\n", "\n").strip()
    problem = SHORT.get(action, "") if not text else ""
    if not problem:
        try:
            await _do(visitor, approval_id, action, version, text, edited, wish)
        except (NotAPlan, Incomplete) as error:
            problem = str(error)
        except SessionEnded:
            raise
        except GatewayProblem as error:
            problem = said(error)
    if not problem:
        return RedirectResponse(f"/approvals/{approval_id}?{filters.query()}", 303)
    approval = await _approval(visitor, approval_id)
    found = await approval_queue.read(visitor, filters)
    is_remembering = action in ("remember", "approve-and-remember")
    attempt = Attempt(problem, text, edited, action, wish=wish if is_remembering else None)
    return await _page(visitor, found, approval, attempt)


async def _do(
    visitor: Visitor,
    approval_id: UUID,
    action: Act,
    version: int,
    text: str,
    edited: Typed,
    wish: Wish,
) -> None:
    """Raises NotAPlan, Incomplete, GatewayProblem."""
    match action:
        case "approve" | "reject":
            await _post(visitor, approval_id, action, version, {"reason": text})
        case "comment":
            await _post(visitor, approval_id, action, version, {"text": text})
        case "edit":
            body = await _edit_body(visitor, approval_id, edited)
            await _post(visitor, approval_id, action, version, {**body, "reason": text})
        case "remember":
            await _post(visitor, approval_id, action, version, wish.body())
        case "approve-and-remember":
            wanted = wish.body()  # refused before anything is approved
            await _post(visitor, approval_id, "approve", version, {"reason": text})
            await _post(visitor, approval_id, "remember", version, wanted)
        case _:
            await _post(visitor, approval_id, action, version, None)


async def _edit_body(visitor: Visitor, approval_id: UUID, edited: Typed) -> dict[str, JsonValue]:
    """Raises NotAPlan, GatewayProblem."""
    if edited.kind != "form":
        return edited.body(None)
    return edited.body((await _choices(visitor, approval_id)).catalog)


async def _choices(visitor: Visitor, approval_id: UUID) -> ReviewChoices:
    return ReviewChoices.model_validate(await visitor.get(f"/api/approvals/{approval_id}/choices"))


async def _post(
    visitor: Visitor,
    approval_id: UUID,
    action: str,
    version: int,
    body: dict[str, JsonValue] | None,
) -> None:
    await visitor.gateway.call(
        visitor.bearer,
        "POST",
        f"/api/approvals/{approval_id}/{action}",
        body=body,
        headers={"If-Match": f'"{version}"'},
    )


async def _approval(visitor: Visitor, approval_id: UUID) -> Approval:
    return Approval.model_validate(await visitor.get(f"/api/approvals/{approval_id}"))


async def _item(visitor: Visitor, approval_id: UUID, run: UUID | None) -> ApprovalItem | None:
    """The request as it is listed: without its evidence, for which data would be read."""
    of_its_kind = {"kind": "policy"} if run is None else {"run_id": str(run)}
    found = await visitor.get(
        "/api/approvals", sort="newest", limit=approval_queue.MOST, **of_its_kind
    )
    items = ApprovalPage.model_validate(found).items
    return next((item for item in items if item.approval_id == approval_id), None)


async def _page(
    visitor: Visitor,
    found: Queue,
    approval: Approval | None = None,
    attempt: Attempt | None = None,
) -> Response:
    of_request = await _of_request(visitor, approval) if approval else {"approval": None}
    return page(
        visitor.request,
        "approvals.html",
        visitor=visitor,
        status=200,
        shows=approval_queue.SHOWS,
        sorts=approval_queue.SORTS,
        whose=approval_queue.WHOSE,
        leasts=approval_queue.LEAST,
        is_other=False,
        queue_query=found.filters.query(),
        attempt=attempt,
        may_review=any(
            visitor.person.may(p) for p in (Permission.APPROVE, Permission.ADMIN, Permission.AUDIT)
        ),
        **{**_of_queue(found, approval.approval_id if approval else None), **of_request},
    )


def _of_queue(found: Queue, at: UUID | None) -> dict[str, object]:
    return {"queue": found, "at": at, "title": approval_view.title, **_words()}


async def _of_request(visitor: Visitor, approval: Approval) -> dict[str, object]:
    is_choosing = _CHOOSING & set(approval.possible) and approval.subject.kind == "query"
    return {
        "choices": await _choices(visitor, approval.approval_id) if is_choosing else None,
        "remember_days": days(),
        "operators": OPERATORS,
        "grains": GRAINS,
        "form_rows": rows,
        "approval": approval,
        "as_it_stands": typed_of(approval),
        "is_open": approval.status in approval_view.OPEN,
        "is_policy": isinstance(approval.subject, PolicySubject),
        "possible": frozenset(action.value for action in approval.possible),
        "sentence": approval_view.sentence(approval),
        "bars": approval_view.bars(approval.risk),
        "still_needed": approval_view.still_needed(approval),
        "action_words": approval_view.ACTION_WORDS,
        **_words(),
    }


def _words() -> dict[str, object]:
    return {
        "now": datetime.now(UTC),
        "ago": words.ago,
        "ahead": words.ahead,
        "plain": words.plain,
        "stores": words.stores,
        "status_words": approval_view.STATUS_WORDS,
    }
