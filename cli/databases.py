"""Where a command finds the two databases: the environment, else the running demo, else the
embedded server, started for as long as the command needs it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from cli.demo.home import home
from cli.output import CommandError
from kit import embedded_postgres

NAMES = ("DATABASE_URL", "WAREHOUSE_URL")


KEYS = ("WAREHOUSE_READER_SECRET", "GATEWAY_DATABASE_PASSWORD", "WORKFLOW_DATABASE_PASSWORD")


class Keys(NamedTuple):
    """What the logins of the databases are keyed with: the secret behind the passwords of the
    warehouse's readers, and the passwords of the services' logins."""

    reader_secret: str
    gateway_password: str
    workflow_password: str


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


def keys() -> Keys:
    """The keys of the environment; for what it does not name the home's, made at need. With
    databases of one's own there is no such help: others have to know the keys too."""
    given = {name: os.environ.get(name, "") for name in KEYS}
    missing = [name for name in KEYS if not given[name]]
    if missing and of_environment() is not None:
        raise CommandError(
            f"{' and '.join(missing)} must be set: the passwords of the services' logins come "
            "from there, and the services have to be told the same."
        )
    return keys_of(
        home().made_secrets() | {k: v for k, v in given.items() if v} if missing else given
    )


def signing_secret() -> str:
    """What the key that signs checkpoints and receipts is kept under: as the services have it."""
    given = os.environ.get("SIGNING_KEY_SECRET", "")
    if not given and of_environment() is not None:
        raise CommandError("SIGNING_KEY_SECRET must be set, to what the workflow has.")
    return given or home().made_secrets()["SIGNING_KEY_SECRET"]


def keys_of(secrets: Mapping[str, str]) -> Keys:
    """The part of the secrets that makes logins."""
    return Keys(*(secrets[name] for name in KEYS))
