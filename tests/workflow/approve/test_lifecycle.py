"""Every step from every state: those that are allowed, and no other."""

import pytest

from contracts.approval import Action
from contracts.run import ApprovalStatus
from workflow.approve.lifecycle import OPEN, NotPossible, after

ALLOWED = {
    ("pending", "claim"): "claimed",
    ("pending", "approve"): "approved",
    ("pending", "reject"): "rejected",
    ("pending", "edit"): "pending",
    ("pending", "cancel"): "cancelled",
    ("pending", "expire"): "expired",
    ("pending", "invalidate"): "stale",
    ("claimed", "release"): "pending",
    ("claimed", "approve"): "approved",
    ("claimed", "reject"): "rejected",
    ("claimed", "edit"): "pending",
    ("claimed", "cancel"): "cancelled",
    ("claimed", "expire"): "expired",
    ("claimed", "invalidate"): "stale",
    ("approved", "invalidate"): "stale",
    **{(status.value, "comment"): status.value for status in ApprovalStatus},
}


@pytest.mark.parametrize("status", ApprovalStatus)
@pytest.mark.parametrize("action", Action)
def test_a_step_leads_where_the_table_says_or_nowhere(
    status: ApprovalStatus, action: Action
) -> None:
    expected = ALLOWED.get((status.value, action.value))
    if expected is None:
        with pytest.raises(NotPossible):
            after(status, action)
    else:
        assert after(status, action) == ApprovalStatus(expected)


@pytest.mark.parametrize("status", sorted(OPEN))
def test_an_approval_that_is_not_enough_leaves_the_request_open(status: ApprovalStatus) -> None:
    assert after(status, Action.APPROVE, is_enough=False) is ApprovalStatus.PENDING
