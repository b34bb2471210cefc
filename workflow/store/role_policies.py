"""`app_roles`: what each role may do and read."""

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from kit.database import Connection

OF_ORGANISATION = """
SELECT role, permissions, allowed_views FROM app_roles WHERE org_id = %(org_id)s ORDER BY role
"""


@dataclass(frozen=True, slots=True)
class RolePolicy:
    """A row."""

    role: str
    permissions: list[str]
    allowed_views: list[str]


async def of_organisation(connection: Connection, org_id: UUID) -> list[RolePolicy]:
    """Every role of it, by name."""
    async with connection.cursor(row_factory=class_row(RolePolicy)) as cursor:
        await cursor.execute(OF_ORGANISATION, {"org_id": org_id})
        return await cursor.fetchall()
