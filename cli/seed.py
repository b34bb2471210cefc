"""The single place that knows in which order the databases are migrated and seeded."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import psycopg

from cli.databases import Databases
from migrations.runner import migrate

Report = Callable[[str], None]
"""Told what is being done, in a few words."""


def migrate_all(databases: Databases, report: Report) -> None:
    """Bring both databases to the newest revision."""
    report("Migrating the application's database")
    migrate("app", databases.app)
    report("Migrating the warehouse")
    migrate("warehouse", databases.warehouse)


def seed_all(databases: Databases, *, scale: int, reader_secret: str, report: Report) -> None:
    """Migrate both databases and fill them: the sample warehouse, the demo's people, its
    documents, and the reader logins for its roles. Safe to repeat."""
    from seeds.identity import seed_identity
    from seeds.pagila.warehouse import seed_warehouse

    report("Migrating the application's database")
    migrate("app", databases.app)
    report(f"Filling the sample warehouse (scale {scale})")
    seed_warehouse(databases.warehouse, scale=scale)
    report("Migrating the warehouse")
    migrate("warehouse", databases.warehouse)
    report("Adding the demo's people")
    seed_identity(databases.app)
    grant_readers_of(databases, reader_secret)
    report("Indexing the documents")
    asyncio.run(_seed_documents(databases.app))


def grant_readers_of(databases: Databases, reader_secret: str) -> None:
    """Make the warehouse's reader logins what the role policy says."""
    from migrations.warehouse.readers import grant_readers

    with psycopg.connect(databases.app) as connection:
        rows = connection.execute("SELECT role, allowed_views FROM app_roles").fetchall()
    views_by_role: dict[str, set[str]] = {}
    for role, views in rows:
        views_by_role.setdefault(role, set()).update(views)
    grant_readers(databases.warehouse, views_by_role, reader_secret)


async def _seed_documents(app_url: str) -> None:
    from kit.database import make_pool
    from seeds import pagila
    from workflow.llm.embeddings import WordLlamaEmbedder
    from workflow.retrieve.index import index_documents
    from workflow.retrieve.load import load

    documents = load(Path(pagila.__file__).parent / "documents")
    embedder = WordLlamaEmbedder()
    async with make_pool(app_url, name="seed", max_size=1) as pool:
        async with pool.connection() as connection:
            rows = await (await connection.execute("SELECT org_id FROM organisations")).fetchall()
        for (org_id,) in rows:
            await index_documents(pool, embedder, org_id, documents)
