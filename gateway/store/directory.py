"""What every call is checked against: read whole, and often."""

from datetime import datetime
from uuid import UUID

from kit.database import Connection


async def organisations(connection: Connection) -> list[tuple[UUID, str]]:
    """Id and name of each."""
    cursor = await connection.execute("SELECT org_id, name FROM organisations")
    return [(org_id, name) for org_id, name in await cursor.fetchall()]


async def roles(connection: Connection) -> list[tuple[UUID, str, list[str], list[str]]]:
    """Organisation, role, permissions, allowed views."""
    cursor = await connection.execute(
        "SELECT org_id, role, permissions, allowed_views FROM app_roles"
    )
    return [(org, role, may, views) for org, role, may, views in await cursor.fetchall()]


async def stores(connection: Connection) -> list[tuple[UUID, int]]:
    """Organisation and store_id of each store."""
    cursor = await connection.execute("SELECT org_id, store_id FROM app_stores")
    return [(org_id, store_id) for org_id, store_id in await cursor.fetchall()]


async def inactive_users(connection: Connection) -> list[UUID]:
    """Whose tokens must not be accepted."""
    cursor = await connection.execute("SELECT user_id FROM app_users WHERE NOT is_active")
    return [user_id for (user_id,) in await cursor.fetchall()]


async def revoked_tokens(connection: Connection, *, at: datetime) -> list[str]:
    """Keys of those that have not expired by themselves."""
    cursor = await connection.execute(
        "SELECT token_key FROM app_revoked_tokens WHERE expires_at > %(at)s", {"at": at}
    )
    return [key for (key,) in await cursor.fetchall()]
