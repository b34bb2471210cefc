"""A real PostgreSQL for each test worker; a database of its own, from a template, for each test."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from kit import embedded_postgres
from migrations.runner import migrate

_numbers = itertools.count()


@pytest.fixture(scope="session")
def cluster() -> Iterator[embedded_postgres.Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="cs-"))  # short: a Unix socket's path is limited
    folder.chmod(0o755)
    with embedded_postgres.running(folder / "pg") as running:
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
