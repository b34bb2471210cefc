"""What waits for a person: the queue, one request with its evidence, and the decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue

from contracts.approval import Approval, ApprovalItem, ApprovalPage, PolicySubject
from contracts.context import Permission
from contracts.run import ApprovalStatus
from webui import approval_view, words
from webui.gateway_client import GatewayProblem, SessionEnded
from webui.page import page
from webui.visitor import Visitor, VisitorOf

router = APIRouter(prefix="/approvals")

Show = Literal["open", "approved", "rejected", "expired", "cancelled", "stale", "all"]
Sort = Literal["oldest", "newest", "risk", "expiry"]
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
SHOWS: tuple[Show, ...] = ("open", "approved", "rejected", "expired", "cancelled", "stale", "all")
SORTS: Mapping[Sort, str] = {
    "oldest": "Oldest first",
    "newest": "Newest first",
    "risk": "Highest risk first",
    "expiry": "Expires first",
}
SHORT = {
    "reject": "Say why: the person who asked is shown your reason.",
    "edit": "Say why you changed it: it is kept with the request.",
    "comment": "There is nothing in the comment yet.",
}
_MOST = "100"
Version = Annotated[int, Form(ge=0, le=999_999_999)]
Typed = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class Queue:
    """What is listed on the left; `total` counts what fits, listed or not."""

    show: Show
    sort: Sort
    items: tuple[ApprovalItem, ...]
    total: int
    counts: dict[str, int]

    @property
    def query(self) -> str:
        """How it is asked for again."""
        return f"show={self.show}&sort={self.sort}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a person just tried, for the page that tells them why it did not work."""

    problem: str
    text: str = ""
    sql: str = ""
    action: str = ""


@router.get("")
async def queue(visitor: VisitorOf, show: Show = "open", sort: Sort = "oldest") -> Response:
    """The queue, and nothing chosen yet."""
    return _page(visitor, await _queue(visitor, show, sort))


@router.get("/queue")
async def queue_part(
    visitor: VisitorOf, show: Show = "open", sort: Sort = "oldest", at: UUID | None = None
) -> Response:
    """The queue alone, as it stands now."""
    found = await _queue(visitor, show, sort)
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
async def request(
    visitor: VisitorOf, approval_id: UUID, show: Show = "open", sort: Sort = "oldest"
) -> Response:
    """One request, beside the queue."""
    approval = await _approval(visitor, approval_id)
    return _page(visitor, await _queue(visitor, show, sort), approval)


@router.get("/{approval_id}/standing")
async def standing(
    visitor: VisitorOf,
    approval_id: UUID,
    seen: Annotated[int, Query(ge=0)],
    binding: Annotated[str, Query(max_length=128)],
    run: UUID | None = None,
    show: Show = "open",
    sort: Sort = "oldest",
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
        queue_query=f"show={show}&sort={sort}",
        attempt=None,
        **_of_request(approval),
    )


@router.post("/{approval_id}/{action}")
async def act(
    visitor: VisitorOf,
    approval_id: UUID,
    action: Act,
    version: Version = 0,
    text: Typed = "",
    sql: Typed = "",
    show: Show = "open",
    sort: Sort = "oldest",
) -> Response:
    """Do it, and show the request as it stands then; where it is refused, say why, with what was
    typed still there. That is a page like any other, and no error of the browser's."""
    text, sql = (typed.replace("\r\n", "\n").strip() for typed in (text, sql))
    problem = SHORT.get(action, "") if not text else ""
    if not problem:
        try:
            await _do(visitor, approval_id, action, version, text, sql)
        except SessionEnded:
            raise
        except GatewayProblem as error:
            problem = _said(error)
    if not problem:
        return RedirectResponse(f"/approvals/{approval_id}?show={show}&sort={sort}", 303)
    approval = await _approval(visitor, approval_id)
    found = await _queue(visitor, show, sort)
    return _page(visitor, found, approval, Attempt(problem, text, sql, action))


async def _do(
    visitor: Visitor, approval_id: UUID, action: Act, version: int, text: str, sql: str
) -> None:
    body: dict[str, dict[str, JsonValue] | None] = {
        "approve": {"reason": text},
        "reject": {"reason": text},
        "comment": {"text": text},
        "edit": {"sql": sql, "reason": text},
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


def _said(error: GatewayProblem) -> str:
    faults = [fault.get("detail", "") for fault in error.problem.errors or ()]
    return " ".join(filter(None, (error.problem.detail, *faults)))


async def _approval(visitor: Visitor, approval_id: UUID) -> Approval:
    return Approval.model_validate(await visitor.get(f"/api/approvals/{approval_id}"))


async def _item(visitor: Visitor, approval_id: UUID, run: UUID | None) -> ApprovalItem | None:
    """The request as it is listed: without its evidence, for which data would be read."""
    of_its_kind = {"kind": "policy"} if run is None else {"run_id": str(run)}
    found = await visitor.get("/api/approvals", sort="newest", limit=_MOST, **of_its_kind)
    items = ApprovalPage.model_validate(found).items
    return next((item for item in items if item.approval_id == approval_id), None)


async def _queue(visitor: Visitor, show: Show, sort: Sort) -> Queue:
    statuses: tuple[str, ...] = ("pending", "claimed") if show == "open" else (show,)
    items: list[ApprovalItem] = []
    total, counts = 0, {}
    for status in statuses:
        query = {} if status == "all" else {"status": status}
        found = ApprovalPage.model_validate(
            await visitor.get("/api/approvals", sort=sort, limit=_MOST, **query)
        )
        items += found.items
        total += found.total
        counts = {of.value: number for of, number in found.counts.items()}
    counts["open"] = counts.get("pending", 0) + counts.get("claimed", 0)
    counts["all"] = sum(counts.values()) - counts["open"]
    return Queue(show, sort, tuple(_sorted(items, sort)), total, counts)


def _sorted(items: list[ApprovalItem], sort: Sort) -> list[ApprovalItem]:
    if sort == "risk":
        return sorted(items, key=lambda item: (-item.risk.score, item.requested_at))
    if sort == "expiry":
        return sorted(items, key=lambda item: item.expires_at)
    return sorted(items, key=lambda item: item.requested_at, reverse=sort == "newest")


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
        shows=SHOWS,
        sorts=SORTS,
        is_other=False,
        queue_query=found.query,
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
