"""Canonical JSON and its digest: equal values are equal texts."""

from hashlib import sha256

import orjson
from pydantic import JsonValue


def canonical(value: JsonValue) -> str:
    """JSON with sorted keys and no spaces."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def text_digest(text: str) -> str:
    """SHA-256 of the UTF-8 text, in hex."""
    return sha256(text.encode()).hexdigest()
