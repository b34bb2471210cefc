"""What waits for a person: the queue, one request with its evidence, and the decision."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue

from contracts.approval import Approval, ApprovalItem, ApprovalPage, DraftVerdict, PolicySubject
from contracts.context import Permission
from contracts.run import ApprovalStatus
from webui import approval_queue, approval_view, words
from webui.approval_edit import Kind, NotAPlan, Typed, typed_of
from webui.approval_queue import FiltersOf, Queue
from webui.gateway_client import GatewayProblem, SessionEnded, said
from webui.page import page
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
SHORT = {
    "reject": "Say why: the person who asked is shown your reason.",
    "edit": "Say why you changed it: it is kept with the request.",
    "comment": "There is nothing in the comment yet.",
}
Version = Annotated[int, Form(ge=0, le=999_999_999)]
Typing = Annotated[str, Form()]


def _clean(typed: str) -> str:
    return typed.replace("\r\n", "\n").strip()


def _edited(
    kind: Annotated[Kind, Form(alias="as")] = "sql", plan: Typing = "", sql: Typing = ""
) -> Typed:
    return Typed(kind, _clean(plan), _clean(sql))


EditOf = Annotated[Typed, Depends(_edited)]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a person just tried, for the page that tells them why it did not work."""

    problem: str = ""
    text: str = ""
    typed: Typed = field(default_factory=Typed)
    action: str = ""
    draft: DraftVerdict | None = None


@router.get("")
async def queue(visitor: VisitorOf, filters: FiltersOf) -> Response:
    """The queue, and nothing chosen yet."""
    return _page(visitor, await approval_queue.read(visitor, filters))


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
    return _page(visitor, await approval_queue.read(visitor, filters), approval)


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
        **_of_request(approval),
    )


@router.post("/{approval_id}/check")
async def check(
    visitor: VisitorOf, approval_id: UUID, filters: FiltersOf, edited: EditOf, text: Typing = ""
) -> Response:
    """What the guardrails say of an edit so far: for a script that asks while somebody types the
    part that tells it, else the page with what was typed."""
    problem, draft = "", None
    try:
        body: JsonValue = edited.body()
        path = f"/api/approvals/{approval_id}/check"
        reply = await visitor.gateway.call(visitor.token, "POST", path, body=body)
        draft = DraftVerdict.model_validate(reply.json())
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
    return _page(visitor, await approval_queue.read(visitor, filters), approval, attempt)


@router.post("/{approval_id}/{action}")
async def act(
    visitor: VisitorOf,
    approval_id: UUID,
    action: Act,
    filters: FiltersOf,
    edited: EditOf,
    version: Version = 0,
    text: Typing = "",
) -> Response:
    """Do it, and show the request as it stands then; where it is refused, say why, with what was
    typed still there. That is a page like any other, and no error of the browser's."""
    text = _clean(text)
    problem = SHORT.get(action, "") if not text else ""
    if not problem:
        try:
            await _do(visitor, approval_id, action, version, text, edited)
        except NotAPlan as error:
            problem = str(error)
        except SessionEnded:
            raise
        except GatewayProblem as error:
            problem = said(error)
    if not problem:
        return RedirectResponse(f"/approvals/{approval_id}?{filters.query()}", 303)
    approval = await _approval(visitor, approval_id)
    found = await approval_queue.read(visitor, filters)
    return _page(visitor, found, approval, Attempt(problem, text, edited, action))


async def _do(
    visitor: Visitor, approval_id: UUID, action: Act, version: int, text: str, edited: Typed
) -> None:
    body: dict[str, dict[str, JsonValue] | None] = {
        "approve": {"reason": text},
        "reject": {"reason": text},
        "comment": {"text": text},
        "edit": {**edited.body(), "reason": text} if action == "edit" else None,
        "remember": {},
    }
    if action == "approve-and-remember":
        await _post(visitor, approval_id, "approve", version, body["approve"])
        await _post(visitor, approval_id, "remember", version, body["remember"])
    else:
        await _post(visitor, approval_id, action, version, body.get(action))


async def _post(
    visitor: Visitor,
    approval_id: UUID,
    action: str,
    version: int,
    body: dict[str, JsonValue] | None,
) -> None:
    await visitor.gateway.call(
        visitor.token,
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


def _page(
    visitor: Visitor,
    found: Queue,
    approval: Approval | None = None,
    attempt: Attempt | None = None,
) -> Response:
    of_request = _of_request(approval) if approval is not None else {"approval": None}
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


def _of_request(approval: Approval) -> dict[str, object]:
    return {
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
