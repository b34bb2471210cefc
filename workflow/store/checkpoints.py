"""`checkpoints`, `checkpoint_entries`, and `unsealed_entries`, which is what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from psycopg.rows import class_row

from contracts.evidence import Entry, EntryKind
from kit.database import Connection

TRY_LOCK = """
SELECT pg_try_advisory_xact_lock(hashtextextended('countersign checkpoints', 0))
"""

WAITING = "SELECT DISTINCT org_id FROM unsealed_entries"

# An entry whose row is missing stays in the list: `countersign audit verify` tells of it.
UNSEALED = """
SELECT u.kind, u.entry_id, coalesce(r.head_seq, c.seq, 0), coalesce(r.head_hash, a.hash, c.hash)
FROM unsealed_entries u
LEFT JOIN runs r ON u.kind = 'run' AND r.run_id = u.entry_id
LEFT JOIN record_accesses a ON u.kind = 'access' AND a.access_id = u.entry_id
LEFT JOIN governance_changes c ON u.kind = 'change' AND c.change_id = u.entry_id
WHERE u.org_id = %(org_id)s AND coalesce(r.head_hash, a.hash, c.hash) IS NOT NULL
ORDER BY u.entry_id LIMIT %(limit)s
"""

_SIGNED = "SELECT org_id, number, body, digest, key_id, signature FROM checkpoints"

NEWEST = _SIGNED + " WHERE org_id = %(org_id)s ORDER BY number DESC LIMIT 1"

ONE = _SIGNED + " WHERE org_id = %(org_id)s AND number = %(number)s"

PAGE = (
    _SIGNED
    + """
WHERE org_id = %(org_id)s AND (%(before)s::integer IS NULL OR number < %(before)s)
ORDER BY number DESC LIMIT %(limit)s
"""
)

SEAL = """
WITH sealed AS (
    INSERT INTO checkpoints (org_id, number, body, digest, key_id, signature)
    VALUES (%(org_id)s, %(number)s, %(body)s, %(digest)s, %(key_id)s, %(signature)s)),
listed AS (
    SELECT * FROM json_to_recordset(%(entries)s) AS entry (position integer, kind text, id uuid,
        seq integer, digest text)),
done AS (
    DELETE FROM unsealed_entries USING listed WHERE entry_id = listed.id)
INSERT INTO checkpoint_entries (org_id, number, position, kind, entry_id, seq, digest)
SELECT %(org_id)s, %(number)s, position, kind, id, seq, digest FROM listed
"""

PLACE = """
SELECT number, position FROM checkpoint_entries
WHERE org_id = %(org_id)s AND entry_id = %(entry_id)s
"""

ENTRIES = """
SELECT kind, entry_id, seq, digest FROM checkpoint_entries
WHERE org_id = %(org_id)s AND number = %(number)s ORDER BY position
"""


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A row of `checkpoints`; `body` is the canonical JSON that was signed."""

    org_id: UUID
    number: int
    body: str
    digest: str
    key_id: str
    signature: str


async def try_lock(connection: Connection) -> bool:
    """Whether this transaction is now the only one that seals."""
    row = await (await connection.execute(TRY_LOCK)).fetchone()
    return bool(row and row[0])


async def waiting(connection: Connection) -> list[UUID]:
    """The organisations that have something to seal."""
    return [row[0] for row in await (await connection.execute(WAITING)).fetchall()]


async def unsealed(connection: Connection, org_id: UUID, *, limit: int) -> list[Entry]:
    """What the organisation's next checkpoint holds, by id."""
    cursor = await connection.execute(UNSEALED, {"org_id": org_id, "limit": limit})
    return [_entry(*row) for row in await cursor.fetchall()]


async def newest(connection: Connection, org_id: UUID) -> CheckpointRow | None:
    """The last one sealed."""
    return await _one(connection, NEWEST, {"org_id": org_id})


async def one(connection: Connection, org_id: UUID, number: int) -> CheckpointRow | None:
    """That one."""
    return await _one(connection, ONE, {"org_id": org_id, "number": number})


async def page(
    connection: Connection, *, org_id: UUID, before: int | None, limit: int
) -> list[CheckpointRow]:
    """Newest first, from after the one with the number `before`."""
    async with connection.cursor(row_factory=class_row(CheckpointRow)) as cursor:
        await cursor.execute(PAGE, {"org_id": org_id, "before": before, "limit": limit})
        return await cursor.fetchall()


async def seal(connection: Connection, row: CheckpointRow, entries: Sequence[Entry]) -> None:
    """Store the checkpoint and its entries, which wait no longer."""
    listed = [
        {"position": n, "kind": e.kind, "id": str(e.id), "seq": e.seq, "digest": e.digest}
        for n, e in enumerate(entries)
    ]
    await connection.execute(
        SEAL,
        {
            "org_id": row.org_id,
            "number": row.number,
            "body": row.body,
            "digest": row.digest,
            "key_id": row.key_id,
            "signature": row.signature,
            "entries": orjson.dumps(listed).decode(),
        },
    )


async def place(connection: Connection, org_id: UUID, entry_id: UUID) -> tuple[int, int] | None:
    """The checkpoint's number and the position in it; None while the entry is not sealed."""
    cursor = await connection.execute(PLACE, {"org_id": org_id, "entry_id": entry_id})
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else None


async def entries(connection: Connection, org_id: UUID, number: int) -> list[Entry]:
    """What a checkpoint holds, in order."""
    cursor = await connection.execute(ENTRIES, {"org_id": org_id, "number": number})
    return [_entry(*row) for row in await cursor.fetchall()]


async def _one(
    connection: Connection, statement: str, values: dict[str, UUID | int]
) -> CheckpointRow | None:
    async with connection.cursor(row_factory=class_row(CheckpointRow)) as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchone()


def _entry(kind: EntryKind, entry_id: UUID, seq: int, digest: str) -> Entry:
    return Entry.model_construct(kind=kind, id=entry_id, seq=seq, digest=digest)
