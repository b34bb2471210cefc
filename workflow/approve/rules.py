"""What a policy asks for, and who may decide. Pure."""

from dataclasses import dataclass
from typing import Final

from contracts.approval import Action, ApprovalItem, PolicySubject
from contracts.context import Permission, UserContext
from contracts.policy import ApproverRule, Limits, Policy
from contracts.run import ApprovalStatus
from contracts.verdict import Verdict
from kit.canonical import canonical, text_digest
from workflow.approve.lifecycle import NotPossible, after

NOBODY: Final = 3
"""How many approvers a statement needs that no number of them can let through."""
_CHOICES: Final = (
    Action.CLAIM,
    Action.RELEASE,
    Action.APPROVE,
    Action.EDIT,
    Action.REJECT,
    Action.CANCEL,
    Action.COMMENT,
)


def policy_digest(policy: Policy) -> str:
    """SHA-256 of the policy in canonical JSON."""
    return text_digest(canonical(policy.model_dump(mode="json")))


def limits_of(policy: Policy, role: str) -> Limits:
    """The limits that hold for what `role` asks."""
    return policy.roles.get(role, policy.everyone)


def approvers_needed(score: int, limits: Limits, verdict: Verdict, *, is_verified: bool) -> int:
    """0, 1, 2, or NOBODY. What the guardrails hold back needs one at least. A verified query was
    let through before, so that it does not wait; what is out of the question stays so."""
    if score >= limits.never_from:
        return NOBODY
    if is_verified:
        return 0
    least = 1 if verdict.verdict == "needs_approval" else 0
    if score >= limits.two_approvers_from:
        return 2
    return max(least, 1 if score >= limits.one_approver_from else 0)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a person may not do this; `kind` is part of the problem's type."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request would show, as far as it matters for who may decide on it: the context that
    it was asked in, and the views that the statement reads."""

    context: UserContext | None
    views: tuple[str, ...]


def objection(
    action: Action, item: ApprovalItem, person: UserContext, asked: Asked, policy: Policy
) -> Objection | None:
    """Why `person` may not take this step, apart from the state that the request is in."""
    if action is Action.CANCEL:
        is_asker = person.user_id == item.asker.user_id
        return None if is_asker else Objection("not-the-asker", "Only the asker can cancel this.")
    if action is Action.COMMENT and person.user_id == item.asker.user_id:
        return None
    needed = Permission.ADMIN if isinstance(item.subject, PolicySubject) else Permission.APPROVE
    if needed not in person.permissions:
        return Objection(
            "permission-missing",
            f"The role {person.role} does not have the {needed} permission.",
        )
    if action is Action.COMMENT:
        return None
    if person.user_id == item.asker.user_id:
        return Objection("own-request", "Nobody decides on what they asked for themselves.")
    rule = next((r for r in policy.approvers if r.role == person.role), None)
    found = _of_rule(rule, item, person)
    if found is None and rule is not None and action in (Action.APPROVE, Action.EDIT):
        found = _of_scope(rule, person, asked)
    if found is None and action is Action.APPROVE:
        found = _of_four_eyes(item, person)
    return found or _of_claim(action, item, person)


def against_remembering(
    item: ApprovalItem, person: UserContext, roles: tuple[str, ...], policy: Policy
) -> Objection | None:
    """Why `person` may not let these roles run without waiting what they let through once."""
    if Permission.APPROVE not in person.permissions:
        return Objection(
            "permission-missing", f"The role {person.role} does not have the approve permission."
        )
    rule = next((r for r in policy.approvers if r.role == person.role), None)
    askers = (item.asker.model_copy(update={"role": role}) for role in roles)
    found = (_of_rule(rule, item.model_copy(update={"asker": one}), person) for one in askers)
    against = next((objection for objection in found if objection is not None), None)
    if against is None and rule and not (rule.beyond_own_scope or person.is_all_stores):
        return Objection(
            "outside-own-scope",
            "People of these roles may see stores that you may not, so you cannot decide for them.",
        )
    return against


def deciding_roles(item: ApprovalItem, policy: Policy) -> tuple[str, ...]:
    """The roles that the policy lets decide on this request, as far as it knows without knowing
    the person."""
    return tuple(rule.role for rule in policy.approvers if _against(rule, item) is None)


def _of_rule(
    rule: ApproverRule | None, item: ApprovalItem, person: UserContext
) -> Objection | None:
    kind = item.subject.kind
    if rule is None:
        return Objection(
            "not-in-policy", f"The policy does not let the role {person.role} decide on a {kind}."
        )
    return _against(rule, item)


def _against(rule: ApproverRule, item: ApprovalItem) -> Objection | None:
    kind = item.subject.kind
    if kind not in rule.subjects:
        return Objection(
            "not-in-policy", f"The policy does not let the role {rule.role} decide on a {kind}."
        )
    if rule.asker_roles is not None and item.asker.role not in rule.asker_roles:
        return Objection(
            "not-in-policy",
            f"The policy does not let the role {rule.role} decide for the role {item.asker.role}.",
        )
    if item.risk.score > rule.highest_score:
        return Objection(
            "not-in-policy",
            f"The policy lets the role {rule.role} decide up to a score of "
            f"{rule.highest_score}; this has {item.risk.score}.",
        )
    return None


def _of_scope(rule: ApproverRule, person: UserContext, asked: Asked) -> Objection | None:
    if rule.beyond_own_scope or asked.context is None:
        return None
    if not may_see(person, asked):
        return Objection(
            "outside-own-scope",
            "This would show what you may not see yourself, so you cannot decide on it.",
        )
    return None


def possible(
    item: ApprovalItem, person: UserContext, asked: Asked, policy: Policy
) -> tuple[Action, ...]:
    """What `person` may do to the request as it stands."""
    found = []
    for action in _CHOICES:
        try:
            after(item.status, action)
        except NotPossible:
            continue
        if action is Action.EDIT and isinstance(item.subject, PolicySubject):
            continue
        if objection(action, item, person, asked, policy) is None:
            found.append(action)
    is_theirs = any(d.by.user_id == person.user_id for d in item.decisions)
    if item.status is ApprovalStatus.APPROVED and item.subject.kind == "query" and is_theirs:
        found.append(Action.REMEMBER)
    return tuple(found)


def may_see(person: UserContext, asked: Asked) -> bool:
    """Whether the person may read all that the statement shows its asker."""
    if asked.context is None:
        return True
    has_views = set(asked.views) <= set(person.allowed_views)
    if person.is_all_stores:
        return has_views
    stores = asked.context.store_ids
    return has_views and not asked.context.is_all_stores and set(stores) <= set(person.store_ids)


def _of_claim(action: Action, item: ApprovalItem, person: UserContext) -> Objection | None:
    holder = item.claimed_by
    if holder is None or holder.user_id == person.user_id:
        return None
    if action is Action.RELEASE and Permission.ADMIN in person.permissions:
        return None
    since = f"{item.claimed_at:%Y-%m-%d %H:%M:%S} UTC" if item.claimed_at else "a while ago"
    return Objection("claimed", f"{holder.username} has had this in hand since {since}.")


def _of_four_eyes(item: ApprovalItem, person: UserContext) -> Objection | None:
    if person.user_id in item.editors:
        return Objection("own-edit", "You changed what would run, so somebody else has to approve.")
    if any(d.by.user_id == person.user_id for d in item.decisions):
        return Objection(
            "already-approved", "You have approved this already; a second person is needed."
        )
    return None
