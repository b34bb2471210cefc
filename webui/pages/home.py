"""Home: what this person can do, and what is waiting for them."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from contracts.approval import ApprovalItem, ApprovalPage
from contracts.artifact import Artifact, ArtifactPage
from contracts.audit import Access, AccessPage, CheckpointPage
from contracts.catalog import Suggestion, Suggestions
from contracts.context import Permission
from contracts.evidence import SignedCheckpoint
from contracts.notification import NotificationPage
from contracts.run import ApprovalStatus, RunPage, RunStatus, RunSummary
from webui.approval_view import title
from webui.page import page
from webui.visitor import Visitor, VisitorOf
from webui.words import ENDED, ago, ahead, plain

router = APIRouter()
_SUGGESTED, _RECENT, _KEPT, _QUEUED = 6, "8", "6", "100"
SOON = timedelta(hours=2)
"""A request that ends sooner is told of."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Of somebody who asks."""

    suggestions: tuple[Suggestion, ...]
    waiting: tuple[RunSummary, ...]
    recent: tuple[RunSummary, ...]
    kept: tuple[Artifact, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for somebody who decides. `items` are the oldest ones listed; `total` counts
    them all."""

    items: tuple[ApprovalItem, ...]
    total: int
    soon: int
    policies: int


@dataclass(frozen=True, slots=True)
class Record:
    """What an auditor wants to know first; `verified` is the last verification's outcome."""

    newest: SignedCheckpoint | None
    verified: Access | None
    faults: int


@router.get("/")
async def home(visitor: VisitorOf) -> Response:
    """By role."""
    may = visitor.person.may
    asking, queue, record, dead = await asyncio.gather(
        _asking(visitor) if may(Permission.ASK) else _nothing(),
        _queue(visitor) if may(Permission.APPROVE) or may(Permission.ADMIN) else _nothing(),
        _record(visitor) if may(Permission.AUDIT) else _nothing(),
        _dead_news(visitor) if may(Permission.ADMIN) else _nothing(),
    )
    return page(
        visitor.request,
        "home.html",
        visitor=visitor,
        asking=asking,
        queue=queue,
        record=record,
        dead=dead or 0,
        now=datetime.now(UTC),
        ago=ago,
        ahead=ahead,
        plain=plain,
        ended=ENDED,
        title=title,
    )


async def _nothing() -> None:
    return None


async def _asking(visitor: Visitor) -> Asking:
    suggestions, runs, kept = await asyncio.gather(
        visitor.get("/api/suggestions"),
        visitor.get("/api/runs", limit=_RECENT),
        visitor.get("/api/artifacts", limit=_KEPT),
    )
    found = RunPage.model_validate(runs).items
    return Asking(
        suggestions=Suggestions.model_validate(suggestions).items[:_SUGGESTED],
        waiting=tuple(one for one in found if one.status is RunStatus.NEEDS_APPROVAL),
        recent=tuple(one for one in found if one.status is not RunStatus.NEEDS_APPROVAL),
        kept=ArtifactPage.model_validate(kept).items,
    )


async def _queue(visitor: Visitor) -> Queue:
    pages = await asyncio.gather(
        *(
            visitor.get("/api/approvals", status=status.value, sort="oldest", limit=_QUEUED)
            for status in (ApprovalStatus.PENDING, ApprovalStatus.CLAIMED)
        )
    )
    found = [ApprovalPage.model_validate(one) for one in pages]
    items = sorted((i for one in found for i in one.items), key=lambda item: item.requested_at)
    soon = datetime.now(UTC) + SOON
    return Queue(
        items=tuple(items[:5]),
        total=sum(one.total for one in found),
        soon=sum(item.expires_at < soon for item in items),
        policies=sum(item.subject.kind == "policy" for item in items),
    )


async def _record(visitor: Visitor) -> Record:
    sealed, verified = await asyncio.gather(
        visitor.get("/api/audit/checkpoints", limit="1"),
        visitor.get("/api/audit/accesses", what="verified", limit="1"),
    )
    checkpoints = CheckpointPage.model_validate(sealed).items
    accesses = AccessPage.model_validate(verified).items
    last = accesses[0] if accesses else None
    faults = last.query.get("faults") if last and isinstance(last.query, dict) else 0
    return Record(
        newest=checkpoints[0] if checkpoints else None,
        verified=last,
        faults=faults if isinstance(faults, int) else 0,
    )


async def _dead_news(visitor: Visitor) -> int:
    """How many notifications were given up, 100 at most."""
    found = await visitor.get("/api/notifications", status="dead", limit="100")
    return len(NotificationPage.model_validate(found).items)
