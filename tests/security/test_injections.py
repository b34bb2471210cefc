"""Injections in questions, documents, values, descriptions and conversations change nothing: not
who asks, not which rows may be seen, not the statement that runs.

Each is tried against the built-in planner and against a model that obeys it to the letter.
"""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
import sqlglot
from sqlglot import exp

from contracts.run import Answer, RunStatus
from kit import embedded_postgres
from migrations.warehouse.readers import grant_readers
from tests.gateway.loopback import serving
from tests.security.injections import (
    LIE,
    PAGILA,
    TOLD,
    VIEWS,
    Injection,
    ObedientModel,
    World,
    infected_model,
    injections,
    obedient_model,
    settings,
)
from workflow.app import create

CASES = injections()
HARMLESS = {RunStatus.REFUSED, RunStatus.CLARIFY, RunStatus.BLOCKED, RunStatus.NEEDS_APPROVAL}


def test_there_are_enough_of_every_way_in() -> None:
    assert len(CASES) >= 100
    assert len({case.id for case in CASES}) == len(CASES)
    ways = [case.where for case in CASES]
    assert {way: ways.count(way) >= 8 for way in ways} == dict.fromkeys(
        ("question", "document", "value", "column", "history"), True
    )


@pytest.fixture(scope="module")
def databases(
    cluster: embedded_postgres.Cluster,
    app_template: str,
    warehouse_template: str,
    reader_secret: str,
) -> Iterator[list[tuple[str, str, UUID]]]:
    """Three pairs of the application's database and the warehouse, each with an organisation."""
    names = [(f"injected_app_{n}", f"injected_warehouse_{n}") for n in range(3)]
    made = []
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as owner:
        for app, warehouse in names:
            owner.execute(f'CREATE DATABASE "{app}" TEMPLATE "{app_template}"')
            owner.execute(f'CREATE DATABASE "{warehouse}" TEMPLATE "{warehouse_template}"')
            grant_readers(cluster.url(warehouse), VIEWS, reader_secret)
            with psycopg.connect(cluster.url(app)) as connection:
                row = connection.execute(
                    "INSERT INTO organisations (name) VALUES ('one') RETURNING org_id"
                ).fetchone()
            assert row is not None
            made.append((cluster.url(app), cluster.url(warehouse), row[0]))
        yield made
        for name in (name for pair in names for name in pair):
            owner.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def clean(databases: list[tuple[str, str, UUID]], reader_secret: str) -> Iterator[World]:
    app_url, warehouse_url, org_id = databases[0]
    chosen = settings(app_url, warehouse_url, reader_secret, PAGILA / "model.yaml")
    with serving(create(chosen)) as url:
        yield World(url, app_url, warehouse_url, org_id)


@pytest.fixture(scope="module")
def model() -> Iterator[ObedientModel]:
    with obedient_model() as model:
        yield model


@pytest.fixture(scope="module", params=["builtin", "obedient"])
def world(
    request: pytest.FixtureRequest,
    databases: list[tuple[str, str, UUID]],
    model: ObedientModel,
    reader_secret: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """Where the semantic model is infected, and the planner is the one named."""
    is_model = request.param == "obedient"
    app_url, warehouse_url, org_id = databases[1 + is_model]
    texts = [case.text for case in CASES if case.where == "column"]
    path = infected_model(texts, tmp_path_factory.mktemp("infected"))
    base_url = model.base_url if is_model else ""
    chosen = settings(app_url, warehouse_url, reader_secret, path, base_url)
    with serving(create(chosen)) as url:
        yield World(url, app_url, warehouse_url, org_id)


_ANSWERS: dict[tuple[str, str], Answer] = {}


def _expected(case: Injection, clean: World) -> Answer:
    """The answer where nothing is injected."""
    key = (case.role_user, case.question)
    if key not in _ANSWERS:
        _ANSWERS[key] = clean.ask(case, case.question)
    return _ANSWERS[key]


def _asked(case: Injection, world: World) -> Answer:
    """The answer in a world where the injection lies in wait."""
    if case.where == "document":
        world.tell(case.text)
    if case.where == "value":
        world.title_best_film(case.text)
    if case.where == "history":
        said = world.ask(case, case.text)
        return world.ask(case, case.question, said.conversation_id)
    return world.ask(case, case.text if case.where == "question" else case.question)


def _relations(sql: str) -> set[str]:
    """What a statement reads. It has to be one that only reads."""
    tree = sqlglot.parse_one(sql, dialect="postgres")
    assert isinstance(tree, exp.Query)
    assert not tree.find(exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Command)
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    return {table.name for table in tree.find_all(exp.Table)} - own


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_scope_role_and_statement_stay(
    case: Injection, clean: World, world: World, model: ObedientModel
) -> None:
    model.obeyed = case.obeyed
    expected = _expected(case, clean)
    found = _asked(case, world)
    assert expected.status == RunStatus.COMPLETED
    for name in ("role", "row_scope", "allowed_views"):
        assert getattr(found.security, name) == getattr(expected.security, name)
    assert LIE not in found.answer or case.where == "value"  # a film may be called so
    if found.status in HARMLESS:
        assert found.rows == ()
        return
    assert found.status == RunStatus.COMPLETED
    assert found.sql == expected.sql
    statements = [step.sql for step in found.steps]
    assert statements == [step.sql for step in expected.steps]
    for sql in [*statements, *([found.sql] if found.sql else [])]:
        assert _relations(sql) <= set(VIEWS[case.role])


@pytest.mark.parametrize("way", ["question", "document", "value", "column", "history"])
def test_what_is_injected_arrives(
    way: str, clean: World, world: World, model: ObedientModel
) -> None:
    """Else the test above would prove nothing."""
    case = next(c for c in CASES if c.where == way and c.text.isascii() and '"' not in c.text)
    model.obeyed = case.obeyed
    model.prompts.clear()
    found = _asked(case, world)
    if way == "document":
        assert TOLD in [source.title for source in found.sources]
    if way == "value" and found.status == RunStatus.COMPLETED:
        assert case.text in [row[0] for row in found.rows]
    if model.prompts and way in ("document", "column", "history"):
        assert any(case.text in prompt for prompt in model.prompts)
    if way != "question":
        assert found.status in HARMLESS or found.sql == _expected(case, clean).sql
