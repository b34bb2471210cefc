"""Rows as PostgreSQL's COPY text format."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import psycopg
from psycopg import sql

from seeds.pagila.people import FIRST_DAY, Row

# `last_update` of every row: the same on every run
STAMP = "2022-08-01 00:00:00+00"

_DAYS = [(FIRST_DAY + timedelta(days=n)).isoformat() for n in range(400)]
_CLOCK = [f"{n // 60:02d}:{n % 60:02d}" for n in range(1440)]


def timestamp(seconds: int) -> str:
    """Seconds since the start of 1 January 2022 as a timestamp in UTC."""
    day, rest = divmod(seconds, 86_400)
    minute, second = divmod(rest, 60)
    return f"{_DAYS[day]} {_CLOCK[minute]}:{second:02d}+00"


def copy_rows(
    connection: psycopg.Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    constants: Row = (STAMP,),
) -> int:
    """Copy `rows` into public.`table`, `constants` appended to each, and count them."""
    count = 0
    with connection.cursor().copy(_statement(table, columns)) as copy:
        for count, row in enumerate(rows, 1):  # noqa: B007 - the count is wanted
            copy.write_row(row + constants)
    return count


def copy_text(
    connection: psycopg.Connection, table: str, columns: Sequence[str], chunks: Iterable[str]
) -> None:
    """Copy lines that are in COPY's text format already, many to a chunk."""
    with connection.cursor().copy(_statement(table, columns)) as copy:
        for chunk in chunks:
            copy.write(chunk)


def _statement(table: str, columns: Sequence[str]) -> sql.Composed:
    # FREEZE: the table was made in this transaction, so its rows can be born visible to all,
    # and no later reader has to settle that row by row.
    return sql.SQL("COPY public.{} ({}) FROM STDIN (FREEZE)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
