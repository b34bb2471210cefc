"""The forms in which the local stand-in answers over HTTP: whole, streamed, or broken on purpose.

Plain ASGI: what the stand-in takes of the processor is missing to whom it is measured with.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import JsonValue

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_WORDS = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Reply:
    """A response: a whole body, or chunks as they come."""

    body: bytes | AsyncIterator[bytes] = b""
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, send: Send) -> None:
        """To whoever asked."""
        headers = {"content-type": self.content_type, **self.headers}
        if isinstance(self.body, bytes):
            headers["content-length"] = str(len(self.body))
        await send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            }
        )
        if isinstance(self.body, bytes):
            await send({"type": "http.response.body", "body": self.body})
            return
        async for chunk in self.body:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@dataclass(frozen=True, slots=True)
class Said:
    """What a model says to a request, and what that costs."""

    model: str
    text: str
    finish_reason: str
    prompt_tokens: int

    @property
    def usage(self) -> dict[str, JsonValue]:
        """As providers count: four characters a token will do for a stand-in."""
        completion_tokens = len(self.text) // 4
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": self.prompt_tokens + completion_tokens,
        }


def as_json(value: JsonValue, *, status: int = 200, **headers: str) -> Reply:
    """A JSON document; an underscore in a header's name stands for a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(orjson.dumps(value), status=status, headers=named)


def whole(said: Said) -> Reply:
    """A completion in one piece."""
    message: JsonValue = {"role": "assistant", "content": said.text, "refusal": None}
    return as_json(
        {
            "id": "chatcmpl-local",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": said.model,
            "choices": [{"index": 0, "finish_reason": said.finish_reason, "message": message}],
            "usage": said.usage,
        }
    )


def streamed(said: Said, *, has_usage: bool) -> Reply:
    """A completion word by word, as server-sent events."""
    return Reply(_events(said, has_usage=has_usage), content_type="text/event-stream")


def broken(model: str, *, is_stream: bool) -> Reply | None:
    """Answers that are no completion, by the model's name."""
    if is_stream and model in _BROKEN_STREAMS:
        return Reply(_BROKEN_STREAMS[model](), content_type="text/event-stream")
    return _BROKEN[model]() if model in _BROKEN else None


async def _events(said: Said, *, has_usage: bool) -> AsyncIterator[bytes]:
    for word in _WORDS.findall(said.text):
        yield _delta({"content": word}, None)
    yield _delta({}, said.finish_reason)
    if has_usage:
        yield _event({"choices": [], "usage": said.usage})
    yield b"data: [DONE]\n\n"


def _delta(delta: dict[str, JsonValue], finish_reason: str | None) -> bytes:
    return _event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})


def _event(value: JsonValue) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(value)


async def _cut_off() -> AsyncIterator[bytes]:
    yield b'{"id":"chatcmpl-local","choices":[{"index":0,"message":{"role":"assis'
    raise ConnectionAbortedError("cut off on purpose")


async def _drips() -> AsyncIterator[bytes]:
    """Often enough that no read of a caller's times out."""
    while True:
        yield b" "
        await asyncio.sleep(0.02)


async def _stream_cut_off() -> AsyncIterator[bytes]:
    yield _delta({"content": "Revenue was "}, None)
    raise ConnectionAbortedError("cut off on purpose")


async def _stream_drips() -> AsyncIterator[bytes]:
    while True:
        yield b": nothing yet\n\n"
        await asyncio.sleep(0.02)


async def _stream_stalls() -> AsyncIterator[bytes]:
    yield _delta({"content": "Revenue was "}, None)
    await asyncio.sleep(3600)


async def _stream_ends_early() -> AsyncIterator[bytes]:
    yield _delta({"content": "Revenue was "}, None)


async def _stream_fails() -> AsyncIterator[bytes]:
    yield _delta({"content": "Revenue was "}, None)
    yield _event({"error": {"code": 402, "message": "No credit"}})


async def _stream_nonsense() -> AsyncIterator[bytes]:
    yield b"data: <html>It works!</html>\n\n"


_BROKEN: dict[str, Callable[[], Reply]] = {
    "local-cut": lambda: Reply(_cut_off(), headers={"content-length": "4096"}),
    "local-drips": lambda: Reply(_drips()),
    "local-nonsense": lambda: Reply(b"<html>It works!</html>", content_type="text/html"),
    "local-redirects": lambda: Reply(status=307, headers={"location": "/v1/elsewhere"}),
    "local-error-in-200": lambda: as_json({"error": {"code": 402, "message": "No credit"}}),
    "local-no-choices": lambda: as_json({"object": "chat.completion", "choices": []}),
}
_BROKEN_STREAMS: dict[str, Callable[[], AsyncIterator[bytes]]] = {
    "local-cut": _stream_cut_off,
    "local-drips": _stream_drips,
    "local-stalls": _stream_stalls,
    "local-ends-early": _stream_ends_early,
    "local-error-in-200": _stream_fails,
    "local-nonsense": _stream_nonsense,
}
