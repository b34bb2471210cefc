"""That nobody is their own second person by way of an account that they have in hand."""

from datetime import timedelta

from contracts.approval import Person
from contracts.context import UserContext
from kit.database import Connection
from kit.problems import Forbidden
from workflow.locked_request import Refused
from workflow.store import changes

WITHIN = timedelta(days=7)


async def refuse_own_making(connection: Connection, approver: UserContext, asker: Person) -> None:
    """An admin can make an account, or reset a password, and log in with it. Raises Refused where
    the asker did that to the approver's in the last `WITHIN`."""
    if await changes.made_by(
        connection, approver.org_id, approver.user_id, by=asker.user_id, within=WITHIN
    ):
        raise Refused(
            Forbidden(
                f"{asker.username} changed your access or your password in the last "
                f"{WITHIN.days} days, so somebody else has to approve what they ask for.",
                kind="made-by-asker",
            )
        )
