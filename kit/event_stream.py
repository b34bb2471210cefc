"""How an OpenAPI document speaks of server-sent events."""

from typing import Any

_TEXT = {"type": "string"}
_EVENT = {"type": "object", "properties": {"id": _TEXT, "event": _TEXT, "data": _TEXT}}
EVENTS: dict[str, Any] = {"text/event-stream": {"schema": _EVENT}}
"""The OpenAPI content of an answer in events: the schema is one event's, `data` being JSON."""
