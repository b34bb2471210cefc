"""Brings a demo's databases to where the services can use them, and skips what was done."""

import hashlib
from pathlib import Path

import psycopg

from cli.databases import Databases, Keys
from cli.demo.home import Home
from cli.output import CommandError

STAMP = "prepared.json"
_ROOT = Path(__file__).parents[2]
_SOURCES = ("migrations", "seeds")


def prepare(
    home: Home, databases: Databases, *, scale: int | None, keys: Keys, is_ours: bool
) -> None:
    """Migrate and seed, unless the embedded databases (`is_ours`) were last prepared by the same
    code. Without a `scale` the data stay as they are, and are Pagila's size at first."""
    stamp = home.read(STAMP) if is_ours else {}
    wanted = {
        "databases": _identity(databases) if is_ours else "",
        "sources": _sources(),
        "keys": hashlib.sha256(" ".join(keys).encode()).hexdigest(),
        "scale": scale if scale is not None else stamp.get("scale", 1),
    }
    if is_ours and stamp == wanted:
        return
    home.forget(STAMP)
    _seed(databases, scale, keys)
    if is_ours:
        home.write(STAMP, wanted)


def _seed(databases: Databases, scale: int | None, keys: Keys) -> None:
    from cli.progress import progress
    from cli.seed import seed_all

    try:
        with progress() as report:
            seed_all(databases, scale=scale, keys=keys, report=report)
    except psycopg.OperationalError as error:
        raise CommandError(f"A database does not answer: {str(error).strip()}") from error


def _identity(databases: Databases) -> str:
    """Names the two databases for as long as they are not dropped."""
    found = []
    for url in databases:
        with psycopg.connect(url) as connection:
            row = connection.execute(
                """
                SELECT system_identifier, oid
                FROM pg_control_system(), pg_database WHERE datname = current_database()
                """
            ).fetchone()
        found.append(":".join(map(str, row or ())))
    return " ".join(found)


def _sources() -> str:
    """A digest of everything that migrating and seeding depend on."""
    digest = hashlib.sha256()
    for folder in _SOURCES:
        for path in sorted((_ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(str(path.relative_to(_ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()
