"""The reader logins: one a role, a member of nothing, that reads its own views and nothing else."""

from collections.abc import Collection, Mapping

import psycopg
from psycopg import sql

from kit.reader_login import PREFIX, reader_login, reader_password

CONNECTION_LIMIT = 32

# The defaults of a session. The executor sets its own time-outs for each statement; these hold
# where it did not.
SETTINGS = {
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "repeatable read",
    "statement_timeout": "15s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "15s",
    "transaction_timeout": "60s",
    # notice a client that went away in the middle of a statement
    "client_connection_check_interval": "2s",
    "search_path": "analytics",
    # text forms that survive to JSON: the executor reads these
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    # every row of a cursor is fetched, so plan for the last and not for the first
    "cursor_tuple_fraction": "1",
    "jit": "off",
    "work_mem": "16MB",
    "temp_file_limit": "1GB",
}


def grant_readers(url: str, views_by_role: Mapping[str, Collection[str]], secret: str) -> None:
    """Make the reader logins of the warehouse at `url` what `views_by_role` says, no more, no
    less. `url` is a superuser's; `secret` is `WAREHOUSE_READER_SECRET`.

    A role without views gets no login. A login that is there already is corrected; one whose
    role is no longer named keeps its name and loses everything else. Logins belong to the
    whole cluster, privileges to this database. Call it after the views are made.
    """
    logins = {reader_login(role): sorted(views) for role, views in views_by_role.items() if views}
    with psycopg.connect(url) as connection:
        connection.execute("SET LOCAL lock_timeout = '10s'")
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('countersign readers'))")
        database = sql.Identifier(connection.info.dbname)
        connection.execute(
            sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(database)
        )
        for login in _existing(connection) - set(logins):
            _strip(connection, login, database)
        for login, views in logins.items():
            _ensure_login(connection, login, reader_password(secret, login))
            _strip(connection, login, database)
            _grant(connection, login, views, database)


def _existing(connection: psycopg.Connection) -> set[str]:
    return {
        name
        for (name,) in connection.execute(
            "SELECT rolname FROM pg_catalog.pg_roles WHERE starts_with(rolname, %s)", [PREFIX]
        )
    }


def _ensure_login(connection: psycopg.Connection, login: str, password: str) -> None:
    name = sql.Identifier(login)
    if login not in _existing(connection):
        connection.execute(sql.SQL("CREATE ROLE {}").format(name))
    # The verifier is computed here, so that the password itself is never in a server's log.
    verifier = connection.pgconn.encrypt_password(
        password.encode(), login.encode(), b"scram-sha-256"
    )
    connection.execute(
        sql.SQL(
            "ALTER ROLE {} WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT"
            " NOREPLICATION NOBYPASSRLS CONNECTION LIMIT {} PASSWORD {}"
        ).format(name, sql.Literal(CONNECTION_LIMIT), sql.Literal(verifier.decode()))
    )
    for group, member in connection.execute(
        """
        SELECT granted.rolname, member.rolname
        FROM pg_catalog.pg_auth_members AS m
        JOIN pg_catalog.pg_roles AS granted ON granted.oid = m.roleid
        JOIN pg_catalog.pg_roles AS member ON member.oid = m.member
        WHERE %(login)s IN (granted.rolname, member.rolname)
        """,
        {"login": login},
    ).fetchall():
        connection.execute(
            sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(group), sql.Identifier(member))
        )
    connection.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(name))
    for setting, value in SETTINGS.items():
        connection.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                name, sql.Identifier(setting), sql.Literal(value)
            )
        )


def _strip(connection: psycopg.Connection, login: str, database: sql.Identifier) -> None:
    name = sql.Identifier(login)
    for statement in (
        "REVOKE ALL ON DATABASE {database} FROM {name}",
        "REVOKE ALL ON SCHEMA public, analytics FROM {name}",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public, analytics FROM {name}",
        "REVOKE ALL ON ALL ROUTINES IN SCHEMA public, analytics FROM {name}",
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public, analytics FROM {name}",
    ):
        connection.execute(sql.SQL(statement).format(name=name, database=database))


def _grant(
    connection: psycopg.Connection, login: str, views: list[str], database: sql.Identifier
) -> None:
    name = sql.Identifier(login)
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, name))
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA analytics TO {}").format(name))
    connection.execute(
        sql.SQL("GRANT EXECUTE ON FUNCTION analytics.scope_store_ids() TO {}").format(name)
    )
    for view in views:
        connection.execute(
            sql.SQL("GRANT SELECT ON analytics.{} TO {}").format(sql.Identifier(view), name)
        )
