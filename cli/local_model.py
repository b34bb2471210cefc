"""A stand-in for a language model, for tests and for a demo without a provider.

It speaks the Chat Completions protocol over HTTP and is no language model: `local` matches the
words of a question with the catalog in the prompt (see local_matcher), and every other model
name is a way to misbehave, so that one server serves all tests. It counts its calls, so that a
test can prove what was paid for.
"""

import asyncio
import json
import re
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any

import typer
import uvicorn
from pydantic import BaseModel, ValidationError

from cli.local_behaviours import FIXED_TEXTS, misbehaved
from cli.local_matcher import PromptCatalog, PromptMessage, answer, whole
from cli.local_prose import prose
from cli.local_replies import Reply, Said, Send, as_json, broken, streamed
from cli.local_replies import whole as in_one_piece

CATALOG_LINE = re.compile(r"^CATALOG \(JSON\):\n(.+)$", re.M)
_SLOW = re.compile(r"local-slow-(\d{1,5})ms")
_STATUS = re.compile(r"local-([45]\d\d)")
_ONCE = re.compile(r"local-first-([45]\d\d)-then-good")
_FORBIDDEN = re.compile(r"Refuse questions about (\w+)")
_FINISHES = {"local-length": "length", "local-content-filter": "content_filter"}

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
App = Callable[[Mapping[str, Any], Receive, Send], Awaitable[None]]


class _ChatMessage(BaseModel):
    role: str
    content: str


class _ChatFormat(BaseModel):
    type: str


class _StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """The part of a request that the stand-in reads."""

    model: str
    messages: list[_ChatMessage]
    response_format: _ChatFormat | None = None
    temperature: float | None = None
    stream: bool = False
    stream_options: _StreamOptions | None = None


@dataclass
class LocalModel:
    """What the server saw. `requests` holds the latest, newest last; `base_url` is where it is
    reached, once it serves."""

    other_role_metric: str = "metric_of_another_role"
    base_url: str = ""
    calls: Counter[str] = field(default_factory=Counter)
    requests: deque[ChatRequest] = field(default_factory=lambda: deque(maxlen=200))


