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
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, JsonValue, ValidationError

from cli.local_behaviours import FIXED_TEXTS, misbehaved
from cli.local_matcher import PromptCatalog, PromptMessage, answer, whole

CATALOG_LINE = re.compile(r"^CATALOG \(JSON\):\n(.+)$", re.M)
_SLOW = re.compile(r"local-slow-(\d{1,5})ms")
_STATUS = re.compile(r"local-([45]\d\d)")
_ONCE = re.compile(r"local-first-([45]\d\d)-then-good")


class _ChatMessage(BaseModel):
    role: str
    content: str


class _ChatFormat(BaseModel):
    type: str


class ChatRequest(BaseModel):
    """The part of a request that the stand-in reads."""

    model: str
    messages: list[_ChatMessage]
    response_format: _ChatFormat | None = None
    temperature: float | None = None


@dataclass
class LocalModel:
    """What the server saw. `requests` holds the latest, newest last; `base_url` is where it is
    reached, once it serves."""

    other_role_metric: str = "metric_of_another_role"
    base_url: str = ""
    calls: Counter[str] = field(default_factory=Counter)
    requests: deque[ChatRequest] = field(default_factory=lambda: deque(maxlen=200))


def create_app(state: LocalModel | None = None) -> FastAPI:
    """The server: `POST /v1/chat/completions`, `GET /v1/models`, `GET /calls`."""
    state = state or LocalModel()
    app = FastAPI(title="Countersign local model: a stand-in", docs_url=None, redoc_url=None)

    @app.post("/v1/chat/completions")
    async def chat(body: ChatRequest, request: Request) -> Response:
        """Answer as the model of that name does."""
        state.calls[body.model] += 1
        state.requests.append(body)
        return await _respond(body, request.headers.get("authorization", ""), state)

    @app.get("/v1/models")
    async def models() -> dict[str, JsonValue]:
        """The well-behaved one."""
        return {"object": "list", "data": [{"id": "local", "object": "model"}]}

    @app.get("/calls")
    async def calls() -> dict[str, JsonValue]:
        """How often each model was called since the start."""
        return {"total": state.calls.total(), "by_model": dict(state.calls)}

    return app


async def _respond(body: ChatRequest, authorization: str, state: LocalModel) -> Response:
    if slow := _SLOW.fullmatch(body.model):
        await asyncio.sleep(int(slow[1]) / 1000)
    if body.model == "local-hangs":
        await asyncio.sleep(3600)
    fault = _refused(body, authorization, state) or _rejected(body)
    if fault is not None:
        return fault
    if body.model in _GARBLED:
        return _GARBLED[body.model]()
    finish = {"local-length": "length", "local-content-filter": "content_filter"}
    return _completion(body, _text(body, state), finish.get(body.model, "stop"))


def _refused(body: ChatRequest, authorization: str, state: LocalModel) -> Response | None:
    """Repeats the key, as some providers do: nothing of it may reach a log or a person."""
    once = _ONCE.fullmatch(body.model)
    always = _STATUS.fullmatch(body.model)
    if once and state.calls[body.model] > 1:
        return None
    if (named := once or always) is None:
        return None
    status = int(named[1])
    headers = {"Retry-After": "1"} if status in (429, 503) else {}
    message = f"Request refused for {authorization}"
    return JSONResponse({"error": {"message": message}}, status_code=status, headers=headers)


def _rejected(body: ChatRequest) -> Response | None:
    """Endpoints that take only some of the request's parameters."""
    wanted = body.response_format.type if body.response_format else None
    refused = {
        "local-no-schema": ("json_schema",),
        "local-no-json": ("json_schema", "json_object"),
    }.get(body.model, ())
    if wanted in refused:
        return _bad_request("response_format", f"{wanted} is not supported by this model")
    if body.model == "local-no-temperature" and body.temperature is not None:
        return _bad_request("temperature", "Unsupported value: 'temperature' must be 1")
    return None


def _text(body: ChatRequest, state: LocalModel) -> str:
    """What the model says, by its name."""
    if body.model in FIXED_TEXTS:
        return FIXED_TEXTS[body.model]
    try:
        catalog, message = _prompt(body)
    except (ValueError, ValidationError):
        reason = "The local stand-in for a language model reads planner prompts only."
        return json.dumps(whole("refuse", {"reason": reason, "suggestions": []}))
    is_repair = len(body.messages) > 2
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
    catalog = PromptCatalog.model_validate_json(found[1])
    return catalog, PromptMessage.model_validate_json(by_role.get("user", ""))


def _completion(body: ChatRequest, text: str, finish_reason: str) -> Response:
    prompt_tokens = sum(len(message.content) for message in body.messages) // 4
    completion_tokens = len(text) // 4
    return JSONResponse(
        {
            "id": "chatcmpl-local",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": body.model,
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish_reason,
                    "message": {"role": "assistant", "content": text, "refusal": None},
                }
            ],
            "usage": {
                "prompt_tokens": prompt_tokens,
                "completion_tokens": completion_tokens,
                "total_tokens": prompt_tokens + completion_tokens,
            },
        }
    )


def _bad_request(param: str, message: str) -> Response:
    error = {"message": message, "param": param, "code": "unsupported_value"}
    return JSONResponse({"error": error}, status_code=400)


async def _cut_off() -> AsyncIterator[bytes]:
    yield b'{"id":"chatcmpl-local","choices":[{"index":0,"message":{"role":"assis'
    raise ConnectionAbortedError("cut off on purpose")


async def _drips() -> AsyncIterator[bytes]:
    """Often enough that no read of a caller's times out."""
    while True:
        yield b" "
        await asyncio.sleep(0.02)


_GARBLED: dict[str, Callable[[], Response]] = {
    "local-cut": lambda: StreamingResponse(
        _cut_off(), headers={"Content-Length": "4096"}, media_type="application/json"
    ),
    "local-drips": lambda: StreamingResponse(_drips(), media_type="application/json"),
    "local-nonsense": lambda: Response("<html>It works!</html>", media_type="text/html"),
    "local-redirects": lambda: Response(status_code=307, headers={"Location": "/v1/elsewhere"}),
    "local-error-in-200": lambda: JSONResponse({"error": {"code": 402, "message": "No credit"}}),
    "local-no-choices": lambda: JSONResponse({"object": "chat.completion", "choices": []}),
}
"""Answers that are no completion."""


@contextmanager
def serving(state: LocalModel | None = None) -> Iterator[LocalModel]:
    """The server in a thread of this process, on a free loopback port, for tests."""
    state = state or LocalModel()
    listener = socket.create_server(("127.0.0.1", 0))
    state.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    config = uvicorn.Config(create_app(state), log_config=None, log_level="critical")
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
        access_log=False,
        log_level="warning",
    )
