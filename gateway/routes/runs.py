"""Runs and conversations: what was asked, how it stands, and how it came about."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from contracts.context import Permission
from contracts.evidence import Receipt, Replay
from contracts.people import Deciders
from contracts.run import Answer, ConversationPage, RunPage, RunStatus, SearchText
from gateway import policy
from gateway.relay import relay
from gateway.routes.caller import WORKFLOW_PROBLEMS, CallerOf, Role
from gateway.routes.forward import forward, stream
from kit.event_stream import EVENTS
from kit.problems import documented

router = APIRouter(prefix="/api", tags=["runs"])
MOST_NAMED = 5
"""Of more people a role says as much, and whoever waits learns less of who holds it."""

Cursor = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=200,
        pattern=r"^[A-Za-z0-9_=.~:-]+$",
        description="The `next` of the page before; none for the first.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=100, description="Most items on a page.")]
LastEventId = Annotated[
    str | None,
    Header(
        max_length=64,
        pattern=r"^[\u0021-\u007e]*$",
        description="Id of the last event received: the stream continues behind it.",
    ),
]
_PAGE_PROBLEMS = {**WORKFLOW_PROBLEMS, **documented(400)}
_RUN_PROBLEMS = {**WORKFLOW_PROBLEMS, **documented(404)}


@router.get("/runs", response_model=RunPage, responses=_PAGE_PROBLEMS)
async def runs(
    caller: CallerOf,
    cursor: Cursor = None,
    limit: Limit = 20,
    conversation_id: UUID | None = None,
) -> Response:
    """One's own runs, newest first; with `conversation_id` those of that conversation."""
    return await forward(
        caller, "GET", "/runs", cursor=cursor, limit=limit, conversation_id=conversation_id
    )


@router.get("/runs/{run_id}", response_model=Answer, responses=_RUN_PROBLEMS)
async def run(caller: CallerOf, run_id: UUID) -> Response:
    """A run of one's own, as it stands. Somebody else's is 404."""
    return await forward(caller, "GET", f"/runs/{run_id}")


@router.get(
    "/runs/{run_id}/events",
    response_class=Response,
    responses={**_RUN_PROBLEMS, 200: {"description": "Events.", "content": EVENTS}},
)
async def events(caller: CallerOf, run_id: UUID, last_event_id: LastEventId = None) -> Response:
    """What happens in a run, from its beginning or from where `Last-Event-ID` was."""
    headers = {"Accept": "text/event-stream"}
    if last_event_id:
        headers["Last-Event-ID"] = last_event_id
    call = caller.to_workflow("GET", f"/runs/{run_id}/events", headers=headers)
    return await stream(caller, call, caller.context())


@router.get("/runs/{run_id}/deciders", response_model=Deciders, responses=_RUN_PROBLEMS)
async def deciders(caller: CallerOf, run_id: UUID) -> Response:
    """Who may decide on what a run of one's own waits for: the roles, and the people where they
    are no more than 5. Nobody, for a run that does not wait. Which of them has it in hand, and
    whether one's scope reaches far enough, is not told."""
    context = caller.context()
    reply = await caller.services.workflow.call(
        caller.to_workflow("GET", f"/runs/{run_id}"), context
    )
    if reply.status != 200:
        return relay(reply, caller.request)
    answer = Answer.model_validate_json(reply.body)
    is_waiting = answer.status is RunStatus.NEEDS_APPROVAL and answer.approval is not None
    roles = answer.approval.may_decide if answer.approval and is_waiting else ()
    people = await caller.services.people.few_in(context, roles, most=MOST_NAMED)
    found = Deciders(roles=roles, people=people)
    return Response(found.model_dump_json(), media_type="application/json")


@router.post(
    "/runs/{run_id}/cancel",
    response_model=Answer,
    responses={**_RUN_PROBLEMS, **documented(409)},
)
async def cancel(caller: CallerOf, run_id: UUID) -> Response:
    """Stop a run of one's own. One that is over already is 409."""
    return await forward(caller, "POST", f"/runs/{run_id}/cancel")


@router.get(
    "/runs/{run_id}/receipt",
    response_model=Receipt,
    responses={**_RUN_PROBLEMS, **documented(409)},
)
async def receipt(caller: CallerOf, run_id: UUID, role: Role = None) -> Response:
    """The signed receipt of a run of one's own that has ended; for auditors, of any run of the
    organisation. Checked with `/.well-known/countersign-keys.json`, or `countersign receipt
    verify`."""
    return await forward(caller, "GET", f"/runs/{run_id}/receipt", context=caller.context(role))


@router.post(
    "/runs/{run_id}/replay",
    response_model=Replay,
    responses={**_RUN_PROBLEMS, **documented(409)},
)
async def replay(caller: CallerOf, run_id: UUID, role: Role = None) -> Response:
    """For auditors: ask a run of the organisation again, in the scope it had and its asker still
    has, and say whether the result is identical, or what changed."""
    context = caller.context(role)
    policy.require(context, Permission.AUDIT)
    return await forward(caller, "POST", f"/runs/{run_id}/replay", context=context)


@router.get("/conversations", response_model=ConversationPage, responses=_PAGE_PROBLEMS)
async def conversations(
    caller: CallerOf,
    cursor: Cursor = None,
    limit: Limit = 20,
    search: Annotated[
        SearchText | None, Query(description="What a question of theirs has to hold.")
    ] = None,
) -> Response:
    """One's own conversations, last asked first."""
    return await forward(caller, "GET", "/conversations", cursor=cursor, limit=limit, search=search)
