"""What both alembic environments do."""

import psycopg
from alembic import context
from sqlalchemy import create_engine, pool, text

LOCK_KEY = 0x636F756E  # any constant: "coun"


def run() -> None:
    """Run the migrations of alembic's current context, in one transaction, under a lock."""
    url = context.config.attributes["url"]
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=pool.NullPool
    )
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        context.configure(connection=connection)
        context.run_migrations()
