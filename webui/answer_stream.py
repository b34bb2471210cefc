"""A question's answer as it is made: the gateway's events in, parts of the page out.

What is sent only ever adds to what is there. The row of stages, which folds when the answer is
whole, keeps its height.
"""

from collections.abc import AsyncIterator
from uuid import UUID

import orjson
import structlog
from fastapi.sse import format_sse_event
from jinja2 import Template

from contracts.plan import Clarify, Refuse
from contracts.run import Answer, AskRequest, Stage, StageEvent, Started
from kit.event_stream import Event
from webui.answer_view import STAGES, view_of
from webui.gateway_client import GatewayProblem

QUIET = frozenset({Clarify.model_fields["kind"].default, Refuse.model_fields["kind"].default})
"""Kinds of plan whose answer is a sentence and buttons; its text names the buttons' questions."""
log = structlog.get_logger(__name__)
_KEPT_OPEN = b": still at it\n\n"


async def parts(
    told: AsyncIterator[Event], template: Template, asked: AskRequest
) -> AsyncIterator[bytes]:
    """The events of the page. A stream that breaks off ends in words and a link to the run."""
    run_id: UUID | None = None
    is_quiet = is_over = False
    try:
        async for event in told:
            match event.name:
                case "run":
                    started = Started.model_validate_json(event.data)
                    run_id = started.run_id
                    begun = orjson.dumps({"conversation": str(started.conversation_id)}).decode()
                    yield format_sse_event(event="conversation", data_str=begun)
                    yield _part(
                        template,
                        "run",
                        run_id,
                        conversation_id=started.conversation_id,
                        question=asked.question,
                        is_new=asked.conversation_id is None,
                    )
                case "stage":
                    stage = StageEvent.model_validate_json(event.data)
                    if stage.stage is Stage.PLANNING:
                        is_quiet = stage.detail.get("kind") in QUIET
                    if stage.stage in STAGES:
                        yield _part(
                            template, "stage", run_id,
                            label=STAGES[stage.stage], took=stage.duration_ms,
                        )  # fmt: skip
                case "delta" if not is_quiet:
                    said = orjson.loads(event.data)
                    yield _part(
                        template, "delta", run_id,
                        text=str(said["text"]), is_first=said["place"] == 0,
                    )  # fmt: skip
                case "answer":
                    is_over = True
                    view = view_of(Answer.model_validate_json(event.data))
                    yield _part(template, "answer", run_id, view=view)
                case "":
                    yield _KEPT_OPEN
    except GatewayProblem as error:
        log.warning("the gateway's stream broke off", error=type(error.__cause__).__name__)
    if not is_over:
        yield _part(template, "broken", run_id)


def _part(template: Template, kind: str, run_id: UUID | None, **values: object) -> bytes:
    """Without a visitor: who reads it has scripts, which say in a header whose forms they are."""
    return format_sse_event(
        data_str=template.render(kind=kind, run_id=run_id, visitor=None, **values)
    )
