"""Documents that load, and documents that are refused with the file and the line."""

import contextlib
import copy
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.catalog import NumberFormat
from contracts.plan import Dimension, Plan
from workflow.semantic.catalog import catalog
from workflow.semantic.compile_sql import PlanError, compile_plan
from workflow.semantic.load import ModelError, load
from workflow.semantic.model import SemanticModel

ROOT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("COUNTERSIGN_SHARED", ROOT.parent / "shared" / "data"))
EXAMPLE = SHARED / "ossie" / "tpcds_semantic_model.yaml"
SCHEMA = SHARED / "ossie" / "osi-schema.json"
PAGILA = ROOT / "seeds" / "pagila" / "model.yaml"
needs_example = pytest.mark.skipif(
    not EXAMPLE.exists(), reason="the format's example is not at hand"
)

SMALL = """\
version: "0.2.0.dev0"
semantic_model:
  - name: small
    datasets:
      - name: orders
        source: db.s.v_orders
        primary_key: [id]
        fields:
          - name: id
            expression: {dialects: [{dialect: ANSI_SQL, expression: id}]}
            datatype: Integer
          - name: amount
            expression: {dialects: [{dialect: ANSI_SQL, expression: amount}]}
            datatype: Decimal
          - name: placed
            expression: {dialects: [{dialect: ANSI_SQL, expression: placed}]}
            datatype: DateTime
          - name: customer_id
            expression: {dialects: [{dialect: ANSI_SQL, expression: customer_id}]}
        custom_extensions:
          - vendor_name: COUNTERSIGN
            data: '{"time_field": "placed"}'
      - name: customers
        source: v_customers
        primary_key: [id]
        fields:
          - name: id
            expression: {dialects: [{dialect: ANSI_SQL, expression: id}]}
          - name: full_name
            expression: {dialects: [{dialect: ANSI_SQL, expression: "first || ' ' || last"}]}
    relationships:
      - {name: r, from: orders, to: customers, from_columns: [customer_id], to_columns: [id]}
    metrics:
      - name: total
        expression: {dialects: [{dialect: ANSI_SQL, expression: SUM(orders.amount)}]}
"""


def _load(tmp_path: Path, text: str | bytes) -> SemanticModel:
    path = tmp_path / "m.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(path)


def _faults(tmp_path: Path, text: str | bytes) -> list[str]:
    """Of a document that breaks the format, or of the parts that were left out."""
    try:
        lines = [part.fault for part in _load(tmp_path, text).unusable]
    except ModelError as error:
        lines = str(error).splitlines()
    return [line.replace(f"{tmp_path}{os.sep}", "") for line in lines]


def test_a_small_document(tmp_path: Path) -> None:
    model = _load(tmp_path, SMALL)
    assert model.digest == hashlib.sha256(SMALL.encode()).hexdigest()
    orders, customers = model.datasets
    assert (orders.view, orders.source) == ("v_orders", "db.s.v_orders")
    assert customers.fields[1].label == "Full name"
    assert model.metrics[0].dataset == "orders"
    sql = compile_plan(
        Plan(metrics=("total",), dimensions=(Dimension(field="full_name"),)), model
    ).sql
    assert "GROUP BY (customers.first || ' ' || customers.last)" in sql


def test_a_timestamp_without_a_zone_is_in_utc(tmp_path: Path) -> None:
    model = _load(tmp_path, SMALL)
    plan = Plan(metrics=("total",), dimensions=(Dimension(field="placed", grain="month"),))
    zoned = "((orders.placed) AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"
    assert zoned in compile_plan(plan, model).sql


def test_json_is_yaml_enough(tmp_path: Path) -> None:
    assert _load(tmp_path, json.dumps(yaml.safe_load(SMALL))).name == "small"


