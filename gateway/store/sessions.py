"""app_sessions and app_refresh_tokens. A refresh token is stored as its SHA-256 only."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row, scalar_row

from kit.database import Connection


@dataclass(frozen=True, slots=True)
class Session:
    """A login that is neither revoked nor over."""

    session_id: UUID
    user_id: UUID


async def start(
    connection: Connection,
    user_id: UUID,
    *,
    started_at: datetime,
    expires_at: datetime,
) -> UUID:
    """A new session's id."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            """
            INSERT INTO app_sessions (user_id, started_at, expires_at)
            VALUES (%(user_id)s, %(started_at)s, %(expires_at)s)
            RETURNING session_id
            """,
            {"user_id": user_id, "started_at": started_at, "expires_at": expires_at},
        )
        [session_id] = await cursor.fetchall()
        made: UUID = session_id
        return made


async def add_refresh_token(
    connection: Connection,
    token_hash: bytes,
    session_id: UUID,
    *,
    issued_at: datetime,
) -> None:
    """One more token of the session."""
    await connection.execute(
        """
        INSERT INTO app_refresh_tokens (token_hash, session_id, issued_at)
        VALUES (%(token_hash)s, %(session_id)s, %(issued_at)s)
        """,
        {"token_hash": token_hash, "session_id": session_id, "issued_at": issued_at},
    )


async def use_refresh_token(
    connection: Connection, token_hash: bytes, *, at: datetime
) -> Session | None:
    """Use a token up, once: of two callers at the same time one gets the session."""
    async with connection.cursor(row_factory=class_row(Session)) as cursor:
        await cursor.execute(
            """
            UPDATE app_refresh_tokens AS t
            SET used_at = %(at)s
            FROM app_sessions AS s
            WHERE t.token_hash = %(token_hash)s AND t.used_at IS NULL
                AND s.session_id = t.session_id
                AND s.revoked_at IS NULL AND s.expires_at > %(at)s
            RETURNING s.session_id, s.user_id
            """,
            {"token_hash": token_hash, "at": at},
        )
        return await cursor.fetchone()


async def of_used_token(connection: Connection, token_hash: bytes) -> Session | None:
    """The session of a token that was used before, unless it is revoked already."""
    async with connection.cursor(row_factory=class_row(Session)) as cursor:
        await cursor.execute(
            """
            SELECT s.session_id, s.user_id
            FROM app_refresh_tokens AS t
            JOIN app_sessions AS s ON s.session_id = t.session_id
            WHERE t.token_hash = %(token_hash)s AND t.used_at IS NOT NULL
                AND s.revoked_at IS NULL
            """,
            {"token_hash": token_hash},
        )
        return await cursor.fetchone()


async def revoke(connection: Connection, session_id: UUID, *, at: datetime) -> None:
    """End a session: none of its refresh tokens works again."""
    await connection.execute(
        """
        UPDATE app_sessions SET revoked_at = %(at)s
        WHERE session_id = %(session_id)s AND revoked_at IS NULL
        """,
        {"session_id": session_id, "at": at},
    )


async def revoke_all(connection: Connection, user_id: UUID, *, at: datetime) -> list[UUID]:
    """End every session of a person that is not over; their ids."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            """
            UPDATE app_sessions SET revoked_at = %(at)s
            WHERE user_id = %(user_id)s AND revoked_at IS NULL AND expires_at > %(at)s
            RETURNING session_id
            """,
            {"user_id": user_id, "at": at},
        )
        return await cursor.fetchall()


async def forget_over(connection: Connection, *, before: datetime) -> None:
    """Remove sessions that were over by then, with their tokens."""
    await connection.execute(
        "DELETE FROM app_sessions WHERE expires_at < %(before)s", {"before": before}
    )
