"""Answers that come piece by piece: how an OpenAPI document speaks of them, how they are read."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

_TEXT = {"type": "string"}
_EVENT = {"type": "object", "properties": {"id": _TEXT, "event": _TEXT, "data": _TEXT}}
EVENTS: dict[str, Any] = {"text/event-stream": {"schema": _EVENT}}
"""The OpenAPI content of an answer in events: the schema is one event's, `data` being JSON."""

JSON_LINES = "application/x-ndjson"
LINES: dict[str, Any] = {JSON_LINES: {"schema": {"type": "string"}}}
"""The OpenAPI content of an answer in lines, each a JSON value of its own."""


@dataclass(frozen=True, slots=True)
class Event:
    """A server-sent event; `name` is empty for a comment, which only keeps the line open."""

    name: str
    data: str


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The lines of a stream of UTF-8, however it was cut into pieces."""
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode()
    if rest:
        yield rest.decode()


async def events(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    """The events of a stream."""
    name, data = "message", list[str]()
    async for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line and data:
            yield Event(name, "\n".join(data))
        if not line:
            name, data = "message", []
        elif not field:
            yield Event("", value)
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
