"""`risk_policies`: every policy that an organisation has had in force."""

from uuid import UUID

import orjson
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from contracts.policy import Policy, PolicyVersion

INSERT = """
INSERT INTO risk_policies (org_id, version, body, digest, approval_id, proposed_by, confirmed_by)
VALUES (%(org_id)s, %(version)s, %(body)s, %(digest)s, %(approval_id)s, %(proposed_by)s,
    %(confirmed_by)s)
"""

VERSIONS = """
SELECT version, digest, body, proposed_by, confirmed_by, in_force_from FROM risk_policies
WHERE org_id = %(org_id)s ORDER BY version DESC LIMIT %(limit)s
"""


async def insert(
    connection: AsyncConnection[TupleRow],
    org_id: UUID,
    version: PolicyVersion,
    *,
    body: str,
    approval_id: UUID,
) -> None:
    """Put a policy into force. Raises UniqueViolation where the version exists."""
    await connection.execute(
        INSERT,
        {
            "org_id": org_id,
            "version": version.version,
            "body": body,
            "digest": version.digest,
            "approval_id": approval_id,
            "proposed_by": version.proposed_by,
            "confirmed_by": version.confirmed_by,
        },
    )


async def newest(
    connection: AsyncConnection[TupleRow], org_id: UUID, *, limit: int = 1
) -> list[PolicyVersion]:
    """The policies that were put into force, newest first; the one that is shipped is not among
    them."""
    cursor = await connection.execute(VERSIONS, {"org_id": org_id, "limit": limit})
    return [
        PolicyVersion(
            version=version,
            digest=digest,
            policy=Policy.model_validate(orjson.loads(body)),
            proposed_by=proposed_by,
            confirmed_by=confirmed_by,
            in_force_from=in_force_from,
        )
        for version, digest, body, proposed_by, confirmed_by, in_force_from in (
            await cursor.fetchall()
        )
    ]
