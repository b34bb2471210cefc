"""Alembic's entry point."""

import psycopg
from alembic import context

from migrations.environment import run
from migrations.warehouse.views import has_base_tables, install_views

run(schema="countersign")  # a restored dump replaces `public`
with psycopg.connect(context.config.attributes["url"]) as connection:
    connection.execute("SET LOCAL lock_timeout = '10s'")
    if has_base_tables(connection):  # otherwise whoever makes them installs the views
        install_views(connection)
