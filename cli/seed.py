"""The single place that knows in which order the databases are migrated and seeded."""

import asyncio
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cli.databases import Databases, Keys
from cli.output import CommandError
from cli.progress import Report
from migrations.runner import migrate


def create_databases(databases: Databases) -> None:
    """Make those that are missing, on their own servers, by way of the database `postgres`."""
    for url in databases:
        options = conninfo_to_dict(url)
        name = str(options.pop("dbname", ""))
        maintenance = make_conninfo("", **{**options, "dbname": "postgres"})
        with psycopg.connect(maintenance, autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def migrate_all(databases: Databases, *, keys: Keys, report: Report) -> None:
    """Bring both databases to the newest revision, and the reader logins to the role policy."""
    report("Migrating the application's database")
    migrate("app", databases.app)
    report("Migrating the warehouse")
    migrate("warehouse", databases.warehouse)
    set_logins(databases, keys)


def seed_all(databases: Databases, *, scale: int | None, keys: Keys, report: Report) -> None:
    """Migrate both databases and fill them: the sample warehouse, the demo's people, its
    documents, and the reader logins for its roles. Safe to repeat.

    Without a `scale`, a warehouse that is already filled, by whatever, stays as it is, and an
    empty one is filled at scale 1. Raises CommandError where it is filled at another scale.
    """
    from seeds.identity import seed_identity

    report("Migrating the application's database")
    migrate("app", databases.app)
    _seed_warehouse(databases.warehouse, scale, report)
    report("Migrating the warehouse")
    migrate("warehouse", databases.warehouse)
    report("Adding the demo's people")
    seed_identity(databases.app)
    set_logins(databases, keys)
    report("Indexing the documents")
    asyncio.run(_seed_documents(databases.app))


def _seed_warehouse(url: str, scale: int | None, report: Report) -> None:
    from seeds.pagila.contents import WarehouseNotEmpty, contents
    from seeds.pagila.warehouse import seed_warehouse

    migrate("warehouse", url)
    with psycopg.connect(url) as connection:
        is_filled = contents(connection) is not None
    if scale is None and is_filled:
        return
    try:
        seed_warehouse(
            url,
            scale=scale or 1,
            progress=lambda what, share: report(f"Filling the warehouse: {what}", share),
        )
    except WarehouseNotEmpty as error:
        raise CommandError(
            f"{error} With the embedded database: set COUNTERSIGN_HOME to a new folder."
        ) from error


def set_logins(databases: Databases, keys: Keys) -> None:
    """Give the services' logins their passwords, and make the warehouse's reader logins what
    the role policy says."""
    from kit.logins import GATEWAY_LOGIN, WORKFLOW_LOGIN
    from migrations.app.logins import key_logins
    from migrations.warehouse.readers import grant_readers

    key_logins(
        databases.app,
        {GATEWAY_LOGIN: keys.gateway_password, WORKFLOW_LOGIN: keys.workflow_password},
    )
    with psycopg.connect(databases.app) as connection:
        rows = connection.execute("SELECT role, allowed_views FROM app_roles").fetchall()
    views_by_role: dict[str, set[str]] = {}
    for role, views in rows:
        views_by_role.setdefault(role, set()).update(views)
    grant_readers(databases.warehouse, views_by_role, keys.reader_secret)


def announce_load(databases: Databases) -> None:
    """Tell running services that the warehouse holds other data now."""
    with psycopg.connect(databases.app) as connection:
        connection.execute("INSERT INTO warehouse_loads DEFAULT VALUES")


async def _seed_documents(app_url: str) -> None:
    from kit.database import make_pool
    from seeds import pagila
    from workflow.llm.embeddings import Embedders, EmbeddingSettings, EmbeddingsUnavailable
    from workflow.retrieve.refresh import Refresher
    from workflow.retrieve.sources import DocumentSources
    from workflow.semantic.load import load

    folder = Path(pagila.__file__).parent
    model = load(folder / "model.yaml")
    embedder = Embedders(EmbeddingSettings()).configured
    async with make_pool(app_url, name="seed", max_size=2) as pool:
        refresher = Refresher(
            pool, embedder, DocumentSources(model, folder / "documents"), minutes=60
        )
        with suppress(EmbeddingsUnavailable):  # the service tries again until it is there
            await refresher.refresh()
