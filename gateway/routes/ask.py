"""A question: checked, narrowed, handed on."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response
from pydantic import ValidationError

from contracts.context import Permission
from contracts.run import Answer, AskRequest, RunRequest, Started
from gateway import policy
from gateway.relay import relay
from gateway.routes.caller import WORKFLOW_PROBLEMS, AskerOf
from gateway.routes.forward import stream
from gateway.workflow_client import DOWN, Reply
from kit.event_stream import EVENTS
from kit.payload import documented_body, json_body
from kit.problems import Unavailable, documented

router = APIRouter(prefix="/api", tags=["runs"])


class Accepted(Started):
    """The same, with where to look for the answer."""

    url: str


IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\u0021-\u007e]+$",
        description="Makes a repeated post the same run.",
    ),
]
Prefer = Annotated[
    str | None, Header(description="`respond-async` answers 202 at once (RFC 7240).")
]


@router.post(
    "/ask",
    response_model=Answer,
    responses={
        **WORKFLOW_PROBLEMS,
        **documented(400, 404, 409, 413, 415),
        200: {"description": "The answer, or its making as events.", "content": EVENTS},
        202: {"description": "The run has started.", "model": Accepted},
    },
    openapi_extra=documented_body(AskRequest),
)
async def ask(
    caller: AskerOf,
    question: Annotated[AskRequest, Depends(json_body(AskRequest))],
    idempotency_key: IdempotencyKey = None,
    prefer: Prefer = None,
) -> Response:
    """Ask a question, and get the answer. With `Accept: text/event-stream` get its making, event
    by event; with `Prefer: respond-async` get the run's URL at once."""
    context = caller.context(question.role, question.store_id)
    policy.require(context, Permission.ASK)
    run = RunRequest(
        question=question.question,
        conversation_id=question.conversation_id,
        idempotency_key=idempotency_key,
    )
    is_async = wants_async(prefer)
    is_stream = not is_async and wants_stream(caller.request.headers.get("accept", ""))
    call = caller.to_workflow(
        "POST",
        "/run",
        headers={
            "Content-Type": "application/json",
            "Accept": "text/event-stream" if is_stream else "application/json",
            **({"Prefer": "respond-async"} if is_async else {}),
        },
        body=run.model_dump_json(exclude_none=True).encode(),
    )
    if is_stream:
        return await stream(caller, call, context)
    with caller.services.limits.open_calls.one(str(caller.identity.user_id)):
        reply = await caller.services.workflow.call(
            call, context, seconds=caller.services.settings.ask_timeout_seconds
        )
    return accepted(reply) if reply.status == 202 else relay(reply, caller.request)


def wants_async(prefer: str | None) -> bool:
    """Whether a Prefer header names respond-async, with or without other preferences."""
    names = (part.partition(";")[0].strip().lower() for part in (prefer or "").split(","))
    return "respond-async" in names


def wants_stream(accept: str) -> bool:
    """Whether an Accept header likes events better than JSON. Anything else gets JSON."""
    quality = dict(_quality(part) for part in accept.lower().split(","))
    otherwise = quality.get("application/*", quality.get("*/*", 0.0))
    events = quality.get("text/event-stream", quality.get("text/*", 0.0))
    return events > quality.get("application/json", otherwise)


def _quality(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter[2:])
            except ValueError:
                return name, 0.0
    return name, 1.0


def accepted(reply: Reply) -> Response:
    """A run that goes on by itself, with its URL. Raises Unavailable for an unreadable reply."""
    try:
        started = Started.model_validate_json(reply.body)
    except ValidationError:
        raise Unavailable(DOWN) from None
    url = f"/api/runs/{started.run_id}"
    return Response(
        Accepted(**started.model_dump(), url=url).model_dump_json(),
        202,
        {"Location": url, "Preference-Applied": "respond-async"},
        "application/json",
    )
