"""What the page of an approval request says of it, beyond what it is sent."""

from dataclasses import dataclass

from contracts.approval import Action, Approval, ApprovalItem, PolicySubject
from contracts.run import ApprovalStatus, Risk
from webui.words import plain, stores

OPEN = frozenset({ApprovalStatus.PENDING, ApprovalStatus.CLAIMED})
STATUS_WORDS = {
    ApprovalStatus.PENDING: "Waiting",
    ApprovalStatus.CLAIMED: "In hand",
    ApprovalStatus.APPROVED: "Approved",
    ApprovalStatus.REJECTED: "Rejected",
    ApprovalStatus.EXPIRED: "Expired",
    ApprovalStatus.CANCELLED: "Cancelled",
    ApprovalStatus.STALE: "Stale",
}
ACTION_WORDS = {
    Action.REQUEST: "asked for this",
    Action.CLAIM: "took it in hand",
    Action.RELEASE: "left it to others",
    Action.APPROVE: "approved",
    Action.REJECT: "rejected",
    Action.COMMENT: "commented",
    Action.EDIT: "changed what would run",
    Action.CANCEL: "gave it up",
    Action.EXPIRE: "Nobody decided in time",
    Action.INVALIDATE: "Found stale",
    Action.REFUSE: "was refused",
    Action.REMEMBER: "made it a verified query",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A risk factor; its bar begins where the one before ended."""

    label: str
    points: int
    start: int
    reason: str


def bars(risk: Risk) -> tuple[Bar, ...]:
    """Every factor, so that the bars add up."""
    found, start = [], 0
    for factor in risk.factors:
        label = plain(factor.name).capitalize()
        found.append(Bar(label, factor.points, start, factor.reason))
        start += factor.points
    return tuple(found)


def title(item: ApprovalItem) -> str:
    """What stands in the queue."""
    subject = item.subject
    if isinstance(subject, PolicySubject):
        return f"A new policy, after version {subject.base_version}"
    return subject.question


def sentence(approval: Approval) -> str:
    """All of it in one sentence."""
    asker, subject = approval.asker, approval.subject
    wants = "wants" if approval.status in OPEN else "wanted"
    if isinstance(subject, PolicySubject):
        count = len(subject.changes)
        changes = "one change" if count == 1 else f"{count} changes"
        return f"{asker.username} ({plain(asker.role)}) {wants} {changes} to the policy."
    scope = approval.evidence.scope
    where = f", {stores(scope.row_scope)}" if scope is not None else ""
    what = subject.plan_in_words or "to run SQL that was written by hand"
    return f"{asker.username} ({plain(asker.role)}{where}) {wants} {what}{_size(approval)}."


def _size(approval: Approval) -> str:
    reveals = approval.evidence.reveals
    if reveals is None:
        return ""
    rows, people = reveals.row_estimate, reveals.smallest_group
    said = "" if rows is None else f": about {rows:,} row{'' if rows == 1 else 's'}"
    if people is None:
        return said
    group = "single persons" if people == 1 else f"groups of as few as {people:,} people"
    return f"{said or ': rows'} that stand for {group}"


def still_needed(item: ApprovalItem) -> int:
    """How many people have to approve yet."""
    given = sum(d.decision == "approve" and d.binding == item.binding for d in item.decisions)
    return max(0, item.approvers_needed - given)
