"""The passwords of the services' logins: not a migration, since they change without one."""

from collections.abc import Mapping

import psycopg
from psycopg import sql


def key_logins(url: str, passwords: Mapping[str, str]) -> None:
    """Give each login its password, and let it connect. `url` is the owner's."""
    with psycopg.connect(url) as connection:
        database = sql.Identifier(connection.info.dbname)
        for login, password in passwords.items():
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    sql.Identifier(login), sql.Literal(password)
                )
            )
            connection.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    database, sql.Identifier(login)
                )
            )
