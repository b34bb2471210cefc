"""The JSON Schema of a model's answer, with the role's names as its only choices.

Kept inside what every provider that enforces schemas takes: each property required, none
beside them, nullable instead of optional, no length, range, pattern or format.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import get_args

from pydantic import JsonValue

from contracts.plan import Grain, Operator
from workflow.plan.role_catalog import role_catalog
from workflow.semantic.model import SemanticModel

SCHEMA_NAME = "planner_output"
KINDS = ("metric_query", "sql", "knowledge", "clarify", "refuse")
LONGEST_ENUM = 250
"""Longer lists of names are left to our own check: providers limit an enum's size."""

Schema = dict[str, JsonValue]


@lru_cache(maxsize=64)
def output_schema(model: SemanticModel) -> Mapping[str, JsonValue]:
    """For a role's part of a model. Do not change the returned value: it is shared."""
    catalog = role_catalog(model)
    metric = _name(catalog.metrics)
    field = _name(catalog.fields)
    names = _name([*catalog.metrics, *catalog.fields])
    plan = _object(
        metrics=_list(metric),
        dimensions=_list(_object(field=field, grain=_nullable(_enum(get_args(Grain))))),
        filters=_list(
            _object(
                field=field,
                operator=_enum(get_args(Operator)),
                values=_list({"anyOf": [_STRING, {"type": "number"}, {"type": "boolean"}]}),
            )
        ),
        time=_nullable(
            _object(start=_nullable(_STRING), end=_nullable(_STRING), is_relative=_BOOLEAN)
        ),
        order=_list(_object(by=names, descending=_BOOLEAN)),
        limit=_nullable({"type": "integer"}),
    )
    has_metrics = bool(catalog.metrics)
    return _object(
        kind=_enum(KINDS if has_metrics else KINDS[1:]),
        metric_query=_nullable(plan) if has_metrics else {"type": "null"},
        sql=_nullable(_object(sql=_STRING, reason=_STRING)),
        knowledge=_nullable(_object(document_ids=_list(_STRING))),
        clarify=_nullable(
            _object(question=_STRING, choices=_list(_object(label=_STRING, question=_STRING)))
        ),
        refuse=_nullable(_object(reason=_STRING, suggestions=_list(_STRING))),
        confidence={"type": "number"},
        used_words=_list(_object(word=_STRING, read_as=_STRING)),
        unused_words=_list(_STRING),
    )


_STRING: Schema = {"type": "string"}
_BOOLEAN: Schema = {"type": "boolean"}


def _enum(values: Iterable[str]) -> Schema:
    return {"type": "string", "enum": list(values)}


def _name(names: Iterable[str]) -> Schema:
    unique = list(dict.fromkeys(names))
    return _enum(unique) if 0 < len(unique) <= LONGEST_ENUM else _STRING


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
