"""Approve and remember: what a person let through becomes a verified query."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pydantic import JsonValue
from uuid_utils.compat import uuid7

from contracts.approval import Action, QuerySubject, Remember, Subject, VerifiedQuery
from contracts.context import UserContext
from contracts.governance import NewChange
from contracts.plan import MetricQuery
from contracts.policy import PolicyVersion
from contracts.run import ApprovalStatus
from kit import governing_changes
from kit.database import connected
from kit.problems import Conflict, Forbidden, NotFound
from workflow.approve.in_force import policy_now
from workflow.approve.likeness import normalised
from workflow.approve.rules import against_remembering
from workflow.approve.steps import step
from workflow.locked_request import UNKNOWN, may_review
from workflow.parts import Parts
from workflow.requests import person_of
from workflow.store import approvals, role_policies, verified_queries
from workflow.store.approvals import Connection, Request
from workflow.store.verified_queries import VerifiedRow

DAYS = 90
MOST_DAYS = 366


async def remember(
    caller: UserContext, approval_id: UUID, wish: Remember, parts: Parts
) -> VerifiedQuery:
    """Raises Forbidden for whoever did not approve it, or may not decide for one of the roles,
    Conflict where it was not approved, or holds no more as the model or the policy have changed,
    or for a role that may not read it, NotFound."""
    expires_at = wish.expires_at or datetime.now(UTC) + timedelta(days=DAYS)
    _check_expiry(expires_at)
    async with connected(parts.pool) as connection, connection.transaction():
        request = await approvals.get(connection, approval_id, org_id=caller.org_id, is_locked=True)
        if request is None or not may_review(caller):
            raise NotFound(UNKNOWN)
        policy = await policy_now(connection, caller.org_id)
        subject = _subject(request, caller, policy, parts)
        roles = wish.roles or (request.item.asker.role,)
        against = against_remembering(request.item, caller, roles, policy.policy)
        if against is not None:
            raise Forbidden(against.text, kind=against.kind)
        fitting = await roles_that_read(connection, caller.org_id, subject)
        _check_roles(roles, (request.item.asker.role, *fitting))
        row = VerifiedRow(
            verified_id=uuid7(),
            org_id=caller.org_id,
            question=subject.question,
            patterns=[p for p in wish.patterns if normalised(p)],
            output=subject.output.model_dump_json(),
            plan_in_words=subject.plan_in_words,
            sql=subject.sql,
            owner_id=caller.user_id,
            owner_name=caller.username,
            owner_role=caller.role,
            roles=list(roles),
            approval_id=approval_id,
            model_digest=request.bound.model,
            policy_digest=request.bound.policy,
            created_at=datetime.now(UTC),
            expires_at=expires_at,
            revoked_at=None,
            revoked_by=None,
        )
        await verified_queries.insert(connection, row)
        taken = step(request, Action.REMEMBER, person_of(caller), f"until {expires_at:%Y-%m-%d}")
        await approvals.add_action(connection, taken.action)
        change = NewChange(
            kind="verified_query",
            subject=str(row.verified_id),
            action="added",
            after=on_record(row),
        )
        await governing_changes.record(connection, caller.org_id, person_of(caller), change)
    await reload(parts, caller.org_id)
    return shown(row, policy, parts)


async def retire(caller: UserContext, verified_id: UUID, parts: Parts) -> None:
    """Take it out of force; what it let run has run. Raises Forbidden, NotFound."""
    if not may_review(caller):
        raise Forbidden(f"The role {caller.role} does not revoke verified queries.")
    async with connected(parts.pool) as connection, connection.transaction():
        row = await verified_queries.revoke(
            connection, caller.org_id, verified_id, by=caller.username
        )
        if row is None:
            raise NotFound("There is no such verified query in force.")
        change = NewChange(
            kind="verified_query",
            subject=str(verified_id),
            action="revoked",
            before=on_record(replace(row, revoked_by=None)),
            after=on_record(row),
        )
        await governing_changes.record(connection, caller.org_id, person_of(caller), change)
    await reload(parts, caller.org_id)


def on_record(row: VerifiedRow) -> JsonValue:
    """As `store.governed` compares it."""
    return {
        "question": row.question,
        "patterns": list(row.patterns),
        "output": row.output,
        "plan_in_words": row.plan_in_words,
        "sql": row.sql,
        "owner_id": str(row.owner_id),
        "owner_name": row.owner_name,
        "owner_role": row.owner_role,
        "roles": list(row.roles),
        "approval_id": str(row.approval_id),
        "model_digest": row.model_digest,
        "policy_digest": row.policy_digest,
        "expires_at": row.expires_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "revoked_by": row.revoked_by,
    }


async def reload(parts: Parts, org_id: UUID) -> None:
    """Let what was changed hold in this process at once."""
    async with connected(parts.pool) as connection:
        await parts.in_force.reload(connection, org_id)


def shown(row: VerifiedRow, policy: PolicyVersion, parts: Parts) -> VerifiedQuery:
    """A verified query as the API has it."""
    reading = row.reading
    holds = (
        row.revoked_at is None
        and row.expires_at > datetime.now(UTC)
        and row.model_digest == parts.models.whole.digest
        and row.policy_digest == policy.digest
    )
    return VerifiedQuery(
        verified_id=row.verified_id,
        question=row.question,
        patterns=tuple(row.patterns),
        plan=reading.plan if isinstance(reading, MetricQuery) else None,
        sql=row.sql,
        plan_in_words=row.plan_in_words,
        owner=row.owner,
        roles=tuple(row.roles),
        approval_id=row.approval_id,
        model_digest=row.model_digest,
        policy_digest=row.policy_digest,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        in_force=holds,
    )


async def listed(
    connection: Connection, caller: UserContext, parts: Parts, *, before: UUID | None, limit: int
) -> list[VerifiedQuery]:
    """Newest first."""
    policy = await policy_now(connection, caller.org_id)
    rows = await verified_queries.page(connection, caller.org_id, before=before, limit=limit)
    return [shown(row, policy, parts) for row in rows]


def _subject(
    request: Request, caller: UserContext, policy: PolicyVersion, parts: Parts
) -> QuerySubject:
    item = request.item
    if not isinstance(item.subject, QuerySubject):
        raise Conflict("Only a query can be remembered.")
    if item.status is not ApprovalStatus.APPROVED:
        raise Conflict(f"Only what was approved can be remembered; this is {item.status.value}.")
    if not any(d.by.user_id == caller.user_id for d in item.decisions):
        raise Forbidden("Only somebody who approved this can have it remembered.")
    if request.bound.model != parts.models.whole.digest or request.bound.policy != policy.digest:
        raise Conflict("The semantic model or the policy has changed since this was approved.")
    return item.subject


async def roles_that_read(
    connection: Connection, org_id: UUID, subject: Subject
) -> tuple[str, ...]:
    """The roles that may ask and read every view that a query reads; none for what is no query."""
    if not isinstance(subject, QuerySubject):
        return ()
    views = await role_policies.views_by_role(connection, org_id)
    return tuple(role for role, may in views.items() if may and set(subject.views) <= set(may))


def _check_roles(wanted: tuple[str, ...], fitting: tuple[str, ...]) -> None:
    for role in wanted:
        if role not in fitting:
            raise Conflict(
                f"The role {role} may not read all that this reads.", kind="role-cannot-run"
            )


def _check_expiry(expires_at: datetime) -> None:
    now = datetime.now(UTC)
    if expires_at.tzinfo is None or not now < expires_at <= now + timedelta(days=MOST_DAYS):
        raise Conflict(
            f"A verified query ends within {MOST_DAYS} days, at a time with its zone.",
            kind="expiry-out-of-range",
        )
