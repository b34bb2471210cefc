"""One run: its answer, its record, its files, and what its asker says of it or does to it."""

import asyncio
from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue

from contracts.people import Deciders
from contracts.problem import Problem
from contracts.run import Answer, RunPage, RunStatus, StageEvent
from webui.answer_view import STAGES, AnswerView, view_of
from webui.gateway_client import GatewayProblem, SessionEnded
from webui.page import page
from webui.visitor import Visitor, VisitorOf

router = APIRouter(prefix="/runs/{run_id}")
RECORD_SECONDS = 2.0
"""How long the events of a run that has not ended are waited for."""


@router.get("")
async def run(
    visitor: VisitorOf, run_id: UUID, question: Annotated[str, Query(max_length=4000)] = ""
) -> Response:
    """One answer, for whoever asked. Anybody else is told no more than the link itself says, and
    may ask what it names within their own scope."""
    try:
        view = await view_for(visitor, run_id)
    except GatewayProblem as error:
        if error.problem.status != 404:
            raise
        return page(visitor.request, "not_yours.html", status=404, visitor=visitor,
                    question=question)  # fmt: skip
    return page(visitor.request, "run.html", visitor=visitor, view=view)


@router.get("/turn")
async def turn(visitor: VisitorOf, run_id: UUID, status: RunStatus) -> Response:
    """The answer as part of a page, once it is another than `status`; until then nothing."""
    answer = Answer.model_validate(await visitor.get(f"/api/runs/{run_id}"))
    if answer.status is status:
        return Response(status_code=204)
    return page(visitor.request, "turn.html", visitor=visitor, view=view_of(answer))


@router.get("/deciders")
async def deciders(
    visitor: VisitorOf, run_id: UUID, needed: Annotated[int, Query(ge=1, le=9)] = 1
) -> Response:
    """Who may let it through, as a part of a page."""
    found = Deciders.model_validate(await visitor.get(f"/api/runs/{run_id}/deciders"))
    return page(visitor.request, "deciders.html", visitor=visitor, found=found, needed=needed)


@router.get("/receipt")
async def receipt(visitor: VisitorOf, run_id: UUID) -> Response:
    """The signed receipt, to keep."""
    reply = await visitor.gateway.call(visitor.bearer, "GET", f"/api/runs/{run_id}/receipt")
    name = f"receipt-{run_id}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(reply.content, media_type="application/json", headers=headers)


@router.get("/export")
async def export(
    visitor: VisitorOf,
    run_id: UUID,
    format: Annotated[str, Query(max_length=8)],
    widget: Annotated[str, Query(max_length=8)] = "",
) -> Response:
    """The answer as a file; in words, with the way back, where there is none."""
    query = {"format": format, **({"widget": widget} if widget else {})}
    try:
        reply = await visitor.gateway.call(
            visitor.bearer, "GET", f"/api/runs/{run_id}/export", query=query
        )
    except GatewayProblem as error:
        if error.problem.status not in (406, 409):
            raise
        title = "There is nothing to download" + (" yet" if _waits(error.problem) else "")
        problem = error.problem.model_copy(update={"title": title})
        return page(visitor.request, "problem.html", status=problem.status, problem=problem,
                    retry_after=None, back=f"/runs/{run_id}")  # fmt: skip
    kept = ("content-type", "content-disposition")
    return Response(reply.content, headers={name: reply.headers[name] for name in kept})


@router.get("/record")
async def record(visitor: VisitorOf, run_id: UUID) -> Response:
    """Its events: a part of a page, or a page of its own."""
    answer = Answer.model_validate(await visitor.get(f"/api/runs/{run_id}"))
    links: list[StageEvent] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(RECORD_SECONDS):
            await _read_events(visitor, run_id, links)
    is_part = visitor.request.headers.get("hx-request") == "true"
    template = "record_part.html" if is_part else "record.html"
    return page(visitor.request, template, visitor=visitor, answer=answer, links=links,
                names=STAGES)  # fmt: skip


@router.post("/feedback")
async def feedback(
    visitor: VisitorOf,
    run_id: UUID,
    verdict: Annotated[str, Form(max_length=8)] = "",
    about: Annotated[tuple[str, ...], Form(max_length=12)] = (),
    comment: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Right, or wrong and what is. What cannot be taken is said, and stays typed."""
    body: JsonValue = {
        "verdict": verdict,
        "about": list(about),
        "comment": comment.replace("\r\n", "\n"),
    }
    said, problem = verdict, ""
    try:
        path = f"/api/runs/{run_id}/feedback"
        await visitor.gateway.call(visitor.bearer, "POST", path, body=body)
    except SessionEnded:
        raise
    except GatewayProblem as error:
        is_form = error.problem.status == 422
        said = ""
        problem = "A comment is up to 2,000 characters." if is_form else error.problem.detail
    if visitor.request.headers.get("hx-request") == "true":
        return page(visitor.request, "feedback.html", visitor=visitor, run_id=run_id, said=said,
                    problem=problem, about=about, comment=comment)  # fmt: skip
    if problem:
        view = await view_for(visitor, run_id)
        return page(visitor.request, "run.html", status=422, visitor=visitor, view=view,
                    feedback_problem=problem, about=about, comment=comment)  # fmt: skip
    return RedirectResponse(f"/runs/{run_id}#feedback-{run_id}", status_code=303)


@router.post("/cancel")
async def cancel(visitor: VisitorOf, run_id: UUID) -> Response:
    """Stop it, or give up waiting. A run that is still told by a stream ends there."""
    reply = await visitor.gateway.call(visitor.bearer, "POST", f"/api/runs/{run_id}/cancel")
    if visitor.request.headers.get("hx-request") != "true":
        return RedirectResponse(f"/runs/{run_id}", status_code=303)
    view = view_of(Answer.model_validate_json(reply.content))
    return page(visitor.request, "turn.html", visitor=visitor, view=view)


async def view_for(visitor: Visitor, run_id: UUID) -> AnswerView:
    """The answer with what its asker said of it."""
    answer = Answer.model_validate(await visitor.get(f"/api/runs/{run_id}"))
    conversation = str(answer.conversation_id)
    lines = await visitor.get("/api/runs", conversation_id=conversation, limit="100")
    found = (line for line in RunPage.model_validate(lines).items if line.run_id == run_id)
    line = next(found, None)
    return view_of(answer, (line.feedback or "") if line else "")


async def _read_events(visitor: Visitor, run_id: UUID, links: list[StageEvent]) -> None:
    path = f"/api/runs/{run_id}/events"
    async with visitor.gateway.stream(visitor.bearer, "GET", path) as reply:
        async for event in reply.events():
            if event.name == "stage":
                links.append(StageEvent.model_validate_json(event.data))
            elif event.name in ("answer", "interrupted", "problem"):
                return


def _waits(problem: Problem) -> bool:
    return problem.type.endswith("not-ended")
