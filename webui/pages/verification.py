"""Verifying the whole record from its page, with a progress bar; and its checkpoints."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, UploadFile
from fastapi.responses import Response, StreamingResponse
from fastapi.sse import format_sse_event
from jinja2 import Template

from contracts.audit import CheckpointPage
from contracts.evidence import ReceiptCheck
from contracts.verification import Verification, VerificationProgress
from webui.gateway_client import ANSWER_SECONDS, GatewayProblem, SessionEnded, StreamedReply
from webui.page import CONTENT_SECURITY_POLICY, page
from webui.verification_view import view_of
from webui.visitor import VisitorOf

router = APIRouter(prefix="/audit")
log = structlog.get_logger(__name__)
_PATH = "/api/audit/verify"
_MOST_OF_A_FILE = 60_000


@router.post("/verify")
async def verify(visitor: VisitorOf) -> Response:
    """Recompute it all. A script is shown how far it is; a plain form what it came to."""
    if visitor.request.headers.get("hx-request") != "true":
        found, problem = None, ""
        try:
            reply = await visitor.gateway.call(
                visitor.bearer, "POST", _PATH, seconds=ANSWER_SECONDS
            )
            found = view_of(Verification.model_validate_json(reply.content))
        except SessionEnded:
            raise
        except GatewayProblem as error:
            problem = error.problem.detail
        return page(
            visitor.request, "audit_verified.html", visitor=visitor, found=found, problem=problem
        )
    opened = AsyncExitStack()
    told = await opened.enter_async_context(visitor.gateway.stream(visitor.bearer, "POST", _PATH))
    template = visitor.services.templates.get_template("verification.html")
    return StreamingResponse(
        _parts(told, template, opened),
        media_type="text/event-stream",
        headers={
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        },
    )


@router.post("/receipt")
async def check_receipt(visitor: VisitorOf, file: UploadFile) -> Response:
    """Whether a receipt's file is genuine, and the record still says the same."""
    text = (await file.read(_MOST_OF_A_FILE + 1)).decode("utf-8", "replace")
    found, problem = None, ""
    try:
        reply = await visitor.gateway.call(
            visitor.bearer, "POST", "/api/audit/receipts/check", body={"text": text}
        )
        found = ReceiptCheck.model_validate_json(reply.content)
    except SessionEnded:
        raise
    except GatewayProblem as error:
        if error.problem.status not in (413, 422):
            raise
        problem = "This file is empty, or far larger than a receipt is."
    return page(
        visitor.request, "audit_receipt.html", visitor=visitor, found=found, problem=problem
    )


@router.get("/checkpoints")
async def checkpoints(
    visitor: VisitorOf, cursor: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> Response:
    """Each seal with its root and signature, newest first."""
    query = {"limit": "20"} if cursor is None else {"limit": "20", "cursor": str(cursor)}
    found = CheckpointPage.model_validate(await visitor.get("/api/audit/checkpoints", **query))
    return page(visitor.request, "audit_checkpoints.html", visitor=visitor, found=found)


async def _parts(
    told: StreamedReply, template: Template, opened: AsyncExitStack
) -> AsyncIterator[bytes]:
    is_over = False
    async with opened:
        try:
            async for event in told.events():
                match event.name:
                    case "progress":
                        progress = VerificationProgress.model_validate_json(event.data)
                        yield _part(template, progress=progress)
                    case "verified":
                        is_over = True
                        found = Verification.model_validate_json(event.data)
                        yield _part(template, found=view_of(found))
                    case "":
                        yield b": still at it\n\n"
        except GatewayProblem as error:
            log.warning("the gateway's stream broke off", error=type(error.__cause__).__name__)
        if not is_over:
            yield _part(template)


def _part(template: Template, **values: object) -> bytes:
    shown = {"progress": None, "found": None, **values}
    return format_sse_event(data_str=template.render(**shown))
