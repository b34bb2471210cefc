"""Canonical JSON and its digest: equal values are equal texts.

`canonical` is for what only this code writes and reads back: its text is stored and hashed as
it is. `jcs` is for what others have to be able to check with tools of their own.
"""

from hashlib import sha256
from math import isfinite

import orjson
from pydantic import JsonValue

LARGEST_INTEGER = 2**53 - 1
"""RFC 8785 knows only the numbers of ECMAScript; beyond this an integer would lose digits."""


def canonical(value: JsonValue) -> str:
    """JSON with sorted keys and no spaces."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def jcs(value: JsonValue) -> str:
    """JSON as the JSON Canonicalization Scheme (RFC 8785) has it.

    Raises ValueError for what the scheme has no form for: a number that is not finite, an
    integer beyond 2**53 - 1, a lone surrogate.
    """
    if isinstance(value, dict):
        # by UTF-16 code units (section 3.2.3), not by code points
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{_text(key)}:{jcs(value[key])}" for key in keys) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(jcs(item) for item in value) + "]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST_INTEGER:
        raise ValueError(f"{value} has no exact form in canonical JSON")
    return orjson.dumps(value).decode()


def text_digest(text: str) -> str:
    """SHA-256 of the UTF-8 text, in hex."""
    return sha256(text.encode()).hexdigest()


def _text(value: str) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError as error:
        raise ValueError("a lone surrogate has no form in canonical JSON") from error


def _number(value: float) -> str:
    """ECMAScript's Number::toString (ECMA-262, 6.1.6.1.20), which section 3.2.2.3 refers to."""
    if not isfinite(value):
        raise ValueError("a number that is not finite has no form in JSON")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent or 0)
    digits = whole + fraction
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    if 0 < point <= 21:
        whole, fraction = digits[:point].ljust(point, "0"), digits[point:]
        return sign + whole + (f".{fraction}" if fraction else "")
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{point - 1:+d}"
