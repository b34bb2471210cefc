"""PostgreSQL, DuckDB and pandas: the same rows in the same order, or a refusal by all three."""

from collections.abc import Iterator

import duckdb
import pandas as pd
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings

from contracts.plan import Plan
from tests.workflow.semantic.conftest import FIELDS, ROWS
from tests.workflow.semantic.generated_plans import whole_plans
from tests.workflow.semantic.oracle import Key, rounded
from tests.workflow.semantic.test_compile_calculations import GOLD as CALCULATIONS
from tests.workflow.semantic.test_compile_sql import GOLD as PLAIN
from tests.workflow.semantic.test_refused_calculations import REFUSED
from workflow.semantic.compile_duckdb import compile_duckdb
from workflow.semantic.compile_pandas import compile_pandas
from workflow.semantic.compile_sql import PlanError, compile_plan
from workflow.semantic.model import SemanticModel

DUCKDB_TYPES = {
    "Integer": "BIGINT", "DateTimeTz": "TIMESTAMPTZ", "Decimal": "DECIMAL(8, 2)",
    "String": "VARCHAR", "Boolean": "BOOLEAN", "Date": "DATE",
}  # fmt: skip
Frames = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Pacific/Auckland'")
        for table, fields in FIELDS.items():
            columns = ", ".join(f"{name} {DUCKDB_TYPES[type_]}" for name, type_ in fields)
            connection.execute(f"CREATE TABLE v_{table} ({columns})")
            marks = ", ".join("?" for _ in fields)
            rows = [[row[name] for name, _ in fields] for row in ROWS[table]]
            connection.executemany(f"INSERT INTO v_{table} VALUES ({marks})", rows)
        yield connection


@pytest.fixture(scope="module")
def frames() -> Frames:
    """As pandas would read them: floats with NaN for whole numbers with gaps, datetime64."""
    found = {}
    for table, fields in FIELDS.items():
        frame = pd.DataFrame(ROWS[table])
        for name, type_ in fields:
            if type_ == "DateTimeTz":
                frame[name] = pd.to_datetime(frame[name], utc=True).dt.tz_convert("Asia/Tokyo")
        found[f"v_{table}"] = frame
    return found


def answers(
    plan: Plan,
    shop: SemanticModel,
    shop_db: psycopg.Connection,
    duck: duckdb.DuckDBPyConnection,
    frames: Frames,
) -> list[list[Key]] | None:
    """The rows that each gives; None where all refuse."""
    try:
        compiled = compile_plan(plan, shop)
    except PlanError as refusal:
        for other in (compile_duckdb, compile_pandas):
            with pytest.raises(PlanError) as caught:
                other(plan, shop)
            assert str(caught.value) == str(refusal)
        return None
    computed = compile_pandas(plan, shop)
    assert compiled.columns == computed.columns == compile_duckdb(plan, shop).columns
    frame = computed.run(frames)
    assert list(frame.columns) == [c.name for c in compiled.columns]
    return [
        shop_db.execute(compiled.sql.encode()).fetchall(),
        duck.execute(compile_duckdb(plan, shop).sql).fetchall(),
        list(frame.itertuples(index=False, name=None)),
    ]


def check(found: list[list[Key]] | None) -> None:
    assert found is not None
    first, *others = [[rounded(row) for row in rows] for rows in found]
    for other in others:
        assert other == first


@pytest.mark.parametrize("name", [*PLAIN, *CALCULATIONS])
def test_known_plans_agree(
    name: str,
    shop: SemanticModel,
    shop_db: psycopg.Connection,
    duck: duckdb.DuckDBPyConnection,
    frames: Frames,
) -> None:
    plan, _ = (PLAIN | CALCULATIONS)[name]
    check(answers(plan, shop, shop_db, duck, frames))


@pytest.mark.parametrize("name", REFUSED)
def test_what_one_refuses_all_refuse(
    name: str,
    shop: SemanticModel,
    shop_db: psycopg.Connection,
    duck: duckdb.DuckDBPyConnection,
    frames: Frames,
) -> None:
    assert answers(REFUSED[name][0], shop, shop_db, duck, frames) is None


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=whole_plans())
def test_generated_plans_agree(
    plan: Plan,
    shop: SemanticModel,
    shop_db: psycopg.Connection,
    duck: duckdb.DuckDBPyConnection,
    frames: Frames,
) -> None:
    found = answers(plan, shop, shop_db, duck, frames)
    if found is not None:
        check(found)
