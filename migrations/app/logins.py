"""The passwords of the services' logins: not a migration, since they change without one."""

from collections.abc import Mapping

import psycopg
from psycopg import sql


def key_logins(url: str, passwords: Mapping[str, str]) -> None:
    """Give each login its password, and let it connect. `url` is the owner's."""
    with psycopg.connect(url) as connection:
        database = sql.Identifier(connection.info.dbname)
        for login, password in passwords.items():
            # the verifier is computed here, so that the password is in no server's log
            verifier = connection.pgconn.encrypt_password(
                password.encode(), login.encode(), b"scram-sha-256"
            )
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    sql.Identifier(login), sql.Literal(verifier.decode())
                )
            )
            connection.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    database, sql.Identifier(login)
                )
            )
