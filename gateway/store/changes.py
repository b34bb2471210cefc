"""`governance_changes`, written by the function of the database that does it for every service."""

from uuid import UUID

from contracts.approval import Person
from contracts.governance import NewChange
from kit.canonical import canonical
from kit.database import Connection


async def record(connection: Connection, org_id: UUID, by: Person, change: NewChange) -> None:
    """Add the change to the organisation's chain, in the transaction that is open. Others of the
    organisation wait until it ends, so call it last."""
    await connection.execute(
        """
        SELECT record_change(%(org_id)s, %(actor_id)s, %(actor_name)s, %(actor_role)s, %(kind)s,
            %(subject)s, %(action)s, %(before)s, %(after)s)
        """,
        {
            "org_id": org_id,
            "actor_id": by.user_id,
            "actor_name": by.username,
            "actor_role": by.role,
            "kind": change.kind,
            "subject": change.subject,
            "action": change.action,
            "before": None if change.before is None else canonical(change.before),
            "after": None if change.after is None else canonical(change.after),
        },
    )
