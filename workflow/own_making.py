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
    the asker did that to the approver's in the last `WITHIN`, or the approver to the asker's, or
    one admin to both."""
    hand = await changes.one_hand(
        connection, approver.org_id, approver.user_id, asker.user_id, within=WITHIN
    )
    if hand is None:
        return
    days = f"in the last {WITHIN.days} days, so somebody else has to approve"
    if hand.user_id == asker.user_id:
        said = f"{asker.username} changed your access or your password {days} what they ask for."
    elif hand.user_id == approver.user_id:
        said = f"You made the account of {asker.username} or set its password {days} this."
    else:
        said = (
            f"{hand.username} made your account and that of {asker.username}, or set their "
            f"passwords, {days} this: an account that {hand.username} has not had in hand."
        )
    raise Refused(Forbidden(said, kind="made-by-asker"))