REPLACED: dict[str, tuple[str, str, str]] = {
    "wrong version": ("0.2.0.dev0", "9.9", "m.yaml:1: version: "),
    "unknown key": ("    datasets:", "    dataset: 1\n    datasets:", "m.yaml:4: dataset is not"),
    "missing source": ("        source: v_customers\n", "", "m.yaml:23: source is missing"),
    "number for a text": ("name: small", "name: 5", "m.yaml:3: name must be text"),
    "no for a name": ("name: small", "name: no", "m.yaml:3: name must be text"),
    "empty expression list": (
        "- name: full_name\n            expression: {dialects: [{dialect: ANSI_SQL, "
        "expression: \"first || ' ' || last\"}]}",
        "- name: full_name\n            expression: {dialects: []}",
        "m.yaml:30: dialects must not be empty",
    ),
    "dialect that is not SQL": (
        "{dialect: ANSI_SQL, expression: SUM(orders.amount)}",
        "{dialect: MDX, expression: '[x]'}",
        "m.yaml:35: none of its dialects (MDX) is SQL",
    ),
    "key twice": ("name: small", "name: small\n    name: big", "m.yaml:4: the key name stands"),
    "broken YAML": ("name: small", "name: [small", "m.yaml:4: is not valid YAML"),
    "dataset twice": ("- name: customers", "- name: Orders", "m.yaml:23: a second dataset"),
    "field twice": ("- name: full_name", "- name: id", "m.yaml:29: a second field"),
    "metric twice": (
        "      - name: total\n",
        "      - name: total\n        expression: {dialects: [{dialect: ANSI_SQL, expression: "
        "SUM(orders.amount)}]}\n      - name: total\n",
        "m.yaml:36: a second metric",
    ),
    "empty name": ("name: full_name", "name: ''", "m.yaml:29: a field needs a name"),
    "long name": ("name: full_name", f"name: {'x' * 64}", "is longer than 63 bytes"),
    "query as a source": (
        "source: v_customers",
        "source: select 1",
        "m.yaml:24: source must name a table or a view",
    ),
    "unknown dataset in a relationship": (
        "to: customers,",
        "to: nobody,",
        "m.yaml:32: there is no dataset called nobody",
    ),
    "columns that do not pair": (
        "to_columns: [id]",
        "to_columns: [id, x]",
        "m.yaml:32: from_columns and to_columns must pair up",
    ),
    "not a key": (
        "to_columns: [id]",
        "to_columns: [full_name]",
        "m.yaml:32: to_columns hold no key of customers",
    ),
    "unknown dataset in a metric": (
        "SUM(orders.amount)",
        "SUM(order.amount)",
        "m.yaml:35: there is no dataset called order",
    ),
    "unknown dataset": ("SUM(orders.amount)", "SUM(o.amount)", "m.yaml:35: there is no dataset"),
    "unknown field": ("SUM(orders.amount)", "SUM(orders.x)", "m.yaml:35: orders.x is not a field"),
    "field of several": ("SUM(orders.amount)", "COUNT(id)", "id is in orders and customers"),
    "no aggregate": ("SUM(orders.amount)", "orders.amount", "a metric must aggregate"),
    "half an aggregate": (
        "SUM(orders.amount)",
        "SUM(orders.amount) + orders.id",
        "orders.id stands outside an aggregate",
    ),
    "nested aggregates": ("SUM(orders.amount)", "SUM(AVG(orders.amount))", "may not hold another"),
    "strange aggregate": (
        "SUM(orders.amount)",
        "ARRAY_AGG(orders.amount)",
        "ARRAY_AGG is not an aggregate that can be used",
    ),
    "a sum of everything": ("SUM(orders.amount)", "SUM(*)", "m.yaml:35: "),
    "a query as a metric": (
        "SUM(orders.amount)",
        "(SELECT SUM(amount) FROM orders)",
        "m.yaml:35: ",
    ),
    "a window": ("SUM(orders.amount)", "SUM(orders.amount) OVER ()", "may not hold a window"),
    "two statements": ("SUM(orders.amount)", "SUM(orders.amount); DROP TABLE x", "m.yaml:35: "),
    "a count of nothing known": ("SUM(orders.amount)", "COUNT(*)", "the metric names no dataset"),
    "an aggregate in a field": ("expression: amount", "expression: SUM(amount)", "m.yaml:13: "),
    "a foreign column in a field": (
        "expression: amount",
        "expression: customers.amount",
        "m.yaml:13: customers.amount is not a column of orders",
    ),
    "our data is not JSON": (
        """'{"time_field": "placed"}'""",
        "'{'",
        "m.yaml:22: data is not JSON",
    ),
    "our data has an unknown key": (
        """{"time_field": "placed"}""",
        """{"timefield": "placed"}""",
        "m.yaml:22: timefield is not part of the format here",
    ),
    "time field of the wrong kind": (
        """{"time_field": "placed"}""",
        """{"time_field": "amount"}""",
        "m.yaml:5: time_field amount is not a time field of orders",
    ),
    "unknown scope field": (
        """{"time_field": "placed"}""",
        """{"scope_field": "store"}""",
        "m.yaml:5: scope_field store is not a field of orders",
    ),
    "complete, and a column that is no field": (
        """        primary_key: [id]
        fields:
          - name: id
            expression: {dialects: [{dialect: ANSI_SQL, expression: id}]}
          - name: full_name""",
        """        primary_key: [id]
        custom_extensions: [{vendor_name: COUNTERSIGN, data: '{"complete": true}'}]
        fields:
          - name: id
            expression: {dialects: [{dialect: ANSI_SQL, expression: id}]}
          - name: full_name""",
        "m.yaml:31: first is not a field of customers",
    ),
}


