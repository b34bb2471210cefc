"""A real PostgreSQL for each test worker; a database of its own, from a template, for each test."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from contracts.context import UserContext
from kit import embedded_postgres
from migrations.runner import migrate
from migrations.warehouse.readers import grant_readers
from seeds.pagila.warehouse import seed_warehouse
from workflow.execute.warehouse import Warehouse

_numbers = itertools.count()
ROOT = Path(__file__).parent
SHARING_A_DEMO = ROOT / "e2e"
LONGEST_FIRST = (
    SHARING_A_DEMO,
    ROOT / "gateway/test_gateway_openapi.py",
    ROOT / "workflow/api/test_schemathesis.py",
    ROOT / "workflow/runs/test_kill.py",
)
"""What takes longest begins first, so that no worker is left with it at the end."""
WAITING_FOR_THE_DISK = ("fsync", "full_page_writes", "synchronous_commit")
"""What only the machine's own death would need; databases come and go ten times faster without.
A service that is killed loses nothing by it."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return Sharing(config, log)


class Sharing(LoadFileScheduling):
    """One worker runs a file's tests, as they share what is set up for the module; and one runs
    all that share the running demo, which costs more to start than any of them takes."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        shared = SHARING_A_DEMO.relative_to(ROOT.parent).as_posix()
        return shared if file.startswith(f"{shared}/") else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        places = (n for n, place in enumerate(LONGEST_FIRST) if item.path.is_relative_to(place))
        return next(places, len(LONGEST_FIRST))

    items.sort(key=turn)


@pytest.fixture(scope="session")
def cluster() -> Iterator[embedded_postgres.Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="cs-"))  # short: a Unix socket's path is limited
    folder.chmod(0o755)
    with embedded_postgres.running(folder / "pg") as running:
        with psycopg.connect(running.url("postgres"), autocommit=True) as connection:
            for name in WAITING_FOR_THE_DISK:
                connection.execute(f"ALTER SYSTEM SET {name} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield running
    shutil.rmtree(folder, ignore_errors=True)


def _copy(cluster: embedded_postgres.Cluster, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        yield cluster.url(name)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def app_template(cluster: embedded_postgres.Cluster) -> str:
    migrate("app", cluster.url(embedded_postgres.APP_DATABASE))
    return embedded_postgres.APP_DATABASE


@pytest.fixture
def app_url(cluster: embedded_postgres.Cluster, app_template: str) -> Iterator[str]:
    """The application's database, migrated, empty, thrown away after the test."""
    yield from _copy(cluster, app_template)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def reader_secret() -> str:
    return "a-secret-of-the-tests-and-of-nobody-else"


@pytest.fixture(scope="session")
def views_by_role() -> Mapping[str, tuple[str, ...]]:
    """Which role reads which views."""
    return {
        "admin": ("v_payment_scoped", "v_rental_scoped", "v_customer_masked"),
        "store_manager": ("v_payment_scoped", "v_rental_scoped"),
        "marketing": ("v_customer_masked",),
        "finance": ("v_payment_scoped",),
        "reviewer": (),
        "auditor": (),
    }


@pytest.fixture(scope="session")
def warehouse_template(cluster: embedded_postgres.Cluster) -> str:
    """Seeded and migrated; nobody stays connected to it, so that it can be copied."""
    seed_warehouse(cluster.url(embedded_postgres.WAREHOUSE_DATABASE))
    return embedded_postgres.WAREHOUSE_DATABASE


def _warehouse_copy(
    cluster: embedded_postgres.Cluster,
    template: str,
    views_by_role: Mapping[str, tuple[str, ...]],
    secret: str,
) -> Iterator[str]:
    for url in _copy(cluster, template):
        # a copy has the privileges inside of its template, but not those on the database
        grant_readers(url, views_by_role, secret)
        yield url


@pytest.fixture(scope="session")
def warehouse_url(
    cluster: embedded_postgres.Cluster,
    warehouse_template: str,
    views_by_role: Mapping[str, tuple[str, ...]],
    reader_secret: str,
) -> Iterator[str]:
    """The sample warehouse with its reader logins, as owner. Shared: read, do not write."""
    yield from _warehouse_copy(cluster, warehouse_template, views_by_role, reader_secret)


@pytest.fixture
def own_warehouse_url(
    cluster: embedded_postgres.Cluster,
    warehouse_template: str,
    views_by_role: Mapping[str, tuple[str, ...]],
    reader_secret: str,
) -> Iterator[str]:
    """A copy of the sample warehouse for one test to write to, thrown away after it."""
    yield from _warehouse_copy(cluster, warehouse_template, views_by_role, reader_secret)


@pytest.fixture
def empty_database_url(cluster: embedded_postgres.Cluster) -> Iterator[str]:
    """A database with nothing in it, thrown away after the test."""
    yield from _copy(cluster, "template0")


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for a test, so that a pool lives from one call to the next."""
    with asyncio.Runner() as runner:
        yield runner


ContextOf = Callable[..., UserContext]
"""Called with a role and the stores, or None for all of them."""


@pytest.fixture(scope="session")
def context_of(views_by_role: Mapping[str, tuple[str, ...]]) -> ContextOf:
    def make(role: str = "admin", stores: tuple[int, ...] | None = None) -> UserContext:
        return UserContext(
            user_id=UUID(int=1),
            username="somebody",
            org_id=UUID(int=2),
            role=role,
            permissions=("ask",),
            store_ids=stores or (),
            is_all_stores=stores is None,
            allowed_views=views_by_role[role],
        )

    return make


@pytest.fixture
def warehouse(
    warehouse_url: str,
    reader_secret: str,
    views_by_role: Mapping[str, tuple[str, ...]],
    runner: asyncio.Runner,
) -> Iterator[Warehouse]:
    """The executor over the shared sample warehouse."""
    warehouse = Warehouse(
        warehouse_url,
        reader_secret=reader_secret,
        statement_timeout=5.0,
    )
    yield warehouse
    runner.run(warehouse.close())


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Third-party data for tests, which is not part of the project: `TEST_DATA`, or `shared/data`
    beside a folder above. The test is skipped where there is none."""
    named = os.environ.get("TEST_DATA")
    here = Path(__file__).resolve()
    candidates = [Path(named)] if named else [up / "shared" / "data" for up in here.parents]
    for folder in candidates:
        if folder.is_dir():
            return folder
    pytest.skip("the third-party test data is not on this machine")
