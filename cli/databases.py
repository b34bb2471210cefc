"""Where a command finds the two databases: the environment, else the running demo, else the
embedded server, started for as long as the command needs it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from cli.demo.home import home
from cli.output import CommandError
from kit import embedded_postgres

NAMES = ("DATABASE_URL", "WAREHOUSE_URL")


class Databases(NamedTuple):
    """libpq URLs, as owner."""

    app: str
    warehouse: str


def of_environment() -> Databases | None:
    """The databases that the environment names. Raises where it names only one."""
    urls = [os.environ.get(name, "") for name in NAMES]
    if all(urls):
        return Databases(*urls)
    for name, url, other in zip(NAMES, urls, reversed(NAMES), strict=True):
        if url:
            raise CommandError(
                f"{name} is set and {other} is not; set both, or neither for the embedded database."
            )
    return None


@contextmanager
def databases() -> Iterator[Databases]:
    """The databases, for the length of a block."""
    live = home().live_settings()
    given = of_environment()
    if given is not None:
        yield given
    elif all(name in live for name in NAMES):
        yield Databases(*(live[name] for name in NAMES))
    else:
        home().root.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            cluster = embedded_postgres.start(home().data_dir)
        except (embedded_postgres.EmbeddedPostgresError, OSError) as error:
            raise CommandError(str(error)) from error
        try:
            yield of_cluster(cluster)
        finally:
            embedded_postgres.stop(home().data_dir)


def of_cluster(cluster: embedded_postgres.Cluster) -> Databases:
    """Both databases of the embedded server."""
    return Databases(
        cluster.url(embedded_postgres.APP_DATABASE),
        cluster.url(embedded_postgres.WAREHOUSE_DATABASE),
    )


def login_secret() -> str:
    """DATABASE_LOGIN_SECRET of the environment, else the home's, made at need."""
    given = os.environ.get("DATABASE_LOGIN_SECRET")
    if given:
        return given
    if of_environment() is not None:
        raise CommandError(
            "DATABASE_LOGIN_SECRET is not set; the passwords of the services' logins are derived "
            "from it, so set it to what the workflow has."
        )
    return home().made_secrets()["DATABASE_LOGIN_SECRET"]