@pytest.mark.parametrize("name", REPLACED)
def test_a_fault_is_named_with_its_line(name: str, tmp_path: Path) -> None:
    old, new, message = REPLACED[name]
    assert old in SMALL
    faults = _faults(tmp_path, SMALL.replace(old, new))
    assert any(message in fault for fault in faults), faults


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = SMALL.replace("name: full_name", "name: id").replace("to: customers,", "to: nobody,")
    assert len(_faults(tmp_path, text)) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "m.yaml:1: the file is empty"),
        (b"\xff\xfe\x00", "m.yaml:1: is not UTF-8"),
        (b"- 1", "m.yaml:1: the document must be a mapping"),
        (b"a: !!python/object:os.system x", "m.yaml:1: is not valid YAML"),
        (b"version: &a [*a]", "m.yaml:1: a value contains itself"),
        (b"[" * 5000, "m.yaml:1: is nested too deeply"),
        (b"version: '0.2.0.dev0'\nsemantic_model: []", "m.yaml:2: the file holds no model"),
        (b"1: 2", "m.yaml:1: a key must be text"),
        (b"a\x00b", "m.yaml:1: is not valid YAML"),
    ],
)
def test_a_file_that_is_no_document(content: bytes, message: str, tmp_path: Path) -> None:
    assert message in _faults(tmp_path, content)[0]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.yaml:1: cannot be read"):
        load(tmp_path / "none.yaml")


def test_aliases_cannot_stand_for_a_billion_values(tmp_path: Path) -> None:
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    for n in range(1, 10):
        lines.append(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]")
    assert "holds more than" in _faults(tmp_path, "\n".join(lines))[0]


def _metric(tmp_path: Path, expression: str, extra: str = "") -> SemanticModel:
    return _load(tmp_path, SMALL.replace("SUM(orders.amount)", f"'{expression}'") + extra)


@pytest.mark.parametrize(
    ("expression", "stored"),
    [
        ("sum(Orders.AMOUNT)", "SUM(orders.amount)"),
        ("SUM(amount)", "SUM(orders.amount)"),
        ("COUNT(orders.*)", "COUNT(orders.*)"),
        (
            "COUNT(orders.id) / COUNT(DISTINCT orders.customer_id)",
            "CAST(COUNT(orders.id) AS DECIMAL) / NULLIF(COUNT(DISTINCT orders.customer_id), 0)",
        ),
        ("SUM(orders.amount) / 100", "SUM(orders.amount) / 100"),
        (
            "SUM(orders.amount) / (COUNT(orders.id) - 1)",
            "SUM(orders.amount) / NULLIF(COUNT(orders.id) - 1, 0)",
        ),
        (
            "SUM(orders.amount) / NULLIF(COUNT(orders.id), 0)",
            "SUM(orders.amount) / NULLIF(COUNT(orders.id), 0)",
        ),
        (
            "SUM(orders.amount) FILTER (WHERE orders.id > 5)",
            "SUM(orders.amount) FILTER(WHERE orders.id > 5)",
        ),
    ],
)
def test_a_metric_is_kept_with_its_names_resolved_and_its_ratios_safe(
    expression: str, stored: str, tmp_path: Path
) -> None:
    assert _metric(tmp_path, expression).metrics[0].expression == stored


