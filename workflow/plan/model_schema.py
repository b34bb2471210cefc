"""The JSON Schema of a model's answer, with the role's names as its only choices.

Kept inside what every provider that enforces schemas takes: each property required, none
beside them, nullable instead of optional, no length, range, pattern or format.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import get_args

from pydantic import JsonValue

from contracts.plan import Grain, Operator, WidgetType
from workflow.plan.role_catalog import role_catalog
from workflow.semantic.model import SemanticModel

SCHEMA_NAME = "planner_output"
KINDS = ("metric_query", "investigation", "sql", "knowledge", "clarify", "refuse")
LONGEST_ENUM = 250
"""Longer lists of names are left to our own check: providers limit an enum's size."""

Schema = dict[str, JsonValue]


@lru_cache(maxsize=64)
def output_schema(model: SemanticModel) -> Mapping[str, JsonValue]:
    """For a role's part of a model. Do not change the returned value: it is shared."""
    catalog = role_catalog(model)
    metric = _name(catalog.metrics)
    field = _name(catalog.fields)
    has_metrics = bool(catalog.metrics)
    nothing: Schema = {"type": "null"}
    return _object(
        kind=_enum(KINDS if has_metrics else KINDS[2:]),
        metric_query=_nullable(_plan(metric, field)) if has_metrics else nothing,
        investigation=_nullable(_change(metric, field)) if has_metrics else nothing,
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


def _plan(metric: Schema, field: Schema) -> Schema:
    """No `$ref` and nothing nested in itself: not every provider takes it."""
    return _object(
        metrics=_list(metric),
        dimensions=_list(_object(field=field, grain=_nullable(_enum(get_args(Grain))))),
        filters=_list(_object(**_condition(field))),
        either=_list(_object(any_of=_list(_object(**_condition(field), is_negated=_BOOLEAN)))),
        time=_nullable(_period()),
        comparison=_nullable(_comparison()),
        calculations=_list(
            _object(kind=_enum(("share", "running_total")), metric=metric, within=_list(field))
        ),
        # columns that a comparison or a calculation adds are too many to be listed
        having=_list(_object(**_condition(_STRING))),
        order=_list(_object(by=_STRING, descending=_BOOLEAN)),
        limit=_nullable({"type": "integer"}),
        with_ties=_BOOLEAN,
        widget=_nullable(_enum(get_args(WidgetType))),
    )


def _change(metric: Schema, field: Schema) -> Schema:
    return _object(
        metric=metric,
        filters=_list(_object(**_condition(field))),
        time=_period(),
        comparison=_comparison(),
        breakdowns=_list(field),
    )


def _condition(field: Schema) -> Schema:
    value: Schema = {"anyOf": [_STRING, {"type": "number"}, _BOOLEAN]}
    return {"field": field, "operator": _enum(get_args(Operator)), "values": _list(value)}


def _period() -> Schema:
    number: Schema = {"type": "integer"}
    relative = _object(unit=_enum(get_args(Grain)), offset=number, count=number)
    return _object(start=_nullable(_STRING), end=_nullable(_STRING), relative=_nullable(relative))


def _comparison() -> Schema:
    return _object(
        to=_enum(("previous_period", "previous_year", "period")), period=_nullable(_period())
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


def _object(**properties: JsonValue) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
