"""`warehouse_loads`: when the warehouse was loaded anew. Whoever loads it adds a row."""

from datetime import datetime

from psycopg import AsyncConnection
from psycopg.rows import TupleRow


async def latest(connection: AsyncConnection[TupleRow]) -> datetime | None:
    """The last load; None where the warehouse holds what it was first filled with."""
    cursor = await connection.execute("SELECT max(loaded_at) FROM warehouse_loads")
    row = await cursor.fetchone()
    return row[0] if row else None
