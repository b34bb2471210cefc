"""The states of an approval request and what leads from one to another. Pure, and the only place.

pending ──claim──▶ claimed ──release──▶ pending
pending, claimed ──approve──▶ approved, or pending where one more approver is needed
pending, claimed ──edit──▶ pending
pending, claimed ──reject──▶ rejected     ──cancel──▶ cancelled     ──expire──▶ expired
pending, claimed, approved ──invalidate──▶ stale
any ──comment──▶ the same
"""

from typing import Final

from contracts.approval import Action
from contracts.run import ApprovalStatus

OPEN: Final = frozenset({ApprovalStatus.PENDING, ApprovalStatus.CLAIMED})

_AFTER: Final = {
    (ApprovalStatus.PENDING, Action.CLAIM): ApprovalStatus.CLAIMED,
    (ApprovalStatus.CLAIMED, Action.RELEASE): ApprovalStatus.PENDING,
    (ApprovalStatus.APPROVED, Action.INVALIDATE): ApprovalStatus.STALE,
    **{(status, Action.APPROVE): ApprovalStatus.APPROVED for status in OPEN},
    **{(status, Action.EDIT): ApprovalStatus.PENDING for status in OPEN},
    **{(status, Action.REJECT): ApprovalStatus.REJECTED for status in OPEN},
    **{(status, Action.CANCEL): ApprovalStatus.CANCELLED for status in OPEN},
    **{(status, Action.EXPIRE): ApprovalStatus.EXPIRED for status in OPEN},
    **{(status, Action.INVALIDATE): ApprovalStatus.STALE for status in OPEN},
    **{(status, Action.COMMENT): status for status in ApprovalStatus},
}


class NotPossible(Exception):
    """There is no such step from this state."""


def after(status: ApprovalStatus, action: Action, *, is_enough: bool = True) -> ApprovalStatus:
    """The state that follows. `is_enough` says, of an approval, that no further one is needed.

    Raises NotPossible.
    """
    following = _AFTER.get((status, action))
    if following is None:
        raise NotPossible
    if action is Action.APPROVE and not is_enough:
        return ApprovalStatus.PENDING
    return following
