"""Generated models over generated rows: every compiler gives the same, or none gives any."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import duckdb
import pandas as pd
import psycopg
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.plan import Plan
from tests.workflow.semantic.conftest import Row
from tests.workflow.semantic.oracle import rounded
from workflow.semantic.compile_duckdb import compile_duckdb
from workflow.semantic.compile_pandas import compile_pandas
from workflow.semantic.compile_sql import PlanError, compile_plan
from workflow.semantic.load import ModelError, load

TYPES = {
    "Integer": ("bigint", "BIGINT"),
    "Decimal": ("numeric(12,4)", "DECIMAL(12,4)"),
    "String": ("text", "VARCHAR"),
    "Boolean": ("boolean", "BOOLEAN"),
    "Date": ("date", "DATE"),
    "DateTimeTz": ("timestamptz", "TIMESTAMPTZ"),
}
FACTS = {
    "fact": {"id": "Integer", "n": "Integer", "d": "Decimal", "s": "String", "b": "Boolean",
             "at": "DateTimeTz", "other_id": "Integer"},
    "other": {"id": "Integer", "o": "Decimal", "s2": "String", "day": "Date"},
}  # fmt: skip
VALUES: dict[str, st.SearchStrategy[object]] = {
    "Integer": st.integers(-3, 3),
    "Decimal": st.decimals(-100, 100, places=4) | st.sampled_from([Decimal("0.1"), Decimal(0)]),
    "String": st.sampled_from(["", "a", "A", "é", "É", "Z", "zz", "ß", "%", "_", "\\", "日本"]),
    "Boolean": st.booleans(),
    "Date": st.dates(date(2023, 12, 28), date(2024, 3, 2)),
    "DateTimeTz": st.datetimes(
        datetime(2023, 12, 28), datetime(2024, 3, 2), timezones=st.just(UTC)
    ).map(lambda t: t.replace(microsecond=0))
    | st.sampled_from(
        [datetime(2024, 1, 1, tzinfo=UTC) - timedelta(seconds=1), datetime(2024, 2, 29, tzinfo=UTC)]
    ),
}
NUMBERS = st.sampled_from(["n", "d", "0", "2", "0.5", "-1"])
CONDITIONS = st.sampled_from(
    ["b", "NOT b", "n > 1", "d IS NULL", "n IN (1, 2, NULL)", "d BETWEEN 0 AND 1.5",
     "s = 'a' OR b", "n <> 0 AND d < 5", "(n = 1) IS NOT TRUE"]
)  # fmt: skip


@st.composite
def scalars(draw: st.DrawFn, depth: int = 2) -> str:
    """A number of each row."""
    if depth == 0 or draw(st.booleans()):
        return draw(NUMBERS)
    left, right = draw(scalars(depth - 1)), draw(scalars(depth - 1))
    form = draw(
        st.sampled_from(
            ["({l} + {r})", "({l} - {r})", "({l} * {r})", "COALESCE({l}, {r})", "NULLIF({l}, {r})",
             "CASE WHEN {c} THEN {l} ELSE {r} END", "(-({l}))"]
        )
    )  # fmt: skip
    return form.format(l=left, r=right, c=draw(CONDITIONS))


@st.composite
def aggregates(draw: st.DrawFn) -> str:
    """A metric's expression."""
    function = draw(st.sampled_from(["SUM", "AVG", "MIN", "MAX", "COUNT", "COUNT(DISTINCT"]))
    inner = draw(scalars())
    call = f"{function} {inner})" if "(" in function else f"{function}({inner})"
    if draw(st.booleans()):
        call += f" FILTER (WHERE {draw(CONDITIONS)})"
    if draw(st.booleans()):
        operator = draw(st.sampled_from(["/", "+", "-", "*"]))
        call = f"{call} {operator} {draw(st.sampled_from(['COUNT(*)', 'SUM(n)', '3', '0']))}"
    return call


def document(metrics: dict[str, str]) -> dict[str, object]:
    """A model over the two tables."""

    def expression(text: str) -> dict[str, object]:
        return {"dialects": [{"dialect": "ANSI_SQL", "expression": text}]}

    def extension(data: str) -> list[dict[str, str]]:
        return [{"vendor_name": "COUNTERSIGN", "data": data}]

    datasets = [
        {
            "name": name,
            "source": f"v_{name}",
            "primary_key": ["id"],
            "custom_extensions": extension(f'{{"time_field": "{time}"}}'),
            "fields": [
                {"name": field, "expression": expression(field), "datatype": type_}
                for field, type_ in FACTS[name].items()
            ],
        }
        for name, time in (("fact", "at"), ("other", "day"))
    ]
    joined = [
        {"name": "r", "from": "fact", "to": "other", "from_columns": ["other_id"],
         "to_columns": ["id"]}
    ]  # fmt: skip
    found = [
        {"name": name, "expression": expression(text), "datatype": "Decimal",
         "custom_extensions": extension('{"dataset": "fact"}')}
        for name, text in metrics.items()
    ]  # fmt: skip
    found.append({"name": "others", "expression": expression("COUNT(other.id)")})
    model = {"name": "m", "datasets": datasets, "relationships": joined, "metrics": found}
    return {"version": "0.2.0.dev0", "semantic_model": [model]}


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[Row]]:
    """Rows with gaps, duplicates and keys that lead nowhere; perhaps none."""
    found: dict[str, list[Row]] = {}
    for name, most in (("other", 3), ("fact", 8)):
        row = st.fixed_dictionaries(
            {field: st.none() | VALUES[type_] for field, type_ in FACTS[name].items()}
        )
        rows = draw(st.lists(row, max_size=most))
        found[name] = [{**row, "id": number} for number, row in enumerate(rows)]
    return found


