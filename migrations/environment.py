"""What both alembic environments do."""

import psycopg
from alembic import context
from sqlalchemy import create_engine, pool, text

LOCK_KEY = 0x636F756E  # any constant: "coun"


def run(schema: str = "public") -> None:
    """Run the migrations of alembic's current context, in one transaction, under a lock.

    `schema` holds alembic's own table. Afterwards only logins that were granted it may connect
    to the database: the logins of the one database have no business in the other.
    """
    url = context.config.attributes["url"]
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=pool.NullPool
    )
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        if schema != "public":
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        context.configure(connection=connection, version_table_schema=schema)
        context.run_migrations()
        connection.execute(
            text(
                "DO $$ BEGIN EXECUTE format("
                "'REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()"
                "); END $$"
            )
        )
