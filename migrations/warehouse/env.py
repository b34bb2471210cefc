"""Alembic's entry point."""

from migrations.environment import run

run()
