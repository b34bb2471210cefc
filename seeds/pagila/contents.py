"""What the warehouse holds: a mark that the loaders leave and read."""

from dataclasses import dataclass
from typing import Literal

import psycopg

Kind = Literal["generated", "dump"]


class WarehouseNotEmpty(Exception):
    """There is something else in the warehouse than what was asked for."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Made up by the project at a scale, or restored from Pagila's dump (scale 1)."""

    kind: Kind
    scale: int


def contents(connection: psycopg.Connection) -> Contents | None:
    """What was loaded last, or None."""
    row = connection.execute("SELECT to_regclass('countersign.contents') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return None
    row = connection.execute("SELECT kind, scale FROM countersign.contents").fetchone()
    return Contents(row[0], row[1]) if row else None


def mark(connection: psycopg.Connection, loaded: Contents) -> None:
    """Record, in the transaction of the load, what it loaded."""
    connection.execute(
        """
        CREATE TABLE IF NOT EXISTS countersign.contents (
            kind text NOT NULL CHECK (kind IN ('generated', 'dump')),
            scale integer NOT NULL,
            loaded_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )
    connection.execute("DELETE FROM countersign.contents")
    connection.execute(
        "INSERT INTO countersign.contents (kind, scale) VALUES (%s, %s)",
        [loaded.kind, loaded.scale],
    )


def has_tables(connection: psycopg.Connection) -> bool:
    """Whether schema `public` holds any table at all."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p'))"
    ).fetchone()
    return row is not None and bool(row[0])
