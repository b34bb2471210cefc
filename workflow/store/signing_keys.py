"""`signing_keys`: the public halves of all, and the one private half that is in force."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from kit.database import Connection

LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended('countersign signing keys', 0))
"""

IN_FORCE = "SELECT key_id, kept_private_key FROM signing_keys WHERE retired_at IS NULL"

EVERY = """
SELECT key_id, public_key, created_at, retired_at FROM signing_keys
ORDER BY created_at DESC, key_id
"""

RETIRE = """
UPDATE signing_keys SET retired_at = now(), kept_private_key = NULL WHERE retired_at IS NULL
"""

ADD = """
INSERT INTO signing_keys (key_id, public_key, kept_private_key)
VALUES (%(key_id)s, %(public_key)s, %(kept)s)
"""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as anybody may see it; `public_key` is raw."""

    key_id: str
    public_key: bytes
    created_at: datetime
    retired_at: datetime | None


async def lock(connection: Connection) -> None:
    """Until the transaction ends nobody else makes or retires a key."""
    await connection.execute(LOCK)


async def in_force(connection: Connection) -> tuple[str, bytes] | None:
    """Id and encrypted private key of the one that signs; None before the first."""
    cursor = await connection.execute(IN_FORCE)
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else None


async def every(connection: Connection) -> list[KeyRow]:
    """Newest first."""
    async with connection.cursor(row_factory=class_row(KeyRow)) as cursor:
        await cursor.execute(EVERY)
        return await cursor.fetchall()


async def replace(connection: Connection, key_id: str, *, public_key: bytes, kept: bytes) -> None:
    """Retire the key in force, whose private half is gone from then on, and put this one in."""
    await connection.execute(RETIRE)
    await connection.execute(ADD, {"key_id": key_id, "public_key": public_key, "kept": kept})
