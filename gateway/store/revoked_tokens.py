"""app_revoked_tokens: access tokens to refuse until they expire by themselves."""

from datetime import datetime

from kit.database import Connection


async def add(connection: Connection, token_key: str, *, expires_at: datetime) -> None:
    """Refuse the token, or all tokens of the session, that the key names."""
    await connection.execute(
        """
        INSERT INTO app_revoked_tokens (token_key, expires_at)
        VALUES (%(token_key)s, %(expires_at)s)
        ON CONFLICT (token_key) DO UPDATE
        SET expires_at = greatest(app_revoked_tokens.expires_at, excluded.expires_at)
        """,
        {"token_key": token_key, "expires_at": expires_at},
    )


async def forget_expired(connection: Connection, *, before: datetime) -> None:
    """Remove those that had expired by then."""
    await connection.execute(
        "DELETE FROM app_revoked_tokens WHERE expires_at < %(before)s", {"before": before}
    )
