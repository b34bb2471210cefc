"""Reading the record is itself recorded, before anything is handed out."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from pydantic import JsonValue
from uuid_utils.compat import uuid7

from contracts.context import UserContext
from kit.canonical import canonical
from kit.database import Connection
from workflow.audit.chain import access_hash
from workflow.store import accesses
from workflow.store.rows import AccessRow

OWNER = "owner"
"""The role of somebody who reads by the command line, as the database's owner."""


async def record_access(
    connection: Connection, reader: UserContext, what: str, query: dict[str, JsonValue]
) -> None:
    """That `reader` asks for `what` of their organisation's record."""
    await _add(connection, reader.org_id, reader.user_id, reader.username, reader.role, what, query)


async def record_owner_access(
    connection: Connection, org_id: UUID, login: str, what: str, query: dict[str, JsonValue]
) -> None:
    """The same of somebody at the command line, by the name of their account there."""
    await _add(connection, org_id, None, login, OWNER, what, query)


async def _add(
    connection: Connection,
    org_id: UUID,
    user_id: UUID | None,
    username: str,
    role: str,
    what: str,
    query: dict[str, JsonValue],
) -> None:
    row = AccessRow(
        access_id=uuid7(),
        org_id=org_id,
        user_id=user_id,
        username=username,
        role=role,
        at=datetime.now(UTC),
        what=what,
        query=canonical({name: value for name, value in query.items() if value is not None}),
        hash="",
    )
    await accesses.add(connection, replace(row, hash=access_hash(row)))
