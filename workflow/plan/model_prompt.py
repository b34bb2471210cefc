"""What a model is told: the instructions, the role's catalog, and a message that is all data.

Instructions and catalog are the same for every question of a role, and come first, so that a
provider can cache them. The message is one JSON object, so that no text in it can end it.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache

from pydantic import JsonValue

from contracts.context import UserContext
from contracts.plan import Clarify, Investigation, MetricQuery, PlannerOutput
from contracts.run import Source
from workflow.llm.client import Message
from workflow.plan.ground import Ground
from workflow.plan.history import MOST_EXCHANGES, Exchange
from workflow.plan.model_values import nearest
from workflow.plan.prompt_pack import PromptPack
from workflow.plan.role_catalog import RoleCatalog, role_catalog
from workflow.semantic.model import DataProfile, Dataset, SemanticModel

CATALOG_HEADING = "CATALOG (JSON):"
MAX_VALUES = 40
"""Of one field; of more, those that come nearest to the question."""
MAX_VALUE_LENGTH = 80
MAX_DOCUMENTS = 6
MAX_DOCUMENT_LENGTH = 1_500
MAX_ANSWER_LENGTH = 8_000
MAX_HISTORY_TOKENS = 1_500
CHARACTERS_PER_TOKEN = 4
"""Of English and of JSON, roughly; no provider's own tokenizer is at hand."""
MAX_PAST_QUESTION = 500


def first_messages(
    question: str,
    ground: Ground,
    *,
    snippets: Sequence[Source],
    pack: PromptPack,
    history: Sequence[Exchange] = (),
) -> tuple[Message, ...]:
    """Instructions, and the question with what bears on it. Names that the role
    may not use are not in reach of the prompt."""
    catalog, today = role_catalog(ground.model), ground.today
    data: dict[str, JsonValue] = {
        "today": today.isoformat(),
        "counts_from": {
            name: min(newest, today).isoformat()
            for name, newest in ground.profile.newest.items()
            if name in catalog.datasets
        },
        "row_scope": row_scope_in_words(catalog, ground.context),
        "values": _values(question, catalog, ground.profile),
        "documents": [
            {
                "id": source.document_id,
                "title": source.title[:200],
                "text": source.snippet[:MAX_DOCUMENT_LENGTH],
            }
            for source in snippets[:MAX_DOCUMENTS]
        ],
        **({"history": past} if (past := _history(history)) else {}),
        "question": question,
    }
    return (Message("system", _instructions(ground.model, pack)), Message("user", _json(data)))


def repair_messages(
    messages: Sequence[Message], answer: str, objections: Sequence[str], pack: PromptPack
) -> tuple[Message, ...]:
    """The second and last round."""
    errors: list[JsonValue] = list(objections)
    return (
        *messages,
        Message("assistant", _sendable(answer[:MAX_ANSWER_LENGTH])),
        Message("user", pack.repair.replace("{errors}", _json({"objections": errors}))),
    )


def row_scope_in_words(catalog: RoleCatalog, context: UserContext) -> str:
    """What the person sees, by the names of the fields that restrict it."""
    if context.is_all_stores or not catalog.scope_fields:
        return "all rows"
    if not context.store_ids:
        return "no rows"
    ids = " or ".join(str(one) for one in context.store_ids)
    return f"only rows whose {' or '.join(sorted(catalog.scope_fields))} is {ids}"


@lru_cache(maxsize=64)
def _instructions(model: SemanticModel, pack: PromptPack) -> str:
    return f"{pack.instructions}\n\n{CATALOG_HEADING}\n{_json(_catalog(role_catalog(model)))}"


def _catalog(catalog: RoleCatalog) -> dict[str, JsonValue]:
    return {
        "metrics": [
            _without_blanks(
                name=metric.name,
                label=metric.label,
                description=metric.description,
                synonyms=list(metric.synonyms),
                unit=metric.unit,
                dataset=metric.dataset,
            )
            for metric in catalog.metrics.values()
        ],
        "fields": [
            _without_blanks(
                name=field.name,
                label=field.label,
                description=field.description,
                synonyms=list(field.synonyms),
                type=field.type,
                time=field.is_time,
                fits_datasets=[*sorted(catalog.fits[field.name])],
            )
            for field in catalog.fields.values()
        ],
        "datasets": [
            _without_blanks(
                name=dataset.name,
                description=dataset.description or dataset.label,
                view=dataset.view,
                columns=_columns(dataset),
                scope_field=dataset.scope_field,
                time_field=dataset.time_field,
            )
            for dataset in catalog.datasets.values()
        ],
    }


def _columns(dataset: Dataset) -> list[JsonValue]:
    return [
        field.name if field.expression == field.name else f"{field.name} = {field.expression}"
        for field in dataset.fields
    ]


def _without_blanks(**entries: JsonValue) -> dict[str, JsonValue]:
    return {name: value for name, value in entries.items() if value not in (None, "", [], False)}


def _values(question: str, catalog: RoleCatalog, profile: DataProfile) -> dict[str, JsonValue]:
    """Values that the person may see, for fields that say theirs are harmless."""
    found: dict[str, JsonValue] = {}
    for name, values in profile.values.items():
        field = catalog.fields.get(name)
        if field is None or field.is_personal or not field.is_indexed:
            continue
        found[name] = [value[:MAX_VALUE_LENGTH] for value in nearest(question, values, MAX_VALUES)]
    return found


def _history(history: Sequence[Exchange]) -> list[JsonValue]:
    """The last exchanges that fit the budget, oldest first: what was asked and what was made of
    it. What was answered is data, and stays here."""
    told: list[JsonValue] = []
    left = MAX_HISTORY_TOKENS * CHARACTERS_PER_TOKEN
    for exchange in reversed(history[-MOST_EXCHANGES:]):
        one: dict[str, JsonValue] = {"question": exchange.question[:MAX_PAST_QUESTION]}
        if exchange.output is not None:
            one["made_of_it"] = _past_output(exchange.output)
        left -= len(_json(one))
        if left < 0:
            break
        told.append(one)
    return told[::-1]


def _past_output(output: PlannerOutput) -> JsonValue:
    match output:
        case Clarify() | MetricQuery() | Investigation():
            # the choices' own plans are for whoever takes one
            return output.model_dump(
                mode="json", exclude_defaults=True, exclude={"choices": {"__all__": {"plan"}}}
            )
        case _:
            return {"kind": output.kind}


def _json(value: Mapping[str, JsonValue]) -> str:
    return _sendable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _sendable(text: str) -> str:
    """Half a surrogate pair cannot be sent as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
