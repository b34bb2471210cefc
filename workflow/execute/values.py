"""PostgreSQL's values as JSON, exactly.

The text forms that the server sends are kept rather than read into Python's types, which would
lose digits (float), years (datetime ends in 9999) or the unit (interval). The session's settings,
which `connection` fixes, make them uniform: UTC, ISO dates, ISO 8601 intervals.

| PostgreSQL             | type        | JSON                                                |
| smallint, integer, oid | `integer`   | number                                              |
| bigint                 | `integer`   | number; from 2^53 a string (many readers of JSON    |
|                        |             | hold a number in a double)                          |
| numeric                | `decimal`   | string, every digit; `NaN`, `Infinity`, `-Infinity` |
| real, double precision | `float`     | number; those three are strings                     |
| boolean                | `boolean`   | true, false                                         |
| date                   | `date`      | `2022-07-31`; `infinity` and years BC as they are   |
| timestamptz            | `timestamp` | `2022-07-31T21:56:15Z`, always UTC                  |
| timestamp              | `timestamp` | `2022-07-31T21:56:15`: no zone, since it has none   |
| interval               | `interval`  | ISO 8601: `P1DT2H`                                  |
| json, jsonb, arrays    | `json`      | as they are, numbers in them by the rules above     |
| everything else        | `text`      | string                                              |
"""

import hashlib
import json
import math
from decimal import Decimal

import orjson
from psycopg import postgres
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Loader
from psycopg.pq.abc import PGresult
from pydantic import JsonValue

from contracts.result import Column

EXACT_INTEGER = 2**53 - 1
SHALLOW = 100
Rows = tuple[tuple[JsonValue, ...], ...]

_TYPES = {
    "int2": "integer", "int4": "integer", "int8": "integer", "oid": "integer",
    "numeric": "decimal", "float4": "float", "float8": "float", "bool": "boolean",
    "date": "date", "timestamp": "timestamp", "timestamptz": "timestamp",
    "interval": "interval", "json": "json", "jsonb": "json",
}  # fmt: skip


class _Text(Loader):
    def load(self, data: Buffer) -> str:
        return bytes(data).decode()


class _Integer(Loader):
    def load(self, data: Buffer) -> int | str:
        return _exact_integer(bytes(data).decode())


class _Float(Loader):
    def load(self, data: Buffer) -> float | str:
        value = float(bytes(data))
        return value if math.isfinite(value) else bytes(data).decode()


class _Timestamp(Loader):
    def load(self, data: Buffer) -> str:
        text = bytes(data).decode()
        if not text[0].isdigit() or text.endswith("BC"):
            return text
        return text.removesuffix("+00").replace(" ", "T") + ("Z" if text.endswith("+00") else "")


class _Json(Loader):
    def load(self, data: Buffer) -> JsonValue:
        text = bytes(data).decode()
        try:
            value: JsonValue = json.loads(text, parse_int=_exact_integer, parse_float=_exact_float)
            if text.count("[") + text.count("{") > SHALLOW or "\\u" in text:
                orjson.dumps(value)
        except (RecursionError, TypeError, ValueError):
            return text  # nested too deeply, or not Unicode: PostgreSQL's json is laxer
        return value


def _exact_integer(text: str) -> int | str:
    value = int(text) if len(text) < 20 else None
    return value if value is not None and abs(value) <= EXACT_INTEGER else text


def _exact_float(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) and Decimal(repr(value)) == Decimal(text) else text


_LOADERS: dict[str, type[Loader]] = {
    "int8": _Integer,
    "float4": _Float,
    "float8": _Float,
    "timestamp": _Timestamp,
    "timestamptz": _Timestamp,
    "json": _Json,
    "jsonb": _Json,
}
_NATIVE = {"bool", "int2", "int4", "oid"}


def register_loaders(adapters: AdaptersMap) -> None:
    """Make whoever uses `adapters` read values as JSON. An array is read by the loader of its
    elements."""
    for info in postgres.types:
        if info.name not in _NATIVE:
            adapters.register_loader(info.oid, _LOADERS.get(info.name, _Text))


_TYPE_BY_OID = {info.oid: _TYPES.get(info.name, "text") for info in postgres.types} | {
    info.array_oid: "json" for info in postgres.types if info.array_oid
}


def columns_of(result: PGresult) -> tuple[Column, ...]:
    """Names and types of a result's columns."""
    return tuple(
        Column(
            name=(result.fname(i) or b"").decode(),
            type=_TYPE_BY_OID.get(result.ftype(i), "text"),
        )
        for i in range(result.nfields)
    )


def canonical_json(columns: tuple[Column, ...], rows: Rows) -> bytes:
    """Columns and rows as JSON: keys sorted, no blanks, UTF-8."""
    return orjson.dumps(
        {"columns": [[column.name, column.type] for column in columns], "rows": rows},
        option=orjson.OPT_SORT_KEYS,
    )


def digest_of(canonical: bytes) -> str:
    """SHA-256 of a result's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical).hexdigest()
