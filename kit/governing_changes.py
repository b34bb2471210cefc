"""`governance_changes`: what was changed of the rules, by whom. Written by `record_change` alone, a
function of the database that both services call in the transaction of the change."""

from uuid import UUID

from contracts.approval import Person
from contracts.governance import NewChange
from kit.canonical import canonical
from kit.database import Connection

RECORD = """
SELECT record_change(%(org_id)s, %(actor_id)s, %(actor_name)s, %(actor_role)s, %(kind)s,
    %(subject)s, %(action)s, %(before)s, %(after)s)
"""


async def record(connection: Connection, org_id: UUID, by: Person, change: NewChange) -> None:
    """Add the change to the organisation's chain, in the transaction that is open: the change is
    on record if and only if it holds. Others of the organisation wait until it ends,
    so call it last."""
    await connection.execute(
        RECORD,
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
