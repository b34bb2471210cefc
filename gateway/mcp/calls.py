"""What the tools do: each a call to the workflow under the caller's own user context."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import orjson
from pydantic import JsonValue, ValidationError

from contracts.base import Wire
from contracts.context import Permission, UserContext
from contracts.run import Answer, RunRequest, StageEvent, Started
from gateway import policy
from gateway.mcp import shapes
from gateway.mcp.states import Result, state_of, under_way
from gateway.relay import problem_of
from gateway.routes.caller import Caller
from gateway.workflow_client import EventStream, Reply
from kit.event_stream import events, lines
from kit.problems import Forbidden, InvalidPayload, ProblemError, TimedOut, Unavailable

Tell = Callable[[str], Awaitable[None]]
"""Takes a sentence on how far it is; for whoever asked to be told."""
Given = Mapping[str, JsonValue]
ArgumentsT = TypeVar("ArgumentsT", bound=Wire)


async def ask(caller: Caller, given: Given, tell: Tell) -> Result:
    """Ask, and wait until the run rests or for as long as is ever waited."""
    asked = read(shapes.AskArguments, given)
    services, user_id = caller.services, str(caller.identity.user_id)
    services.limits.ask.take(user_id)
    context = caller.context(asked.role, asked.store_id)
    policy.require(context, Permission.ASK)
    run = RunRequest(
        question=asked.question,
        conversation_id=asked.conversation_id,
        idempotency_key=asked.idempotency_key,
    )
    call = caller.to_workflow(
        "POST",
        "/run",
        headers={"Content-Type": "application/json", "Accept": "text/event-stream"},
        body=run.model_dump_json(exclude_none=True).encode(),
    )
    with services.limits.open_calls.one(user_id):
        stream = await services.workflow.stream(call, context)
        if isinstance(stream, Reply):
            raise refusal(stream)
        followed = _Followed(stream, tell)
        try:
            async with asyncio.timeout(services.settings.ask_timeout_seconds):
                await followed.to_its_rest()
        except TimeoutError:
            if followed.started is None:
                raise TimedOut("The question takes longer than can be waited for.") from None
        finally:
            stream.close()
    if followed.answer is not None:
        return state_of(followed.answer)
    if followed.started is None:
        raise Unavailable("The answer broke off before it began. Ask again.")
    return under_way(followed.started)


class _Followed:
    """A run's events, read until it rests."""

    def __init__(self, stream: EventStream, tell: Tell) -> None:
        self._stream = stream
        self._tell = tell
        self.started: Started | None = None
        self.answer: Answer | None = None

    async def to_its_rest(self) -> None:
        """Set `answer`; without one, the stream broke off or was interrupted, and the run goes
        on by itself."""
        try:
            async for event in events(lines(self._stream.chunks())):
                match event.name:
                    case "run":
                        self.started = Started.model_validate_json(event.data)
                    case "stage":
                        await self._tell(_stage(StageEvent.model_validate_json(event.data)))
                    case "answer":
                        self.answer = Answer.model_validate_json(event.data)
                        return
                    case "interrupted" | "problem":
                        return
        except Unavailable:
            if self.started is None:
                raise


def _stage(event: StageEvent) -> str:
    return f"{event.stage.value.replace('_', ' ')}: {event.status}, {event.duration_ms:.0f} ms"


async def get_run(caller: Caller, given: Given, _: Tell) -> Result:
    """How a run of one's own stands. Somebody else's is not found."""
    asked = read(shapes.RunArguments, given)
    body = await _fetch(caller, f"/runs/{asked.run_id}", caller.context())
    return state_of(Answer.model_validate_json(body))


async def list_metrics(caller: Caller, given: Given, _: Tell) -> Result:
    """The role's metrics and dimensions."""
    context = caller.context(read(shapes.RoleArguments, given).role)
    content = orjson.loads(await _fetch(caller, "/catalog", context))
    return Result(content, f"What the role {context.role} may ask with.")


async def list_suggestions(caller: Caller, given: Given, _: Tell) -> Result:
    """Questions that work for the role."""
    context = caller.context(read(shapes.RoleArguments, given).role)
    content = orjson.loads(await _fetch(caller, "/suggestions", context))
    return Result(content, f"Questions that work for the role {context.role}.")


async def get_receipt(caller: Caller, given: Given, _: Tell) -> Result:
    """A run's receipt, byte for byte what its signature is over."""
    asked = read(shapes.ReceiptArguments, given)
    context = caller.context(asked.role)
    content = orjson.loads(await _fetch(caller, f"/runs/{asked.run_id}/receipt", context))
    return Result(
        content,
        "The signed receipt. Check it with the keys at /.well-known/countersign-keys.json; do "
        "not change a character of it before.",
    )


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as it is offered; `needs` is the permission without which it is not."""

    name: str
    title: str
    description: str
    takes: type[Wire]
    gives: type[Wire]
    do: Callable[[Caller, Given, Tell], Awaitable[Result]]
    needs: str | None = None


TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "ask",
            "Ask a question",
            "Ask a question about the data in plain words. The answer is computed from a "
            "reviewed model of the data, in the scope of whoever's token this is, checked and "
            "recorded. A risky question waits for a person: its status is then needs_approval, "
            "and get_run tells later how it went. With status clarify, ask one of data.choices.",
            shapes.AskArguments,
            shapes.RunState,
            ask,
            Permission.ASK,
        ),
        Tool(
            "get_run",
            "How a run stands",
            "How a run of yours stands, with its answer once it has one.",
            shapes.RunArguments,
            shapes.RunState,
            get_run,
        ),
        Tool(
            "list_metrics",
            "What can be asked",
            "The metrics and dimensions that your role may ask with.",
            shapes.RoleArguments,
            shapes.Metrics,
            list_metrics,
        ),
        Tool(
            "list_suggestions",
            "Questions that work",
            "Example questions that work for your role.",
            shapes.RoleArguments,
            shapes.Questions,
            list_suggestions,
        ),
        Tool(
            "get_receipt",
            "The receipt of a run",
            "The signed record behind a run that has ended: what was asked, by whom, what ran, "
            "who approved it, and digests of the result.",
            shapes.ReceiptArguments,
            shapes.SignedRecord,
            get_receipt,
        ),
    )
}


def offered(caller: Caller) -> tuple[Tool, ...]:
    """The tools that some role of the caller may use."""
    held: set[str] = set()
    for role in caller.identity.roles:
        try:
            held.update(caller.context(role).permissions)
        except Forbidden:
            continue
    return tuple(tool for tool in TOOLS.values() if tool.needs is None or tool.needs in held)


def read(model: type[ArgumentsT], given: Given) -> ArgumentsT:
    """The arguments, strictly. Raises InvalidPayload."""
    try:
        return model.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        raise InvalidPayload(error.errors(include_input=False, include_url=False)) from None


async def _fetch(caller: Caller, path: str, context: UserContext) -> bytes:
    reply = await caller.services.workflow.call(caller.to_workflow("GET", path), context)
    if reply.status != 200:
        raise refusal(reply)
    return reply.body


def refusal(reply: Reply) -> ProblemError:
    """The workflow's refusal, in its words."""
    problem = problem_of(reply)
    faults = "".join(f" {fault.get('detail', '')}" for fault in problem.errors or ())
    return ProblemError(problem.detail + faults, run_id=problem.run_id)
