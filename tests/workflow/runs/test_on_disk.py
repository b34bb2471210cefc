"""What somebody may be told is kept is on the disk, not only in the server's memory."""

import psycopg
from uuid_utils.compat import uuid7

from tests.arrived import stored_run

WRITTEN = "SELECT pg_current_wal_insert_lsn()"
ON_DISK = "SELECT pg_current_wal_flush_lsn() >= %s"


async def test_a_question_is_on_the_disk_when_it_is_stored(app_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(app_url) as connection:
        await connection.execute("SET synchronous_commit = on")  # the tests' server has it off
        await stored_run(connection, uuid7(), seconds_ago=0)
        cursor = await connection.execute(WRITTEN)
        (written,) = await cursor.fetchone() or ()
        await connection.commit()
        cursor = await connection.execute(ON_DISK, (written,))
        assert await cursor.fetchone() == (True,)