def test_count_of_rows_with_its_dataset_named(tmp_path: Path) -> None:
    named = (
        "        custom_extensions: "
        '[{vendor_name: COUNTERSIGN, data: \'{"dataset": "customers"}\'}]\n'
    )
    model = _metric(tmp_path, "COUNT(*)", named)
    assert compile_plan(Plan(metrics=("total",)), model).sql == (
        "SELECT COUNT(*) AS total FROM v_customers AS customers"
    )


def test_an_aggregate_across_a_relationship_is_over_the_many_side(tmp_path: Path) -> None:
    model = _metric(tmp_path, "SUM(CASE WHEN customers.id > 5 THEN orders.amount END)")
    assert "FROM v_orders AS orders LEFT JOIN v_customers AS customers" in (
        compile_plan(Plan(metrics=("total",)), model).sql
    )


def test_names_that_postgres_reserves_are_quoted(tmp_path: Path) -> None:
    text = SMALL.replace("customers", "user").replace("amount", "Order")
    sql = compile_plan(
        Plan(metrics=("total",), dimensions=(Dimension(field="full_name"),)), _load(tmp_path, text)
    ).sql
    assert 'AS "user"' in sql
    assert 'SUM(orders."order")' in sql


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


def test_a_metric_may_be_made_of_others(tmp_path: Path) -> None:
    more = """\
      - name: placed_orders
        expression: {dialects: [{dialect: ANSI_SQL, expression: COUNT(orders.id)}]}
      - name: per_order
        expression: {dialects: [{dialect: ANSI_SQL, expression: Total / placed_orders}]}
      - name: twice
        expression: {dialects: [{dialect: ANSI_SQL, expression: per_order * 2}]}
"""
    metrics = {m.name: m for m in _load(tmp_path, SMALL + more).metrics}
    assert metrics["per_order"].expression == ("SUM(orders.amount) / NULLIF(COUNT(orders.id), 0)")
    assert metrics["twice"].expression == f"({metrics['per_order'].expression}) * 2"
    around = more.replace("COUNT(orders.id)", "twice - total")
    assert "is made of itself" in "\n".join(_faults(tmp_path, SMALL + around))


def test_formats_and_cumulative_metrics_are_read(tmp_path: Path) -> None:
    extension = """\
        custom_extensions:
          - vendor_name: COUNTERSIGN
            data: '{"cumulative": true, "format": {"style": "currency", "currency": "EUR"}}'
"""
    (metric,) = _load(tmp_path, SMALL + extension).metrics
    assert metric.is_cumulative
    assert metric.format == NumberFormat(style="currency", currency="EUR")
    averaged = SMALL.replace("SUM(orders.amount)", "AVG(orders.amount)")
    assert "can be cumulative" in _faults(tmp_path, averaged + extension)[0]
    strange = extension.replace("EUR", "euros")
    assert _faults(tmp_path, SMALL + strange)[0].startswith("m.yaml:38: ")


def test_what_cannot_be_used_is_left_out_and_the_rest_loads(tmp_path: Path) -> None:
    more = """\
      - name: middle
        expression: {dialects: [{dialect: ANSI_SQL, expression: MEDIAN(orders.amount)}]}
      - name: told_twice
        expression:
          dialects:
            - {dialect: MDX, expression: "[Measures].[x]"}
            - {dialect: ANSI_SQL, expression: "SUM(("}
            - {dialect: BIGQUERY, expression: SUM(orders.amount)}
"""
    model = _load(tmp_path, SMALL.replace("'first", "'f").replace("first ||", "upper(x) ||") + more)
    assert [m.name for m in model.metrics] == ["total", "told_twice"]
    assert [(u.kind, u.name) for u in model.unusable] == [
        ("field", "full_name"),
        ("metric", "middle"),
    ]
    assert "m.yaml:30: UPPER(x) is not part of the expression language" in model.unusable[0].fault


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
