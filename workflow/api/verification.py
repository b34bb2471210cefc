"""`POST /audit/verify`: the organisation's whole record, recomputed for an auditor who waits."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import structlog
from fastapi import APIRouter, Header, Response
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event

from contracts.context import UserContext
from contracts.verification import Verification, VerificationProgress
from kit.database import connected
from kit.event_stream import EVENTS
from kit.problems import Conflict, Unavailable, documented
from workflow.api.access import Auditor, Running
from workflow.audit.access import record_access
from workflow.bootstrap import Workflow
from workflow.verification import Broke, Busy, Verifying, begin

HEARTBEAT_SECONDS = 10.0
log = structlog.get_logger(__name__)
router = APIRouter(prefix="/audit", tags=["audit"])


@router.post(
    "/verify",
    response_model=Verification,
    responses={
        200: {"description": "What was found, or its making as events.", "content": EVENTS},
        **documented(401, 403, 409, 422, 503),
    },
)
async def verify(
    caller: Auditor, running: Running, accept: Annotated[str, Header()] = "application/json"
) -> Response:
    """Recompute it all, and say what is wrong, and where. With `Accept: text/event-stream` tell
    how far it is. One verification at a time; that it was asked for and what it found is
    recorded."""
    async with connected(running.parts.pool) as connection:
        await record_access(connection, caller, "verify", {})
    try:
        verifying = await begin(running.database_url, caller.org_id)
    except Busy as error:
        raise Conflict(
            "The record is being verified already. Try again when that has ended.",
            kind="verification-busy",
        ) from error
    except Broke as error:
        raise Unavailable("The verification could not begin. Try again shortly.") from error
    if "text/event-stream" in accept:
        return EventSourceResponse(_events(running, caller, verifying))
    try:
        async for told in verifying.told():
            if isinstance(told, Verification):
                await _note(running, caller, told)
                return Response(told.model_dump_json(), media_type="application/json")
    except Broke as error:
        raise Unavailable("The verification broke off. Try again shortly.") from error
    finally:
        verifying.close()
    raise Unavailable("The verification broke off. Try again shortly.")


async def _events(
    running: Workflow, caller: UserContext, verifying: Verifying
) -> AsyncIterator[bytes]:
    told = verifying.told()
    coming: asyncio.Future[VerificationProgress | Verification] | None = None
    try:
        yield _progress(VerificationProgress(what="Beginning"))
        while True:
            coming = asyncio.ensure_future(anext(told))
            while not (await asyncio.wait({coming}, timeout=HEARTBEAT_SECONDS))[0]:
                yield KEEPALIVE_COMMENT
            found = coming.result()
            if isinstance(found, Verification):
                await _note(running, caller, found)
                yield format_sse_event(event="verified", data_str=found.model_dump_json())
                return
            yield _progress(found)
    except Broke:
        log.warning("the verification broke off")
        yield format_sse_event(event="interrupted", data_str="{}")
    finally:
        if coming is not None:
            coming.cancel()
        verifying.close()


def _progress(told: VerificationProgress) -> bytes:
    return format_sse_event(event="progress", data_str=told.model_dump_json())


async def _note(running: Workflow, caller: UserContext, found: Verification) -> None:
    async with connected(running.parts.pool) as connection:
        await record_access(
            connection,
            caller,
            "verified",
            {"events": found.events, "faults": len(found.faults)},
        )
