"""`receipts`: each as it was first signed."""

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from kit.database import Connection

GET = "SELECT run_id, body, key_id, signature FROM receipts WHERE run_id = %(run_id)s"

ADD = """
INSERT INTO receipts (run_id, body, key_id, signature)
VALUES (%(run_id)s, %(body)s, %(key_id)s, %(signature)s) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A row; `body` is the canonical JSON that was signed."""

    run_id: UUID
    body: str
    key_id: str
    signature: str


async def get(connection: Connection, run_id: UUID) -> ReceiptRow | None:
    """The run's receipt, once there is one."""
    async with connection.cursor(row_factory=class_row(ReceiptRow)) as cursor:
        await cursor.execute(GET, {"run_id": run_id})
        return await cursor.fetchone()


async def add(connection: Connection, row: ReceiptRow) -> None:
    """Keep it, unless somebody was quicker."""
    await connection.execute(
        ADD,
        {
            "run_id": row.run_id,
            "body": row.body,
            "key_id": row.key_id,
            "signature": row.signature,
        },
    )
