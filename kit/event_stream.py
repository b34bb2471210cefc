"""How an OpenAPI document speaks of answers that come piece by piece."""

from typing import Any

_TEXT = {"type": "string"}
_EVENT = {"type": "object", "properties": {"id": _TEXT, "event": _TEXT, "data": _TEXT}}
EVENTS: dict[str, Any] = {"text/event-stream": {"schema": _EVENT}}
"""The OpenAPI content of an answer in events: the schema is one event's, `data` being JSON."""

JSON_LINES = "application/x-ndjson"
LINES: dict[str, Any] = {JSON_LINES: {"schema": {"type": "string"}}}
"""The OpenAPI content of an answer in lines, each a JSON value of its own."""
