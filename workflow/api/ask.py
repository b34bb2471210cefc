"""`POST /run`: a question becomes a run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response
from fastapi.sse import EventSourceResponse
from psycopg_pool import PoolTimeout

from contracts.context import Permission, UserContext
from contracts.run import Answer, RunRequest, Started
from kit.database import DatabaseAway
from kit.event_stream import EVENTS
from kit.payload import documented_body, json_body
from kit.problems import Conflict, Forbidden, NotFound, Unavailable, documented
from workflow.ahead import Ahead, look_ahead
from workflow.api import streams
from workflow.api.access import Caller, Running
from workflow.arriving import log_of, run_of
from workflow.bootstrap import Workflow
from workflow.parts import Outcome
from workflow.store import runs
from workflow.store.rows import Run

router = APIRouter(tags=["runs"])


@router.post(
    "/run",
    response_model=Answer,
    responses={
        200: {"description": "The answer, or its making as events.", "content": EVENTS},
        202: {"description": "The run has started.", "model": Started},
        **documented(401, 403, 404, 409, 413, 415, 422, 503),
    },
    openapi_extra=documented_body(RunRequest),
)
async def ask(
    caller: Caller,
    request: Annotated[RunRequest, Depends(json_body(RunRequest))],
    running: Running,
    accept: Annotated[str, Header()] = "application/json",
    prefer: Annotated[str, Header()] = "",
) -> Response:
    """Answer a question: waiting, streaming (`Accept: text/event-stream`), or later
    (`Prefer: respond-async`)."""
    if Permission.ASK not in caller.permissions:
        raise Forbidden(f"The role {caller.role} does not ask questions.")
    is_stream, is_later = "text/event-stream" in accept, "respond-async" in prefer
    is_first = request.conversation_id is None
    ahead = look_ahead(running.parts, request.question, caller, is_first=is_first)
    is_new = False
    try:
        run, is_new = await _arrive(running, caller, request)
    finally:
        if not is_new:
            ahead.cancel()
    if is_stream:
        body = begin_stream(running, run, ahead) if is_new else _stream_known(running, caller, run)
        return EventSourceResponse(body)
    runner = running.runner
    task = runner.start(run, ahead=ahead) if is_new else runner.task(run.run_id)
    if is_later:
        started = Started(run_id=run.run_id, conversation_id=run.conversation_id, status=run.status)
        return Response(
            started.model_dump_json(),
            status_code=202,
            media_type="application/json",
            headers={"Preference-Applied": "respond-async"},
        )
    text = await answer_text(running, caller, run, task)
    return Response(text, media_type="application/json")


async def _arrive(running: Workflow, caller: UserContext, request: RunRequest) -> tuple[Run, bool]:
    """The run of this request, and whether it is a new one."""
    try:
        async with running.parts.pool.connection() as connection:
            # dated only now: a young run is left to this request, and waiting does not age it
            log = log_of(caller, request.question, request.conversation_id)
            try:
                is_stored = await runs.arrive(
                    connection,
                    log,
                    worker_id=running.runner.worker_id,
                    is_first=request.conversation_id is None,
                    idempotency_key=request.idempotency_key,
                )
            except runs.KeyUsed:
                return await _known(connection, caller, request), False
            except runs.UnknownOrganisation as error:
                raise Forbidden("Your organisation is not known here.") from error
    except PoolTimeout as error:
        raise Unavailable(
            "The question could not be recorded, so it was not asked. Please try again."
        ) from error
    except DatabaseAway as error:  # it broke off: who can say whether before or after the commit
        raise Unavailable(
            "The record broke off while the question was being stored. If it is among your runs, "
            "it is being answered; if not, please ask again."
        ) from error
    if not is_stored:
        raise NotFound("There is no such conversation.")
    return run_of(log, caller, is_first=request.conversation_id is None), True


async def _known(connection: runs.Connection, caller: UserContext, request: RunRequest) -> Run:
    run = await runs.by_key(
        connection,
        request.idempotency_key or "",
        org_id=caller.org_id,
        user_id=caller.user_id,
    )
    is_same = (
        run is not None
        and run.question == request.question
        and run.context == caller
        and request.conversation_id in {None, run.conversation_id}
    )
    if run is None or not is_same:
        raise Conflict(
            "This Idempotency-Key was used for another question.", kind="idempotency-key-reused"
        )
    return run


def begin_stream(running: Workflow, run: Run, ahead: Ahead | None = None) -> AsyncIterator[bytes]:
    """Start the run, whether or not anybody stays to read of it."""
    listening = ExitStack()
    queue = listening.enter_context(running.hub.listen(run.run_id))
    task = running.runner.start(run, ahead=ahead)
    task.add_done_callback(lambda _: listening.close())

    async def told() -> AsyncIterator[bytes]:
        with listening:
            yield streams.opening(run.run_id, run.conversation_id)
            async for chunk in streams.live(queue, task):
                yield chunk

    return told()


async def _stream_known(running: Workflow, caller: UserContext, run: Run) -> AsyncIterator[bytes]:
    yield streams.opening(run.run_id, run.conversation_id)
    async for chunk in streams.follow(running, caller, run.run_id, ""):
        yield chunk


async def answer_text(
    running: Workflow, caller: UserContext, run: Run, task: asyncio.Task[Outcome] | None
) -> str:
    """The answer's JSON text once the run rests, by `task` where this process carries it. Raises
    Unavailable."""
    try:
        if task is not None:
            return (await asyncio.shield(task)).text
        return await streams.wait_for_answer(running, caller, run.run_id)
    except (runs.Lost, *DatabaseAway) as error:
        raise Unavailable(
            "The record cannot be written just now. The question is kept and will be finished; "
            "look for it in your runs.",
            run_id=str(run.run_id),
        ) from error
