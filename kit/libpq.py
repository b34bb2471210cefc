"""What is needed to speak to PostgreSQL by libpq itself, on a connection of psycopg's."""

from typing import Any

from psycopg import AsyncConnection
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow


def checked(connection: AsyncConnection[TupleRow], result: PGresult) -> PGresult:
    """The result. Raises psycopg.Error where the server refused."""
    if result.status == ExecStatus.FATAL_ERROR:
        raise error_from_result(result, connection.info.encoding)
    return result


def rows_of(connection: AsyncConnection[TupleRow], result: PGresult) -> list[tuple[Any, ...]]:
    """All rows, as the connection's adapters read them."""
    loading = Transformer(connection)
    loading.set_pgresult(result)
    return loading.load_rows(0, result.ntuples, tuple)
