"""A change of the policy: proposed by one admin, put into force by another."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pydantic import JsonValue
from uuid_utils.compat import uuid7

from contracts.approval import ApprovalItem, Bound, PolicySubject, ReviewEvidence
from contracts.context import UserContext
from contracts.governance import NewChange
from contracts.policy import Policy, PolicyChange, PolicyVersion
from contracts.run import ApprovalStatus, Risk
from kit import governing_changes
from kit.canonical import canonical, text_digest
from kit.problems import Conflict, Forbidden
from workflow.approve.binding import binding
from workflow.approve.in_force import policy_now
from workflow.approve.rules import policy_digest
from workflow.parts import Parts
from workflow.requests import open_request, person_of
from workflow.store import policies
from workflow.store.approvals import Connection, Request

_ROLE = re.compile(r"[a-z][a-z0-9_]{0,63}")


async def propose(
    connection: Connection, caller: UserContext, change: PolicyChange, parts: Parts
) -> ApprovalItem:
    """Queue the change for another admin. Raises Conflict where the policy is another by now, or
    would be the same, and Forbidden where nobody could change it back."""
    now = await policy_now(connection, caller.org_id)
    if now.version != change.base_version:
        raise Conflict(
            f"The policy is at version {now.version} by now, and this starts from version "
            f"{change.base_version}. Look at it again.",
            kind="policy-moved-on",
        )
    changes = differences(now.policy, change.policy)
    if not changes:
        raise Conflict("This is the policy as it is.", kind="nothing-changes")
    for role in change.policy.roles:
        if not _ROLE.fullmatch(role):
            raise Conflict(f"{role[:64]!r} is not the name of a role.", kind="not-a-role")
    for limits in (change.policy.everyone, *change.policy.roles.values()):
        if not limits.one_approver_from <= limits.two_approvers_from <= limits.never_from:
            raise Conflict(
                "The limits of a role must not fall: one approver, two approvers, never.",
                kind="limits-fall",
            )
    if not any("policy" in rule.subjects for rule in change.policy.approvers):
        raise Forbidden("With this policy nobody could confirm a change of the policy any more.")
    subject = PolicySubject(
        base_version=change.base_version,
        policy=change.policy,
        changes=changes,
        reason=change.reason,
    )
    request = _request(caller, subject, now, parts)
    await open_request(connection, request, parts)
    return request.item


def differences(before: Policy, after: Policy) -> tuple[str, ...]:
    """What changes, one line each."""
    old = _flat(before.model_dump(mode="json"))
    new = _flat(after.model_dump(mode="json"))
    return tuple(
        f"{name}: {canonical(old.get(name))} → {canonical(new.get(name))}"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    )


async def put_into_force(connection: Connection, request: Request) -> None:
    """Make a confirmed change the policy. Raises Conflict where another came first."""
    subject = request.item.subject
    assert isinstance(subject, PolicySubject)  # noqa: S101 - the caller looked
    now = await policy_now(connection, request.org_id)
    if now.version != subject.base_version:
        raise Conflict(
            f"The policy is at version {now.version} by now; this change starts from version "
            f"{subject.base_version}. Reject it, and propose it anew.",
            kind="policy-moved-on",
        )
    version = PolicyVersion(
        version=subject.base_version + 1,
        digest=policy_digest(subject.policy),
        policy=subject.policy,
        proposed_by=request.item.asker.username,
        confirmed_by=request.item.decisions[-1].by.username,
    )
    await policies.insert(
        connection,
        request.org_id,
        version,
        body=canonical(subject.policy.model_dump(mode="json")),
        approval_id=request.item.approval_id,
    )
    change = NewChange(
        kind="policy",
        subject=str(version.version),
        action="put into force",
        before={"version": now.version, "policy": now.policy.model_dump(mode="json")},
        after=_on_record(version, request.item.approval_id),
    )
    confirmed_by = request.item.decisions[-1].by
    await governing_changes.record(connection, request.org_id, confirmed_by, change)


def _on_record(version: PolicyVersion, approval_id: UUID) -> JsonValue:
    """As `store.governed` compares it."""
    return {
        "version": version.version,
        "digest": version.digest,
        "policy": version.policy.model_dump(mode="json"),
        "approval_id": str(approval_id),
        "proposed_by": version.proposed_by,
        "confirmed_by": version.confirmed_by,
    }


def _request(
    caller: UserContext, subject: PolicySubject, now: PolicyVersion, parts: Parts
) -> Request:
    bound = Bound(
        statement=text_digest(canonical(subject.model_dump(mode="json"))),
        context=text_digest(canonical(caller.model_dump(mode="json"))),
        model="",
        policy=now.digest,
    )
    at = datetime.now(UTC)
    item = ApprovalItem(
        approval_id=uuid7(),
        run_id=None,
        version=1,
        status=ApprovalStatus.PENDING,
        subject=subject,
        risk=Risk(score=0),
        asker=person_of(caller),
        binding=binding(bound),
        policy_version=now.version,
        approvers_needed=1,
        requested_at=at,
        expires_at=at + timedelta(seconds=parts.approval_seconds),
    )
    return Request(
        org_id=caller.org_id, item=item, bound=bound, prepared=None, evidence=ReviewEvidence()
    )


def _flat(value: JsonValue, name: str = "") -> dict[str, JsonValue]:
    if isinstance(value, dict):
        parts = [
            _flat(inner, f"{name}.{key}" if name else str(key)) for key, inner in value.items()
        ]
        return {key: inner for part in parts for key, inner in part.items()}
    if isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        return {
            key: inner
            for part in value
            if isinstance(part, dict)
            for key, inner in _flat(part, f"{name}.{part.get('role', '')}").items()
        }
    return {name: value}
