"""Table `app_roles`: what each role may ask of."""

from collections.abc import Mapping
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

Connection = AsyncConnection[TupleRow]


async def views_by_role(connection: Connection, org_id: UUID) -> Mapping[str, tuple[str, ...]]:
    """The views that each role of an organisation may read; none for one that may not ask."""
    cursor = await connection.execute(
        """
        SELECT role, CASE WHEN 'ask' = ANY (permissions) THEN allowed_views ELSE '{}' END
        FROM app_roles WHERE org_id = %(org_id)s ORDER BY role
        """,
        {"org_id": org_id},
    )
    return {role: tuple(views) for role, views in await cursor.fetchall()}
