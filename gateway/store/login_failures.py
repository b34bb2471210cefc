"""app_login_failures, by the SHA-256 of the name that was tried, whether anybody has it or not."""

from datetime import datetime

from psycopg.rows import scalar_row

from kit.database import Connection


async def locked_until(connection: Connection, username_hash: bytes) -> datetime | None:
    """When the name's latest lock ends or ended; None if it was never locked."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            """
            SELECT locked_until FROM app_login_failures WHERE username_hash = %(username_hash)s
            """,
            {"username_hash": username_hash},
        )
        until: datetime | None = await cursor.fetchone()
        return until


async def count(
    connection: Connection,
    username_hash: bytes,
    *,
    at: datetime,
    forget_before: datetime,
) -> int:
    """Add a failure; how many there are now, those before `forget_before` not counted."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            """
            INSERT INTO app_login_failures AS f (username_hash, failures, last_failed_at)
            VALUES (%(username_hash)s, 1, %(at)s)
            ON CONFLICT (username_hash) DO UPDATE
            SET failures = CASE
                    WHEN f.last_failed_at < %(forget_before)s THEN 1
                    ELSE least(f.failures, 1000000) + 1
                END,
                last_failed_at = %(at)s
            RETURNING failures
            """,
            {"username_hash": username_hash, "at": at, "forget_before": forget_before},
        )
        [failures] = await cursor.fetchall()
        return int(failures)


async def lock(connection: Connection, username_hash: bytes, *, until: datetime) -> None:
    """Refuse the name until then."""
    await connection.execute(
        """
        UPDATE app_login_failures SET locked_until = %(until)s
        WHERE username_hash = %(username_hash)s
        """,
        {"username_hash": username_hash, "until": until},
    )


async def clear(connection: Connection, username_hash: bytes) -> None:
    """Start the name from nothing."""
    await connection.execute(
        "DELETE FROM app_login_failures WHERE username_hash = %(username_hash)s",
        {"username_hash": username_hash},
    )


async def forget_old(connection: Connection, *, before: datetime) -> None:
    """Remove those whose last failure lies before."""
    await connection.execute(
        "DELETE FROM app_login_failures WHERE last_failed_at < %(before)s", {"before": before}
    )
