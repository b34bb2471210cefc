"""The record, for auditors. Each reading is recorded before anything is handed out."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import JsonValue

from contracts.audit import (
    Access,
    AccessKind,
    AccessPage,
    AuditedEventPage,
    AuditedRunPage,
    CheckpointPage,
    EventQuery,
    RunQuery,
    RunSearch,
)
from contracts.base import Wire
from contracts.context import UserContext
from kit.database import Connection, connected
from kit.event_stream import JSON_LINES, LINES
from kit.problems import documented
from workflow.api.access import Auditor, Running
from workflow.audit.access import record_access
from workflow.audit.checkpoint import signed
from workflow.bootstrap import Workflow
from workflow.store import accesses, audit_search, checkpoints

Limit = Annotated[int, Query(ge=1, le=100)]
Accept = Annotated[str, Header()]
router = APIRouter(prefix="/audit", tags=["audit"], responses=documented(401, 403, 422, 503))


@router.get(
    "/runs", response_model=AuditedRunPage, responses={200: {"content": LINES, "description": ""}}
)
async def runs(
    caller: Auditor,
    running: Running,
    search: Annotated[RunQuery, Query()],
    accept: Accept = "application/json",
) -> Response:
    """The organisation's runs, newest first; with `Accept: application/x-ndjson` all of them."""
    if JSON_LINES in accept:
        return await _export(
            running,
            caller,
            "runs",
            search,
            lambda connection: audit_search.every_run(connection, caller.org_id, search),
        )
    async with connected(running.parts.pool) as connection:
        await record_access(connection, caller, "runs", _query(search))
        items = await audit_search.runs(
            connection, caller.org_id, search, before=search.cursor, limit=search.limit
        )
    following = str(items[-1].run_id) if len(items) == search.limit else None
    return _json(AuditedRunPage(items=tuple(items), next=following))


@router.get(
    "/events",
    response_model=AuditedEventPage,
    responses={200: {"content": LINES, "description": ""}},
)
async def events(
    caller: Auditor,
    running: Running,
    search: Annotated[EventQuery, Query()],
    accept: Accept = "application/json",
) -> Response:
    """Their events, whole; with `Accept: application/x-ndjson` all of them."""
    if JSON_LINES in accept:
        return await _export(
            running,
            caller,
            "events",
            search,
            lambda connection: audit_search.every_event(connection, caller.org_id, search),
        )
    after = _event_cursor(search.cursor)
    async with connected(running.parts.pool) as connection:
        await record_access(connection, caller, "events", _query(search))
        items = await audit_search.events(
            connection, caller.org_id, search, after=after, limit=search.limit
        )
    following = f"{items[-1].run_id}.{items[-1].seq}" if len(items) == search.limit else None
    return _json(AuditedEventPage(items=tuple(items), next=following))


@router.get("/checkpoints")
async def get_checkpoints(
    caller: Auditor,
    running: Running,
    cursor: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    limit: Limit = 20,
) -> CheckpointPage:
    """The organisation's checkpoints, newest first."""
    async with connected(running.parts.pool) as connection:
        await record_access(connection, caller, "checkpoints", {"cursor": cursor})
        rows = await checkpoints.page(connection, org_id=caller.org_id, before=cursor, limit=limit)
    following = str(rows[-1].number) if len(rows) == limit else None
    return CheckpointPage(items=tuple(signed(row) for row in rows), next=following)


@router.get("/accesses")
async def get_accesses(
    caller: Auditor,
    running: Running,
    what: AccessKind | None = None,
    cursor: UUID | None = None,
    limit: Limit = 20,
) -> AccessPage:
    """Who read the record, newest first; this reading is among them, unless `what` was read is
    asked for."""
    async with connected(running.parts.pool) as connection:
        query: dict[str, JsonValue] = {"cursor": str(cursor) if cursor else None, "what": what}
        await record_access(connection, caller, "accesses", query)
        rows = await accesses.page(
            connection, org_id=caller.org_id, what=what, before=cursor, limit=limit
        )
    following = str(rows[-1].access_id) if len(rows) == limit else None
    items = (
        Access(
            access_id=row.access_id,
            user_id=row.user_id,
            username=row.username,
            role=row.role,
            at=row.at,
            what=row.what,
            query=orjson.loads(row.query),
            hash=row.hash,
        )
        for row in rows
    )
    return AccessPage(items=tuple(items), next=following)


async def _export(
    running: Workflow,
    caller: UserContext,
    what: str,
    search: RunSearch,
    rows: Callable[[Connection], AsyncIterator[Wire]],
) -> Response:
    async with connected(running.parts.pool) as connection:
        await record_access(connection, caller, f"{what} (export)", _query(search))

    async def lines() -> AsyncIterator[bytes]:
        async with running.parts.pool.connection() as connection, connection.transaction():
            async for row in rows(connection):
                yield row.model_dump_json().encode() + b"\n"

    return StreamingResponse(lines(), media_type=JSON_LINES)


def _query(search: RunSearch) -> dict[str, JsonValue]:
    return search.model_dump(mode="json", exclude_none=True)


def _event_cursor(cursor: str | None) -> tuple[UUID, int] | None:
    if cursor is None:
        return None
    run_id, _, seq = cursor.partition(".")
    return UUID(run_id), int(seq)


def _json(page: Wire) -> Response:
    return Response(page.model_dump_json(), media_type="application/json")
