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
from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow

from kit.libpq import checked, rows_of
from kit.watched_connection import WatchedConnection

Parameter = str | int | float | bool | UUID | datetime | None
MOST_PREPARED = 100
"""On one connection; as many as psycopg keeps of its own."""
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
            name = await self._prepared(connection)
            pgconn.send_query_prepared(name, values)
        else:
            pgconn.send_query_params(self._text, values)
        result = await _result(connection)
        return Ran(rows_of(connection, result), result.command_tuples or 0)

    async def _prepared(self, connection: WatchedConnection) -> bytes:
        known = connection.prepared
        name = known.pop(self._text, None)
        if name is None:
            if len(known) >= MOST_PREPARED:  # an organisation's own statements may be many
                await connection.execute(b"DEALLOCATE " + known.pop(next(iter(known))))
            # never twice the same: whether one that was given up is there, nobody knows
            name = b"countersign_%d" % next(_numbers)
            connection.pgconn.send_prepare(name, self._text)
            await _result(connection)
        known[self._text] = name  # the last: that was used longest ago is the first
        return name


async def _result(connection: AsyncConnection[TupleRow]) -> PGresult:
    results: list[PGresult] = await connection.wait(generators.execute(connection.pgconn))
    return checked(connection, results[-1])


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