def create_app(state: LocalModel | None = None) -> App:
    """The server: `POST /v1/chat/completions`, `GET /v1/models`, `GET /calls`."""
    state = state or LocalModel()

    async def app(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await (await _routed(scope, receive, state)).send(send)

    return app


async def _routed(scope: Mapping[str, Any], receive: Receive, state: LocalModel) -> Reply:
    match scope["method"], scope["path"]:
        case "POST", "/v1/chat/completions":
            return await _chat(scope, receive, state)
        case "GET", "/v1/models":
            return as_json({"object": "list", "data": [{"id": "local", "object": "model"}]})
        case "GET", "/calls":
            return as_json({"total": state.calls.total(), "by_model": dict(state.calls)})
    return as_json({"error": {"message": "Not found"}}, status=404)


async def _chat(scope: Mapping[str, Any], receive: Receive, state: LocalModel) -> Reply:
    arrived = time.monotonic()
    content = b""
    while True:
        message = await receive()
        content += message.get("body", b"")
        if not message.get("more_body", False):
            break
    try:
        body = ChatRequest.model_validate_json(content)
    except ValidationError:
        return as_json({"error": {"message": "Not a chat request"}}, status=422)
    state.calls[body.model] += 1
    state.requests.append(body)
    headers = dict(scope["headers"])
    reply = _reply(body, headers.get(b"authorization", b"").decode("latin-1"), state)
    return await _in_its_time(body.model, reply, arrived)


async def _in_its_time(model: str, reply: Reply, arrived: float) -> Reply:
    """When the model of that name answers: a slow one takes its time from the request's arrival
    on, what it does meanwhile included."""
    if slow := _SLOW.fullmatch(model):
        await asyncio.sleep(arrived + int(slow[1]) / 1000 - time.monotonic())
    if model == "local-hangs":
        await asyncio.sleep(3600)
    return reply


def _reply(body: ChatRequest, authorization: str, state: LocalModel) -> Reply:
    fault = (
        _refused(body, authorization, state)
        or _rejected(body)
        or broken(body.model, is_stream=body.stream)
    )
    if fault is not None:
        return fault
    said = Said(
        model=body.model,
        text=_text(body, state),
        finish_reason=_FINISHES.get(body.model, "stop"),
        prompt_tokens=sum(len(message.content) for message in body.messages) // 4,
    )
    if body.stream:
        is_counted = body.stream_options is not None and body.stream_options.include_usage
        return streamed(said, has_usage=is_counted)
    return in_one_piece(said)


def _refused(body: ChatRequest, authorization: str, state: LocalModel) -> Reply | None:
    """Repeats the key, as some providers do: nothing of it may reach a log or a person."""
    once = _ONCE.fullmatch(body.model)
    always = _STATUS.fullmatch(body.model)
    if once and state.calls[body.model] > 1:
        return None
    if (named := once or always) is None:
        return None
    status = int(named[1])
    headers = {"retry_after": "1"} if status in (429, 503) else {}
    message = f"Request refused for {authorization}"
    return as_json({"error": {"message": message}}, status=status, **headers)


def _rejected(body: ChatRequest) -> Reply | None:
    """Endpoints that take only some of the request's parameters."""
    wanted = body.response_format.type if body.response_format else None
    refused = {
        "local-no-schema": ("json_schema",),
        "local-no-json": ("json_schema", "json_object"),
    }.get(body.model, ())
    if wanted in refused:
        return _bad_request("response_format", f"{wanted} is not supported by this model")
    if body.model == "local-no-usage" and body.stream_options is not None:
        return _bad_request("stream_options", "Unknown parameter: 'stream_options'")
    if body.model == "local-no-temperature" and body.temperature is not None:
        return _bad_request("temperature", "Unsupported value: 'temperature' must be 1")
    return None


def _text(body: ChatRequest, state: LocalModel) -> str:
    """What the model says, by its name."""
    if body.model in FIXED_TEXTS:
        return FIXED_TEXTS[body.model]
    if body.stream:
        return prose(body.model, [message.content for message in body.messages])
    try:
        catalog, message = _prompt(body)
    except (ValueError, ValidationError):
        reason = "The local stand-in for a language model reads planner prompts only."
        return json.dumps(whole("refuse", {"reason": reason, "suggestions": []}))
    if body.model == "local-obeys" and (refusal := _forbidden_by_guidance(body, message)):
        return refusal
    is_repair = len(body.messages) > 2 and body.messages[-2].role == "assistant"
    output = misbehaved(
        body.model, catalog, other_role_metric=state.other_role_metric, is_repair=is_repair
    )
    text = json.dumps(output or answer(catalog, message))
    if body.model == "local-fenced":
        return f"<think>{{what now?}}</think>Here you are:\n```json\n{text}\n```"
    return text


def _prompt(body: ChatRequest) -> tuple[PromptCatalog, PromptMessage]:
    by_role = {message.role: message.content for message in reversed(body.messages)}
    found = CATALOG_LINE.search(by_role.get("system", ""))
    if found is None:
        raise ValueError("no catalog in the prompt")
    return _catalog(found[1]), PromptMessage.model_validate_json(by_role.get("user", ""))


def _forbidden_by_guidance(body: ChatRequest, message: PromptMessage) -> str:
    """A model that a prompt pack can talk out of answering, so that a bad pack can be tried."""
    told = " ".join(one.content for one in body.messages if one.role == "system")
    asked = message.question.lower()
    if not any(word.lower() in asked for word in _FORBIDDEN.findall(told)):
        return ""
    reason = "My guidance says not to answer that."
    return json.dumps(whole("refuse", {"reason": reason, "suggestions": []}))


@lru_cache(maxsize=32)
def _catalog(text: str) -> PromptCatalog:
    return PromptCatalog.model_validate_json(text)


def _bad_request(param: str, message: str) -> Reply:
    error = {"message": message, "param": param, "code": "unsupported_value"}
    return as_json({"error": {**error}}, status=400)


@contextmanager
def serving(state: LocalModel | None = None) -> Iterator[LocalModel]:
    """The server in a thread of this process, on a free loopback port, for tests."""
    state = state or LocalModel()
    listener = socket.create_server(("127.0.0.1", 0))
    state.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    config = uvicorn.Config(
        create_app(state), log_config=None, log_level="critical", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        yield state
    finally:
        server.should_exit = server.force_exit = True
        thread.join(timeout=10)
        listener.close()


def local_model_command(
    port: Annotated[int, typer.Option(help="Loopback port to listen on.")] = 8099,
    other_role_metric: Annotated[
        str, typer.Option(help="What the model `local-other-role-metric` asks for.")
    ] = "metric_of_another_role",
) -> None:
    """Serve a stand-in for a language model. It matches words; it is no language model."""
    typer.echo(f"Stand-in for a language model at http://127.0.0.1:{port}/v1 (model: local)")
    uvicorn.run(
        create_app(LocalModel(other_role_metric=other_role_metric)),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )
