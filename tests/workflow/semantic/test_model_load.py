"""Documents that load, and documents that are refused with the file and the line."""

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from contracts.plan import Dimension, Plan
from tests.workflow.semantic.documents import SMALL, faults, load_text
from workflow.semantic.compile_sql import compile_plan
from workflow.semantic.load import ModelError, load


def test_a_small_document(tmp_path: Path) -> None:
    model = load_text(tmp_path, SMALL)
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
    model = load_text(tmp_path, SMALL)
    plan = Plan(metrics=("total",), dimensions=(Dimension(field="placed", grain="month"),))
    zoned = "((orders.placed) AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"
    assert zoned in compile_plan(plan, model).sql


def test_json_is_yaml_enough(tmp_path: Path) -> None:
    assert load_text(tmp_path, json.dumps(yaml.safe_load(SMALL))).name == "small"


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
    found = faults(tmp_path, SMALL.replace(old, new))
    assert any(message in fault for fault in found), found


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = SMALL.replace("name: full_name", "name: id").replace("to: customers,", "to: nobody,")
    assert len(faults(tmp_path, text)) == 2


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
    assert message in faults(tmp_path, content)[0]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.yaml:1: cannot be read"):
        load(tmp_path / "none.yaml")


def test_aliases_cannot_stand_for_a_billion_values(tmp_path: Path) -> None:
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    for n in range(1, 10):
        lines.append(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]")
    assert "holds more than" in faults(tmp_path, "\n".join(lines))[0]


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
    model = load_text(
        tmp_path, SMALL.replace("'first", "'f").replace("first ||", "upper(x) ||") + more
    )
    assert [m.name for m in model.metrics] == ["total", "told_twice"]
    assert [(u.kind, u.name) for u in model.unusable] == [
        ("field", "full_name"),
        ("metric", "middle"),
    ]
    assert "m.yaml:30: UPPER(x) is not part of the expression language" in model.unusable[0].fault
