"""Asking: a conversation, its questions and answers, and an answer on its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, HTTPException, Query
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from pydantic import ValidationError

from contracts.catalog import Suggestion, Suggestions
from contracts.context import Permission
from contracts.problem import Problem
from contracts.run import Answer, AskRequest, ConversationPage, RunPage, RunSummary
from webui.answer_stream import parts
from webui.answer_view import AnswerView, view_of
from webui.gateway_client import ANSWER_SECONDS, GatewayProblem, SessionEnded
from webui.page import CONTENT_SECURITY_POLICY, page
from webui.visitor import Visitor, VisitorOf

router = APIRouter()
MOST_SHOWN = 12
"""Newest answers of a conversation that are shown whole; older ones are links."""
UNREADABLE = Problem(
    type="about:blank",
    title="That question cannot be asked",
    status=422,
    detail="A question is 1 to 4,000 characters of plain text.",
)


@router.get("/analytics")
async def conversation(
    visitor: VisitorOf,
    conversation: Annotated[UUID | None, Query()] = None,
    question: Annotated[str, Query(max_length=4000)] = "",
    search: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """A conversation, or the beginning of one; `question` is put into the box, and `search` leaves
    of the history what holds it."""
    visitor.require(Permission.ASK)
    return await _page(visitor, conversation, question, search=search)


@router.post("/analytics")
async def ask(
    visitor: VisitorOf,
    question: Annotated[str, Form()] = "",
    conversation: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "",
    store: Annotated[str, Form()] = "",
) -> Response:
    """Ask. A script gets the answer as it is made; a plain form the page when it is whole."""
    is_part = visitor.request.headers.get("hx-request") == "true"
    try:
        asked = AskRequest.model_validate(
            {
                "question": question.replace("\r\n", "\n"),
                "role": role or None,
                "store_id": int(store) if store.isdecimal() else None,
                "conversation_id": conversation or None,
            }
        )
        if is_part:
            return await _stream(visitor, asked)
        answer = await _answer(visitor, asked)
    except ValidationError:
        problem = UNREADABLE
    except SessionEnded:
        raise
    except GatewayProblem as error:
        problem = error.problem
    else:
        url = f"/analytics?conversation={answer.conversation_id}#run-{answer.run_id}"
        return RedirectResponse(url, status_code=303)
    if is_part:
        return page(visitor.request, "problem_part.html", status=problem.status, problem=problem,
                    retry_after=None)  # fmt: skip
    return await _page(visitor, _uuid(conversation), question, problem)


async def _page(
    visitor: Visitor,
    conversation: UUID | None,
    question: str,
    problem: Problem | None = None,
    search: str = "",
) -> Response:
    lines = await _history(visitor, search)
    suggestions: tuple[Suggestion, ...] = ()
    views: tuple[AnswerView, ...] = ()
    older: RunPage = RunPage(items=())
    if conversation is None:
        offered = await visitor.get("/api/suggestions", **_role(visitor))
        suggestions = Suggestions.model_validate(offered).items
    else:
        found = RunPage.model_validate(
            await visitor.get("/api/runs", conversation_id=str(conversation), limit="100")
        )
        if not found.items:
            raise HTTPException(404)
        newest = found.items[:MOST_SHOWN][::-1]
        views = tuple(await asyncio.gather(*(_view(visitor, item) for item in newest)))
        older = RunPage(items=found.items[MOST_SHOWN:][::-1])
    return page(
        visitor.request,
        "ask.html",
        status=problem.status if problem else 200,
        visitor=visitor,
        conversations=lines.items,
        search=search,
        conversation=str(conversation) if conversation else "",
        suggestions=suggestions,
        views=views,
        older=older.items,
        question=question,
        problem=problem,
    )


@router.get("/analytics/history")
async def history(
    visitor: VisitorOf,
    search: Annotated[str, Query(max_length=200)] = "",
    conversation: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """The history that holds `search`, as a part of the page."""
    lines = await _history(visitor, search)
    return page(visitor.request, "history.html", visitor=visitor, conversations=lines.items,
                search=search, conversation=conversation)  # fmt: skip


async def _history(visitor: Visitor, search: str) -> ConversationPage:
    """What cannot be looked for, such as nothing but blanks, is looked for nowhere."""
    wanted = " ".join(search.split())
    query = {"search": wanted} if wanted.isprintable() and wanted else {}
    return ConversationPage.model_validate(
        await visitor.get("/api/conversations", limit="40", **query)
    )


def _role(visitor: Visitor) -> dict[str, str]:
    chosen = visitor.person.chosen_role
    return {"role": chosen} if chosen else {}


async def _view(visitor: Visitor, line: RunSummary) -> AnswerView:
    answer = Answer.model_validate(await visitor.get(f"/api/runs/{line.run_id}"))
    return view_of(answer, line.feedback or "")


async def _answer(visitor: Visitor, asked: AskRequest) -> Answer:
    reply = await visitor.gateway.call(
        visitor.bearer,
        "POST",
        "/api/ask",
        body=asked.model_dump(mode="json", exclude_none=True),
        seconds=ANSWER_SECONDS,
    )
    return Answer.model_validate_json(reply.content)


async def _stream(visitor: Visitor, asked: AskRequest) -> Response:
    """The gateway has begun to answer before this returns, so that a refusal has its status."""
    opened = AsyncExitStack()
    reply = await opened.enter_async_context(
        visitor.gateway.stream(
            visitor.bearer,
            "POST",
            "/api/ask",
            body=asked.model_dump(mode="json", exclude_none=True),
        )
    )
    template = visitor.services.templates.get_template("turn_event.html")
    return StreamingResponse(
        _until_over(parts(reply.events(), template, asked), opened),
        media_type="text/event-stream",
        headers={
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        },
    )


async def _until_over(told: AsyncIterator[bytes], opened: AsyncExitStack) -> AsyncIterator[bytes]:
    """Close the gateway's stream with ours, whichever end hangs up."""
    async with opened:
        async for chunk in told:
            yield chunk


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
