"""The record, for auditors. Each reading is itself recorded."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response

from contracts.audit import (
    AccessKind,
    AccessPage,
    AuditedEventPage,
    AuditedRunPage,
    CheckpointPage,
    EventQuery,
    RunQuery,
)
from contracts.context import Permission, UserContext
from contracts.evidence import ReceiptCheck, ReceiptCheckRequest
from contracts.verification import Verification
from gateway import policy
from gateway.routes.caller import WORKFLOW_PROBLEMS, Caller, CallerOf, Role
from gateway.routes.forward import forward, stream
from gateway.routes.runs import Limit
from kit.event_stream import EVENTS, JSON_LINES, LINES
from kit.payload import documented_body, json_body
from kit.problems import documented

router = APIRouter(prefix="/api/audit", tags=["audit"], responses=WORKFLOW_PROBLEMS)
Accept = Annotated[
    str, Header(description=f"`{JSON_LINES}` gives everything that fits, as JSON lines.")
]
Number = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
_OR_LINES: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page, or everything in lines.", "content": LINES}
}


class RunsOf(RunQuery):
    """Asked in one of one's roles."""

    role: Role = None


class EventsOf(EventQuery):
    """Asked in one of one's roles."""

    role: Role = None


def _auditor(caller: Caller, role: str | None) -> UserContext:
    context = caller.context(role)
    policy.require(context, Permission.AUDIT)
    return context


@router.get("/runs", response_model=AuditedRunPage, responses=_OR_LINES)
async def runs(
    caller: CallerOf,
    search: Annotated[RunsOf, Query()],
    accept: Accept = "application/json",
) -> Response:
    """The organisation's runs, newest first, without what they answered."""
    return await _found(caller, "/audit/runs", search, accept)


@router.get("/events", response_model=AuditedEventPage, responses=_OR_LINES)
async def events(
    caller: CallerOf,
    search: Annotated[EventsOf, Query()],
    accept: Accept = "application/json",
) -> Response:
    """The events of those runs, whole."""
    return await _found(caller, "/audit/events", search, accept)


@router.get("/checkpoints", response_model=CheckpointPage)
async def checkpoints(
    caller: CallerOf, role: Role = None, cursor: Number = None, limit: Limit = 20
) -> Response:
    """The organisation's checkpoints, newest first. One kept elsewhere shows later that nothing
    it seals was taken away since."""
    context = _auditor(caller, role)
    return await forward(
        caller, "GET", "/audit/checkpoints", context=context, cursor=cursor, limit=limit
    )


@router.get("/accesses", response_model=AccessPage)
async def accesses(
    caller: CallerOf,
    role: Role = None,
    what: AccessKind | None = None,
    cursor: UUID | None = None,
    limit: Limit = 20,
) -> Response:
    """Who read the record, newest first; with `what` only what was read so, as `verified`."""
    context = _auditor(caller, role)
    return await forward(
        caller, "GET", "/audit/accesses", context=context, what=what, cursor=cursor, limit=limit
    )


@router.post(
    "/verify",
    response_model=Verification,
    responses={
        200: {"description": "What was found, or its making as events.", "content": EVENTS},
        **documented(409),
    },
)
async def verify(
    caller: CallerOf,
    role: Role = None,
    accept: Annotated[
        str, Header(description="`text/event-stream` tells how far it is.")
    ] = "application/json",
) -> Response:
    """Recompute the organisation's whole record: every chain, seal, receipt and governing change,
    and the exact place of what is wrong. One at a time; that it was asked for, and what it found,
    is recorded. A long record takes minutes: have it told as events."""
    context = _auditor(caller, role)
    is_stream = "text/event-stream" in accept
    headers = {"Accept": "text/event-stream" if is_stream else "application/json"}
    if is_stream:
        return await stream(
            caller, caller.to_workflow("POST", "/audit/verify", headers=headers), context
        )
    with caller.services.limits.open_calls.one(str(caller.identity.user_id)):
        return await forward(
            caller,
            "POST",
            "/audit/verify",
            context=context,
            seconds=caller.services.settings.ask_timeout_seconds,
        )


@router.post(
    "/receipts/check",
    response_model=ReceiptCheck,
    responses=documented(413, 415),
    openapi_extra=documented_body(ReceiptCheckRequest),
)
async def check_receipt(
    caller: CallerOf,
    shown: Annotated[ReceiptCheckRequest, Depends(json_body(ReceiptCheckRequest))],
    role: Role = None,
) -> Response:
    """Whether a receipt that somebody shows is genuine, and the record still says the same. It
    trusts this service; `countersign receipt verify` needs the public keys alone."""
    context = _auditor(caller, role)
    return await forward(caller, "POST", "/audit/receipts/check", context=context, body=shown)


async def _found(
    caller: Caller,
    path: str,
    search: RunsOf | EventsOf,
    accept: str,
) -> Response:
    context = _auditor(caller, search.role)
    given = search.model_dump(mode="json", exclude_none=True, exclude={"role"})
    if JSON_LINES in accept:
        query = {name: str(value) for name, value in given.items()}
        headers = {"Accept": JSON_LINES}
        return await stream(
            caller, caller.to_workflow("GET", path, query=query, headers=headers), context
        )
    return await forward(caller, "GET", path, context=context, **given)