PLANS = [
    {"dimensions": []},
    {"dimensions": [{"field": "s"}], "order": [{"by": "one", "descending": True}], "limit": 2,
     "with_ties": True},
    {"dimensions": [{"field": "s2"}, {"field": "b"}]},
    {"dimensions": [{"field": "at", "grain": "month"}],
     "calculations": [{"kind": "running_total", "metric": "one"}]},
    {"dimensions": [{"field": "s"}], "calculations": [{"kind": "share", "metric": "one"}]},
    {"dimensions": [{"field": "s"}], "time": {"start": "2024-01-01", "end": "2024-02-01"},
     "comparison": {"to": "previous_period"}},
    {"dimensions": [{"field": "at", "grain": "day"}], "time": {"end": "2025-04-01"},
     "comparison": {"to": "previous_year"}},
    {"dimensions": [{"field": "at", "grain": "week"}, {"field": "b"}],
     "time": {"start": "2024-01-01", "end": "2024-03-01"}, "comparison": {"to": "previous_period"}},
    {"metrics": ["one", "others"], "dimensions": [{"field": "at", "grain": "quarter"}]},
    {"metrics": ["one", "two"], "dimensions": [{"field": "n"}],
     "having": [{"operator": "not", "filters": [
         {"field": "one", "operator": "gt", "values": [0]}]}]},
    {"dimensions": [{"field": "s"}], "filters": [{"operator": "not", "filters": [
        {"operator": "or", "filters": [
            {"field": "s", "operator": "contains", "values": ["É"]},
            {"field": "o", "operator": "gte", "values": [0]}]}]}]},
]  # fmt: skip


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def _fill(
    rows: dict[str, list[Row]], db: psycopg.Connection, duck: duckdb.DuckDBPyConnection
) -> dict[str, pd.DataFrame]:
    frames = {}
    for name, fields in FACTS.items():
        marks = ", ".join(f"{field} {TYPES[type_][0]}" for field, type_ in fields.items())
        db.execute(f"DROP TABLE IF EXISTS v_{name}; CREATE TEMP TABLE v_{name} ({marks})".encode())
        marks = ", ".join(f'"{field}" {TYPES[type_][1]}' for field, type_ in fields.items())
        duck.execute(f"CREATE OR REPLACE TABLE v_{name} ({marks})")
        values = [[row[field] for field in fields] for row in rows[name]]
        with db.cursor().copy(f"COPY v_{name} FROM STDIN".encode()) as copy:
            for one in values:
                copy.write_row(one)
        if values:
            duck.executemany(
                f"INSERT INTO v_{name} VALUES ({', '.join('?' * len(fields))})", values
            )
        frames[f"v_{name}"] = pd.DataFrame(values, columns=list(fields), dtype=object)
    return frames


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(one=aggregates(), two=aggregates(), rows=tables())
def test_generated_models_agree(
    one: str,
    two: str,
    rows: dict[str, list[Row]],
    tmp_path_factory: pytest.TempPathFactory,
    shop_db: psycopg.Connection,
    duck: duckdb.DuckDBPyConnection,
) -> None:
    path = tmp_path_factory.mktemp("model") / "m.yaml"
    path.write_text(yaml.safe_dump(document({"one": one, "two": two})))
    try:
        model = load(path)
    except ModelError as error:
        raise AssertionError(f"{one} and {two}: {error}") from error
    frames = _fill(rows, shop_db, duck)
    for given_plan in PLANS:
        plan = Plan.model_validate({"metrics": ["one"], **given_plan})
        try:
            compiled = compile_plan(plan, model)
        except PlanError as refusal:
            for other in (compile_duckdb, compile_pandas):
                with pytest.raises(PlanError, match="^" + str(refusal)[:20]):
                    other(plan, model)
            continue
        truth = [rounded(row) for row in shop_db.execute(compiled.sql.encode()).fetchall()]
        found = duck.execute(compile_duckdb(plan, model).sql).fetchall()
        assert [rounded(row) for row in found] == truth, f"DuckDB: {one}: {given_plan}"
        frame = compile_pandas(plan, model).run(frames)
        computed = [rounded(row) for row in frame.itertuples(index=False, name=None)]
        assert computed == truth, f"pandas: {one}: {given_plan}"
