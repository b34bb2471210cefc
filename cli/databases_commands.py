"""`countersign migrate`, `seed` and `load-pagila`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from cli.databases import Databases, databases, keys
from cli.output import CommandError, emit_json, say
from cli.progress import progress

AsJson = Annotated[bool, typer.Option("--json", help="Say what was done as JSON.")]


@contextmanager
def _reachable() -> Iterator[Databases]:
    try:
        with databases() as found:
            yield found
    except psycopg.OperationalError as error:
        raise CommandError(f"A database does not answer: {str(error).strip()}") from error


def migrate_command(
    create: Annotated[
        bool, typer.Option("--create", help="Make the two databases where they are missing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring both databases to the newest revision, and the warehouse's reader logins to what
    the role policy says. Safe at any time."""
    from cli.seed import create_databases, migrate_all

    with _reachable() as found, progress() as report:
        if create:
            create_databases(found)
        migrate_all(found, keys=keys(), report=report)
    _done("Both databases are at the newest revision.", as_json=as_json)


def seed_command(
    scale: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="Size of the sample data; 1 is Pagila's own size."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Migrate, and fill in the sample warehouse, the demo's people and documents.

    The people's passwords are published: not for a system that others can reach.
    """
    from cli.seed import seed_all

    with _reachable() as found, progress() as report:
        seed_all(found, scale=scale, keys=keys(), report=report)
    _done("The sample data are in place.", as_json=as_json)


def load_pagila_command(
    directory: Annotated[
        Path, typer.Argument(help="Where pagila-schema.sql and pagila-data.sql are.")
    ],
    as_json: AsJson = False,
) -> None:
    """Replace the sample warehouse by the real Pagila; a running demo goes on with it, within
    two seconds."""
    from cli.seed import announce_load, set_logins
    from migrations.runner import migrate
    from seeds.pagila.contents import WarehouseNotEmpty
    from seeds.pagila.load_dump import DumpError, load_dump

    with _reachable() as found, progress() as report:
        report("Migrating the application's database")
        migrate("app", found.app)
        try:
            load_dump(
                found.warehouse,
                directory,
                progress=lambda what, share: report(f"Loading Pagila: {what}", share),
            )
        except (DumpError, WarehouseNotEmpty) as error:
            raise CommandError(str(error)) from error
        set_logins(found, keys())
        announce_load(found)
    _done(f"The warehouse holds the Pagila of {directory}.", as_json=as_json)


def _done(sentence: str, *, as_json: bool) -> None:
    if as_json:
        emit_json({"status": "done", "detail": sentence})
    else:
        say(sentence)
