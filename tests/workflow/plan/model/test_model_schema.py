"""The schema that providers are asked to enforce."""

import json
from collections.abc import Iterator
from dataclasses import replace

import jsonschema
import pytest

from cli.local_matcher import PromptCatalog, PromptMessage, answer
from tests.workflow.plan.model.conftest import MODEL, PROFILE, TODAY, person
from workflow.plan.ground import Ground
from workflow.plan.model_prompt import CATALOG_HEADING, first_messages
from workflow.plan.model_reply import Reply, parse
from workflow.plan.model_schema import LONGEST_ENUM, output_schema
from workflow.plan.prompt_pack import compose
from workflow.semantic.model import Field, SemanticModel

PACK = compose()
NOTHING = replace(MODEL, datasets=(), relationships=(), metrics=())
MANY = replace(
    MODEL,
    datasets=(
        replace(
            MODEL.datasets[0],
            fields=tuple(Field(f"f{n}", f"f{n}", "text", f"F{n}") for n in range(1000)),
        ),
        *MODEL.datasets[1:],
    ),
)


def parts(schema: object, depth: int = 0) -> Iterator[tuple[dict[str, object], int]]:
    if isinstance(schema, dict):
        yield schema, depth
        below = depth + (schema.get("type") == "object")
        for value in schema.values():
            yield from parts(value, below)
    elif isinstance(schema, list):
        for value in schema:
            yield from parts(value, depth)


@pytest.mark.parametrize("model", [MODEL, NOTHING, MANY])
def test_it_stays_inside_what_strict_mode_takes(model: SemanticModel) -> None:
    schema = output_schema(model)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object", "no union at the root"
    enums = 0
    for part, depth in parts(schema):
        assert depth <= 5
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
            assert part["required"] == list(part["properties"])
        if "enum" in part:
            assert part["enum"], "an empty choice is no schema"
            assert len(part["enum"]) <= LONGEST_ENUM
            enums += len(part["enum"])
        for banned in ("oneOf", "allOf", "format", "pattern", "minItems", "maximum", "default"):
            assert banned not in part or part.get("type") is None
    assert enums <= 1000


def test_names_are_those_of_the_role() -> None:
    text = json.dumps(output_schema(MODEL))
    assert "revenue" in text and "segment" in text
    customers = replace(
        MODEL,
        datasets=MODEL.datasets[1:],
        relationships=MODEL.relationships[1:],
        metrics=MODEL.metrics[2:],
    )
    text = json.dumps(output_schema(customers))
    assert "customer_count" in text
    assert "revenue" not in text and "category" not in text


def test_a_role_without_metrics_can_only_be_told_so() -> None:
    assert "metric_query" not in output_schema(NOTHING)["properties"]["kind"]["enum"]


def test_an_answer_after_the_schema_is_an_answer_that_we_read() -> None:
    system, user = first_messages(
        "Top 3 genres by revenue last month in store 1",
        Ground(MODEL, PROFILE, person(1), TODAY), snippets=(), pack=PACK,
    )  # fmt: skip
    catalog = system.content.partition(CATALOG_HEADING)[2]
    output = answer(
        PromptCatalog.model_validate_json(catalog),
        PromptMessage.model_validate_json(user.content),
    )
    jsonschema.validate(output, output_schema(MODEL))
    assert isinstance(parse(json.dumps(output)), Reply)


def test_the_instructions_come_first_and_are_the_same_for_every_question() -> None:
    systems = {
        first_messages(question, Ground(MODEL, PROFILE, context, TODAY), snippets=(), pack=PACK)[
            0
        ].content
        for question in ("Revenue", "Sales by category")
        for context in (person(1), person(2), person(is_all_stores=True))
    }
    assert len(systems) == 1
