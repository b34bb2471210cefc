"""Statements that every question sends: prepared once on each connection, and sent with little
more than libpq.

For each statement psycopg makes a cursor, finds out how each parameter is written and counts what
it prepared. Among other work, with cold caches, that takes twice as long as sending it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, DataError, generators
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow

from kit.watched_connection import WatchedConnection

Parameter = str | int | float | bool | UUID | datetime | None
_numbers = count(1)
_NAME = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a statement came to: its rows, and how many it returned or changed."""

    rows: list[tuple[Any, ...]]
    count: int


class PreparedStatement:
    """`text` names its parameters as psycopg's do, `%(name)s`. The server infers their types; a
    cast says what it cannot know."""

    def __init__(self, text: str) -> None:
        names = dict.fromkeys(_NAME.findall(text))
        places = {name: f"${place}" for place, name in enumerate(names, 1)}
        self._names = tuple(names)
        self._text = _NAME.sub(lambda found: places[found[1]], text).encode()

    async def run(
        self, connection: AsyncConnection[TupleRow], parameters: Mapping[str, Parameter]
    ) -> Ran:
        """Raises psycopg.Error, a DataError for a text with NUL in it. On a connection that is not
        watched it is not prepared."""
        pgconn = connection.pgconn
        values = [_written(parameters[name]) for name in self._names]
        if isinstance(connection, WatchedConnection):
            name = connection.prepared.get(self._text)
            if name is None:
                # never twice the same: whether one that was given up is there, nobody knows
                name = b"countersign_%d" % next(_numbers)
                pgconn.send_prepare(name, self._text)
                await self._result(connection)
                connection.prepared[self._text] = name
            pgconn.send_query_prepared(name, values)
        else:
            pgconn.send_query_params(self._text, values)
        result = await self._result(connection)
        loading = Transformer(connection)
        loading.set_pgresult(result)
        return Ran(loading.load_rows(0, result.ntuples, tuple), result.command_tuples or 0)

    async def _result(self, connection: AsyncConnection[TupleRow]) -> PGresult:
        results: list[PGresult] = await connection.wait(generators.execute(connection.pgconn))
        result = results[-1]
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result, connection.info.encoding)
        return result


def _written(value: Parameter) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, datetime):
        return value.isoformat().encode()
    text = str(value)
    if "\0" in text:  # where libpq takes a text to end
        raise DataError("PostgreSQL's text cannot hold NUL (0x00) bytes")
    return text.encode()
