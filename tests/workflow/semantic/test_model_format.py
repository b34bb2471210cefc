"""Documents are judged as the format's own schema and example have it."""

import contextlib
import copy
import json
from collections.abc import Callable

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.plan import Dimension, Plan
from tests.workflow.semantic.documents import (
    EXAMPLE,
    PAGILA,
    SCHEMA,
    needs_example,
)
from workflow.semantic.catalog import catalog
from workflow.semantic.compile_sql import PlanError, compile_plan
from workflow.semantic.load import ModelError, load


def test_the_sample_model_has_no_field_without_label_and_description() -> None:
    model = load(PAGILA)
    for dataset in model.datasets:
        assert dataset.time_field
        assert dataset.scope_field == "store_id"
        for field in dataset.fields:
            assert field.label
            assert field.description
            assert field.is_personal == (field.name == "customer_id")
    for metric in model.metrics:
        assert metric.synonyms
        assert metric.description
        assert metric.unit


@needs_example
def test_the_sample_model_is_valid_by_the_format_s_own_schema() -> None:
    jsonschema.validate(yaml.safe_load(PAGILA.read_text()), json.loads(SCHEMA.read_text()))


@needs_example
def test_the_format_s_example_loads_and_compiles() -> None:
    model = load(EXAMPLE)
    names = {d.name for d in model.datasets}
    assert {"store_sales", "date_dim", "customer", "item", "store"} == names
    plan = Plan(
        metrics=("total_sales", "total_profit"),
        dimensions=(Dimension(field="i_brand"), Dimension(field="d_date", grain="month")),
    )
    sql = compile_plan(plan, model).sql
    assert sql.count("LEFT JOIN") == 2
    # staff is counted over stores, not over the sales of each store
    staffed = Plan(metrics=("store_productivity",), dimensions=(Dimension(field="s_city"),))
    assert "FROM store AS store GROUP BY" in compile_plan(staffed, model).sql
    with pytest.raises(PlanError):
        compile_plan(
            staffed.model_copy(update={"dimensions": (Dimension(field="i_brand"),)}), model
        )


Document = dict[str, object]


def _places(tree: object) -> list[tuple[object, object]]:
    """Every (container, key) of a document."""
    found: list[tuple[object, object]] = []
    items = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    for key, value in items:
        found.append((tree, key))
        found += _places(value)
    return found


@needs_example
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_shape_is_judged_as_the_format_s_schema_judges_it(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A change to the example breaks the schema exactly when our wire models refuse it."""
    changed = copy.deepcopy(_EXAMPLE_TREE())
    container, key = data.draw(st.sampled_from(_places(changed)))
    new = data.draw(
        st.sampled_from([None, 5, True, [], {}, "text", "ANSI_SQL", ["text"], {"x": 1}, "delete"])
    )
    if new == "delete":
        del container[key]  # type: ignore[attr-defined]  # a list or a dict
    else:
        container[key] = new  # type: ignore[index]
    is_valid = jsonschema.Draft202012Validator(_SCHEMA_TREE()).is_valid(changed)
    path = tmp_path_factory.mktemp("changed") / "m.yaml"
    path.write_text(json.dumps(changed))
    try:
        load(path)
    except ModelError as error:
        if not is_valid:
            return
        shape = ("is missing", "is not part of", "must be", "Input should")
        assert not any(word in str(error) for word in shape) or "source must" in str(error)
    else:
        assert is_valid


def _once(read: Callable[[], Document]) -> Callable[[], Document]:
    kept: list[Document] = []

    def get() -> Document:
        if not kept:
            kept.append(read())
        return kept[0]

    return get


_EXAMPLE_TREE = _once(lambda: yaml.safe_load(EXAMPLE.read_text()))


_SCHEMA_TREE = _once(lambda: json.loads(SCHEMA.read_text()))


def _documents(schema: Document) -> st.SearchStrategy[Document]:
    """What validates against the schema, of the keywords that it uses."""
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    names = st.sampled_from(["a", "b", "A", "", " ", "\x00", "select", "é", "x" * 70, '"'])

    def of(part: dict[str, object]) -> st.SearchStrategy[object]:
        match part:
            case {"$ref": str(where)}:
                return st.deferred(lambda: of(definitions[where.removeprefix("#/$defs/")]))
            case {"oneOf": list(choices)}:
                return st.one_of([of(choice) for choice in choices])
            case {"const": value}:
                return st.just(value)
            case {"enum": list(values)}:
                return st.sampled_from(values)
            case {"type": "array", "items": dict(items)}:
                least = part.get("minItems", 0)
                return st.lists(of(items), min_size=1 if least else 0, max_size=2)
            case {"type": "object", "properties": dict(properties)}:
                required = part.get("required", [])
                assert isinstance(required, list)
                return st.fixed_dictionaries(
                    {key: of(properties[key]) for key in required},
                    optional={k: of(v) for k, v in properties.items() if k not in required},
                )
            case {"type": "boolean"}:
                return st.booleans()
        return names | st.text(max_size=5)

    return of(schema).map(lambda made: made if isinstance(made, dict) else {})


@needs_example
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_document_of_the_format_loads(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever its names and expressions are; what is then asked is answered or refused."""
    made = data.draw(_documents(_SCHEMA_TREE()))
    for container, key in _places(made):
        if key in ("expression", "source") and isinstance(container[key], str):  # type: ignore[index]
            container[key] = data.draw(  # type: ignore[index]
                st.text(max_size=8) | st.sampled_from(["a", "SUM(a)", "COUNT(*)", "(", "s.v", "1"])
            )
    assert jsonschema.Draft202012Validator(_SCHEMA_TREE()).is_valid(made)
    path = tmp_path_factory.mktemp("made") / "m.json"
    path.write_text(json.dumps(made))
    model = load(path)
    for metric in model.metrics:
        for dimension in catalog(model).dimensions[:3]:
            with contextlib.suppress(PlanError):
                compile_plan(
                    Plan(metrics=(metric.name,), dimensions=(Dimension(field=dimension.name),)),
                    model,
                )
