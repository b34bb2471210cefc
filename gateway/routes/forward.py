"""Handing a call on to the workflow, as it is."""

from collections.abc import Mapping
from contextlib import ExitStack

from fastapi import Response

from contracts.base import Wire
from contracts.context import UserContext
from gateway.relay import EventRelay, relay
from gateway.routes.caller import Caller
from gateway.workflow_client import Call, Reply


async def forward(
    caller: Caller,
    method: str,
    path: str,
    *,
    context: UserContext | None = None,
    body: Wire | None = None,
    headers: Mapping[str, str | None] | None = None,
    seconds: float | None = None,
    **query: object,
) -> Response:
    """The workflow's answer, whole. A query value or a header of None is left out; `seconds` is
    how long it may take, if longer than other calls."""
    given = {name: str(value) for name, value in query.items() if value is not None}
    more = {name: value for name, value in (headers or {}).items() if value is not None}
    if body is not None:
        more["Content-Type"] = "application/json"
    payload = body.model_dump_json().encode() if body is not None else None
    call = caller.to_workflow(method, path, query=given, headers=more, body=payload)
    reply = await caller.services.workflow.call(call, context or caller.context(), seconds=seconds)
    return relay(reply, caller.request)


async def stream(caller: Caller, call: Call, context: UserContext) -> Response:
    """The workflow's answer as it is written. It counts as open until either side hangs up."""
    with ExitStack() as opened:
        opened.enter_context(caller.services.limits.open_calls.one(str(caller.identity.user_id)))
        answer = await caller.services.workflow.stream(call, context)
        if isinstance(answer, Reply):
            return relay(answer, caller.request)
        return EventRelay(answer, caller.request, on_end=opened.pop_all().close)
