"""A person's own runs and conversations."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from fastapi.sse import EventSourceResponse

from contracts.context import UserContext
from contracts.run import Answer, ConversationPage, RunPage, RunStatus, SearchText
from kit.database import DatabaseAway, connected
from kit.event_stream import EVENTS
from kit.problems import Conflict, NotFound, Unavailable, documented
from workflow.answer import compose
from workflow.api import streams
from workflow.api.access import Caller, Running
from workflow.stages import Progress
from workflow.store import conversations, runs
from workflow.store.rows import Run

Limit = Annotated[int, Query(ge=1, le=100)]
Search = Annotated[SearchText, Query()]
router = APIRouter(tags=["runs"], responses=documented(401, 404, 409, 422, 503))


@router.get("/runs")
async def list_runs(
    caller: Caller,
    running: Running,
    cursor: UUID | None = None,
    limit: Limit = 20,
    conversation_id: UUID | None = None,
) -> RunPage:
    """Newest first, all or those of a conversation; `next` is the `cursor` of the following
    page."""
    async with connected(running.parts.pool) as connection:
        items = await runs.page(
            connection,
            org_id=caller.org_id,
            user_id=caller.user_id,
            conversation_id=conversation_id,
            before=cursor,
            limit=limit,
        )
    following = str(items[-1].run_id) if len(items) == limit else None
    return RunPage(items=tuple(items), next=following)


@router.get("/runs/{run_id}", response_model=Answer)
async def get_run(run_id: UUID, caller: Caller, running: Running) -> Response:
    """The run's answer; while there is none, its state in the same shape."""
    async with connected(running.parts.pool) as connection:
        run = await _own(connection, caller, run_id)
        text = await runs.answer(connection, run_id, org_id=caller.org_id, user_id=caller.user_id)
    if text is None or run.status is RunStatus.RUNNING:
        text = compose(run, run.status, Progress(), {}).model_dump_json()
    return Response(text, media_type="application/json")


@router.get(
    "/runs/{run_id}/events",
    response_class=Response,
    responses={200: {"description": "Events.", "content": EVENTS}},
)
async def run_events(
    run_id: UUID,
    caller: Caller,
    running: Running,
    last_event_id: Annotated[str, Header(max_length=64)] = "",
) -> Response:
    """The run as server-sent events, from after `Last-Event-ID`, until it is finished."""
    async with connected(running.parts.pool) as connection:
        await _own(connection, caller, run_id)
    return EventSourceResponse(streams.follow(running, caller, run_id, last_event_id))


@router.post("/runs/{run_id}/cancel", response_model=Answer)
async def cancel_run(run_id: UUID, caller: Caller, running: Running) -> Response:
    """Give the run up; answers once it has ended. Conflict where it already had."""
    async with connected(running.parts.pool) as connection:
        is_noted = await runs.request_cancel(
            connection, run_id, org_id=caller.org_id, user_id=caller.user_id
        )
        run = await _own(connection, caller, run_id)
    if not is_noted:
        raise Conflict(f"This run has already ended: {run.status.value}.", run_id=str(run_id))
    try:
        if run.status is RunStatus.NEEDS_APPROVAL:
            await running.decisions.cancel_run(caller, run_id)
        running.runner.cancel(run_id)
        text = await streams.wait_for_answer(running, caller, run_id)
    except runs.Lost as error:
        raise Conflict("This run has just moved on.", run_id=str(run_id)) from error
    except DatabaseAway as error:
        raise Unavailable(
            "The database does not answer. Look at the run again shortly.", run_id=str(run_id)
        ) from error
    return Response(text, media_type="application/json")


@router.get("/conversations")
async def list_conversations(
    caller: Caller,
    running: Running,
    cursor: UUID | None = None,
    limit: Limit = 20,
    search: Search | None = None,
) -> ConversationPage:
    """Last asked first, all or those in which a question holds `search`; `next` is the `cursor`
    of the following page."""
    async with connected(running.parts.pool) as connection:
        items = await conversations.page(
            connection,
            org_id=caller.org_id,
            user_id=caller.user_id,
            before=cursor,
            limit=limit,
            search=search,
        )
    following = str(items[-1].conversation_id) if len(items) == limit else None
    return ConversationPage(items=tuple(items), next=following)


async def _own(connection: runs.Connection, caller: UserContext, run_id: UUID) -> Run:
    run = await runs.get(connection, run_id, org_id=caller.org_id, user_id=caller.user_id)
    if run is None:
        raise NotFound("There is no such run.")
    return run
