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

from contracts.audit import (
    AuditedEvent,
    AuditedEventPage,
    AuditedRun,
    AuditedRunPage,
    CheckpointPage,
)
from contracts.evidence import Receipt, Replay
from contracts.run import RunStatus
from kit.event_stream import JSON_LINES
from webui.gateway_client import GatewayProblem, SessionEnded
from webui.page import page
from webui.visitor import Visitor, VisitorOf
from webui.words import plain

router = APIRouter(prefix="/audit")

Person = Annotated[str, Query(max_length=128)]
Status = RunStatus | Literal[""]
_MOST_EVENTS = "100"


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
    visitor: VisitorOf, person: Person = "", status: Status = "", cursor: UUID | None = None
) -> Response:
    """A page of the runs that fit, and the newest checkpoints."""
    query = _search(person, status)
    if cursor is not None:
        query["cursor"] = str(cursor)
    found = AuditedRunPage.model_validate(await visitor.get("/api/audit/runs", **query))
    sealed = CheckpointPage.model_validate(await visitor.get("/api/audit/checkpoints", limit="5"))
    return page(
        visitor.request,
        "audit.html",
        visitor=visitor,
        found=found,
        checkpoints=sealed.items,
        person=person,
        chosen=status,
        statuses=[status.value for status in RunStatus],
        plain=plain,
    )


@router.get("/export")
async def export(visitor: VisitorOf, person: Person = "", status: Status = "") -> Response:
    """Everything that fits, as JSON lines, passed on as it comes."""
    async with AsyncExitStack() as opening:
        query = urlencode(_search(person, status))
        reply = await opening.enter_async_context(
            visitor.gateway.stream(
                visitor.token, "GET", f"/api/audit/runs?{query}", headers={"Accept": JSON_LINES}
            )
        )
        opened = opening.pop_all()

    async def lines() -> AsyncIterator[bytes]:
        async with opened:
            async for piece in reply.aiter_bytes():
                yield piece

    named = f'attachment; filename="runs-{datetime.now(UTC):%Y-%m-%d}.jsonl"'
    return StreamingResponse(lines(), media_type=JSON_LINES, headers={"Content-Disposition": named})


@router.get("/runs/{run_id}")
async def run(visitor: VisitorOf, run_id: UUID) -> Response:
    """One run: who asked what, and each event of its chain."""
    return await _run_page(visitor, run_id)


@router.get("/runs/{run_id}/receipt.json")
async def receipt(visitor: VisitorOf, run_id: UUID) -> Response:
    """The signed receipt, to be kept and checked elsewhere."""
    reply = await visitor.gateway.call(visitor.token, "GET", f"/api/runs/{run_id}/receipt")
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
        reply = await visitor.gateway.call(visitor.token, "POST", f"/api/runs/{run_id}/replay")
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return await _run_page(visitor, run_id, Proof(problem=error.problem.detail))
    return await _run_page(visitor, run_id, Proof(replay=Replay.model_validate_json(reply.content)))


async def _run_page(visitor: Visitor, run_id: UUID, proof: Proof | None = None) -> Response:
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


def _search(person: str, status: Status) -> dict[str, str]:
    given = {"person": person.strip(), "status": str(status)}
    return {name: value for name, value in given.items() if value}
