"""The scoped views, made anew whenever their text or the tables beneath them have changed."""

import hashlib
from pathlib import Path

import psycopg
from psycopg import sql

DEFINITIONS = Path(__file__).parent / "views.sql"
_BASE_TABLES = ("payment", "rental", "inventory", "film", "customer", "staff", "store")


def has_base_tables(connection: psycopg.Connection) -> bool:
    """Whether the tables that the views read are there."""
    row = connection.execute(
        "SELECT count(*) FROM pg_catalog.pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relname = ANY (%s)",
        [list(_BASE_TABLES)],
    ).fetchone()
    return row is not None and row[0] == len(_BASE_TABLES)


def held_privileges(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """Who may read which view now, as (view, login)."""
    return [
        (view, login)
        for view, login in connection.execute(
            """
            SELECT c.relname, r.rolname
            FROM pg_catalog.pg_class AS c
            CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS a
            JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
            WHERE c.relnamespace = 'analytics'::regnamespace
              AND c.relkind = 'v' AND a.privilege_type = 'SELECT' AND a.grantee <> c.relowner
            """
        )
    ]


def install_views(
    connection: psycopg.Connection, *, privileges: list[tuple[str, str]] | None = None
) -> None:
    """Make the views over the tables in `public`, in the caller's transaction.

    Does nothing where they are there and unchanged. Whoever could read a view before can read
    it afterwards; a caller that drops `public`, and the views with it, asks for
    `held_privileges` first and hands them over.
    """
    # A restored dump may have opened its schema again.
    connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    text = DEFINITIONS.read_bytes()
    digest = hashlib.sha256(text).hexdigest()
    if _installed(connection) == digest:
        return
    held = held_privileges(connection) if privileges is None else privileges
    for (view,) in connection.execute(
        "SELECT relname FROM pg_catalog.pg_class"
        " WHERE relnamespace = 'analytics'::regnamespace AND relkind = 'v'"
    ).fetchall():
        connection.execute(sql.SQL("DROP VIEW analytics.{}").format(sql.Identifier(view)))
    connection.execute(text)
    made = _views(connection)
    for view, login in held:
        if view in made:
            connection.execute(
                sql.SQL("GRANT SELECT ON analytics.{} TO {}").format(
                    sql.Identifier(view), sql.Identifier(login)
                )
            )
    connection.execute(
        sql.SQL("COMMENT ON SCHEMA analytics IS {}").format(sql.Literal(f"views {digest}"))
    )


def _views(connection: psycopg.Connection) -> set[str]:
    return {
        name
        for (name,) in connection.execute(
            "SELECT relname FROM pg_catalog.pg_class"
            " WHERE relnamespace = 'analytics'::regnamespace AND relkind = 'v'"
        )
    }


def _installed(connection: psycopg.Connection) -> str | None:
    """The digest of the definitions in force, or None where there are no views."""
    if not _views(connection):
        return None
    row = connection.execute(
        "SELECT obj_description('analytics'::regnamespace, 'pg_namespace')"
    ).fetchone()
    return row[0].removeprefix("views ") if row and row[0] else None
