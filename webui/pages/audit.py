"""The record, for auditors: runs to search, one run's chain, whether it holds, and a replay."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

import orjson
from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from contracts.audit import (
    AuditedEvent,
    AuditedEventPage,
    AuditedRun,
    AuditedRunPage,
    CheckpointPage,
)
from contracts.evidence import Receipt, Replay
from contracts.run import RunStatus, Stage
from kit.event_stream import JSON_LINES
from webui.gateway_client import GatewayProblem, SessionEnded
from webui.page import page
from webui.record_search import RecordSearch
from webui.visitor import Visitor, VisitorOf
from webui.words import plain

router = APIRouter(prefix="/audit")

_MOST_EVENTS = "100"


class Form(BaseModel):
    """What the fields of the search hold; what is not one of them is let be."""

    person: str = Field("", max_length=128)
    since: str = Field("", max_length=10)
    until: str = Field("", max_length=10)
    view: str = Field("", max_length=63)
    metric: str = Field("", max_length=63)
    status: str = Field("", max_length=64)
    stage: str = Field("", max_length=64)

    def sought(self) -> RecordSearch:
        """As a value."""
        return RecordSearch(**self.model_dump(include=set(Form.model_fields)))


@dataclass(frozen=True, slots=True)
class Link:
    """An event in its chain. `is_joined` says whether it names the hash of the one before;
    `share` is its time as a percentage of the longest."""

    event: AuditedEvent
    detail: str
    share: float
    is_joined: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """What was just asked of a run: its receipt, its replay, or why there is none."""

    receipt: Receipt | None = None
    replay: Replay | None = None
    problem: str = ""


@router.get("")
async def runs(
    visitor: VisitorOf, search: Annotated[Form, Query()], cursor: UUID | None = None
) -> Response:
    """A page of the runs that fit, and the newest checkpoints."""
    sought, problem, found = search.sought(), "", AuditedRunPage(items=())
    try:
        query = sought.query()
        if cursor is not None:
            query["cursor"] = str(cursor)
        found = AuditedRunPage.model_validate(await visitor.get("/api/audit/runs", **query))
    except ValueError:
        problem = "A day is written like 2026-01-31."
    except GatewayProblem as error:
        if error.problem.status != 422:
            raise
        problem = "Views and metrics are searched by their exact names, such as v_payment_scoped."
    sealed = CheckpointPage.model_validate(await visitor.get("/api/audit/checkpoints", limit="3"))
    return page(
        visitor.request,
        "audit.html",
        visitor=visitor,
        status=422 if problem else 200,
        found=found,
        problem=problem,
        checkpoints=sealed.items,
        search=sought,
        statuses=[status.value for status in RunStatus],
        stages=[stage.value for stage in Stage],
        plain=plain,
    )


@router.get("/export")
async def export(
    visitor: VisitorOf,
    search: Annotated[Form, Query()],
    what: Literal["runs", "events"] = "runs",
) -> Response:
    """Everything that fits, as JSON lines, passed on as it comes."""
    async with AsyncExitStack() as opening:
        try:
            query = urlencode(search.sought().query())
        except ValueError as error:
            raise HTTPException(404) from error
        reply = await opening.enter_async_context(
            visitor.gateway.stream(
                visitor.bearer, "GET", f"/api/audit/{what}?{query}", accept=JSON_LINES
            )
        )
        opened = opening.pop_all()

    async def lines() -> AsyncIterator[bytes]:
        async with opened:
            async for piece in reply.chunks():
                yield piece

    named = f'attachment; filename="{what}-{datetime.now(UTC):%Y-%m-%d}.jsonl"'
    return StreamingResponse(lines(), media_type=JSON_LINES, headers={"Content-Disposition": named})


@router.get("/runs/{run_id}")
async def run(
    visitor: VisitorOf, run_id: UUID, at: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0
) -> Response:
    """One run: who asked what, and each event of its chain; the one at `at` is opened."""
    return await _run_page(visitor, run_id, at=at)


@router.get("/runs/{run_id}/receipt.json")
async def receipt(visitor: VisitorOf, run_id: UUID) -> Response:
    """The signed receipt, to be kept and checked elsewhere."""
    reply = await visitor.gateway.call(visitor.bearer, "GET", f"/api/runs/{run_id}/receipt")
    named = f'attachment; filename="receipt-{run_id}.json"'
    return Response(
        reply.content, media_type="application/json", headers={"Content-Disposition": named}
    )


@router.post("/runs/{run_id}/verify")
async def verify(visitor: VisitorOf, run_id: UUID) -> Response:
    """Whether the record of the run holds: a receipt is made of no other."""
    try:
        found = await visitor.get(f"/api/runs/{run_id}/receipt")
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return await _run_page(visitor, run_id, Proof(problem=error.problem.detail))
    return await _run_page(visitor, run_id, Proof(receipt=Receipt.model_validate(found)))


@router.post("/runs/{run_id}/replay")
async def replay(visitor: VisitorOf, run_id: UUID) -> Response:
    """Ask it again, and say what is different."""
    try:
        reply = await visitor.gateway.call(visitor.bearer, "POST", f"/api/runs/{run_id}/replay")
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return await _run_page(visitor, run_id, Proof(problem=error.problem.detail))
    return await _run_page(visitor, run_id, Proof(replay=Replay.model_validate_json(reply.content)))


async def _run_page(
    visitor: Visitor, run_id: UUID, proof: Proof | None = None, *, at: int = 0
) -> Response:
    found = await visitor.get("/api/audit/runs", run_id=str(run_id), limit="1")
    items: tuple[AuditedRun, ...] = AuditedRunPage.model_validate(found).items
    if not items:
        raise HTTPException(404)
    events = AuditedEventPage.model_validate(
        await visitor.get("/api/audit/events", run_id=str(run_id), limit=_MOST_EVENTS)
    )
    return page(
        visitor.request,
        "audit_run.html",
        visitor=visitor,
        run=items[0],
        links=_links(events.items),
        is_cut=events.next is not None,
        proof=proof,
        at=at,
        plain=plain,
    )


def _links(events: tuple[AuditedEvent, ...]) -> tuple[Link, ...]:
    longest = max((float(event.duration_ms) for event in events), default=0.0) or 1.0
    found, before = [], None
    for event in events:
        found.append(
            Link(
                event,
                orjson.dumps(event.detail, option=orjson.OPT_INDENT_2).decode(),
                round(100 * float(event.duration_ms) / longest, 2),
                before is None or event.prev_hash == before,
            )
        )
        before = event.hash
    return tuple(found)
