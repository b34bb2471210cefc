"""`app_roles`: what each role may do and read."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from contracts.context import Permission
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


async def views_by_role(connection: Connection, org_id: UUID) -> Mapping[str, tuple[str, ...]]:
    """The views that each role of an organisation may read; none for one that may not ask."""
    roles = await of_organisation(connection, org_id)
    return {
        one.role: tuple(one.allowed_views) if Permission.ASK in one.permissions else ()
        for one in roles
    }
