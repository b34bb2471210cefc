"""`model_budgets`: what an admin set in the place of the settings."""

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from kit.database import Connection

OF_ORGANISATION = """
SELECT version, person, organisation, roles FROM model_budgets WHERE org_id = %(org_id)s
"""

# The first version waits for whoever writes it at the same time, and is then no row anew.
SET = """
INSERT INTO model_budgets AS standing (org_id, version, person, organisation, roles)
VALUES (%(org_id)s, 1, %(person)s, %(organisation)s, %(roles)s)
ON CONFLICT (org_id) DO UPDATE SET version = standing.version + 1, person = excluded.person,
    organisation = excluded.organisation, roles = excluded.roles
WHERE standing.version = %(base)s
RETURNING version
"""


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """Version 0, with nothing set, where there is no row."""

    version: int = 0
    person: int | None = None
    organisation: int | None = None
    roles: dict[str, int] | None = None


async def of_organisation(connection: Connection, org_id: UUID) -> BudgetRow:
    """What is set."""
    async with connection.cursor(row_factory=class_row(BudgetRow)) as cursor:
        await cursor.execute(OF_ORGANISATION, {"org_id": org_id})
        return await cursor.fetchone() or BudgetRow()


async def replace(connection: Connection, org_id: UUID, row: BudgetRow) -> int | None:
    """Set it after the version `row.version`: the new version, None where another came first."""
    cursor = await connection.execute(
        SET,
        {
            "org_id": org_id,
            "base": row.version,
            "person": row.person,
            "organisation": row.organisation,
            "roles": Jsonb(row.roles or {}),
        },
    )
    found = await cursor.fetchone()
    is_late = found is not None and found[0] != row.version + 1
    return None if found is None or is_late else int(found[0])
