"""An approval request under its row lock, with all that bears on what may be done to it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Final
from uuid import UUID

from pydantic import JsonValue

from contracts.approval import Action, ApprovalItem, QuerySubject
from contracts.context import Permission, UserContext
from contracts.policy import PolicyVersion
from contracts.run import ApprovalStatus, Stage
from kit.database import Pool, connected
from kit.problems import Conflict, Forbidden, NotFound, PreconditionFailed, ProblemError
from workflow.approve.in_force import policy_now
from workflow.approve.lifecycle import OPEN, NotPossible
from workflow.approve.rules import Asked, objection
from workflow.approve.steps import Step, step
from workflow.audit.journal import Journal, Publish
from workflow.requests import person_of
from workflow.stages import LetThrough
from workflow.store import approvals, runs
from workflow.store.approvals import Connection, Request
from workflow.store.rows import Run

UNKNOWN: Final = "There is no such approval request."
_PASSING: Final = frozenset({"claimed", "already-approved"})
"""Objections that time, or somebody else, can lift."""


class Refused(Exception):
    """The caller may not do this: to be kept in the request's chain, and then told."""

    def __init__(self, problem: ProblemError) -> None:
        super().__init__(problem.detail)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Case:
    """A locked request, with what bears on what may be done to it. A request about a query has a
    run, and a journal that follows the head of its chain."""

    connection: Connection
    request: Request
    policy: PolicyVersion
    run: Run | None
    journal: Journal | None

    @property
    def item(self) -> ApprovalItem:
        """The request as it is listed."""
        return self.request.item

    def check(self, caller: UserContext, action: Action, version: int | None) -> None:
        """Raises Refused, with the reason, where this is not the caller's to do as things stand,
        and NotFound for whoever may not know of the request."""
        item = self.item
        is_theirs = caller.user_id == item.asker.user_id
        if not is_theirs and not may_review(caller):
            raise NotFound(UNKNOWN)
        if action is not Action.COMMENT:
            _check_state(item, version)
        asked = asked_of(self.request, self.run)
        against = objection(action, item, caller, asked, self.policy.policy)
        if against is not None:
            kind = Conflict if against.kind in _PASSING else Forbidden
            raise Refused(kind(against.text, kind=against.kind))

    def note(self, status: str, text: str, by: str | None, value: LetThrough | None = None) -> None:
        """Add what happens to the run's journal."""
        if self.journal is not None:
            summary: dict[str, JsonValue] = {
                "approval_id": str(self.item.approval_id),
                "by": by,
                "text": text,
            }
            self.journal.add(Stage.APPROVAL, status, perf_counter(), summary, value)


@asynccontextmanager
async def locked(
    pool: Pool, publisher: Callable[[Run], Publish], org_id: UUID, approval_id: UUID
) -> AsyncIterator[Case]:
    """The organisation's request, in a transaction that ends with the block. The caller tells
    what is in the journal afterwards. Raises NotFound."""
    async with connected(pool) as connection, connection.transaction():
        request = await approvals.get(connection, approval_id, org_id=org_id, is_locked=True)
        if request is None:
            raise NotFound(UNKNOWN)
        run = journal = None
        if request.item.run_id is not None:
            run = await runs.get(
                connection,
                request.item.run_id,
                org_id=org_id,
                user_id=request.item.asker.user_id,
            )
        if run is not None:
            journal = Journal(pool, run, worker_id=None, publish=publisher(run))
        policy = await policy_now(connection, org_id)
        yield Case(connection, request, policy, run, journal)


def asked_of(request: Request, run: Run | None) -> Asked:
    """What the request would show, as far as it matters for who may decide."""
    subject = request.item.subject
    return Asked(
        context=run.context if run else None,
        views=subject.views if isinstance(subject, QuerySubject) else (),
    )


def may_review(caller: UserContext) -> bool:
    """Whether the caller may know of what others ask for."""
    return bool({Permission.APPROVE, Permission.ADMIN, Permission.AUDIT} & set(caller.permissions))


def step_of(
    case: Case,
    action: Action,
    caller: UserContext,
    text: str,
    *,
    is_enough: bool = True,
    **changes: object,
) -> Step:
    """The step, by the caller. Raises Refused where the request is not in a state for it."""
    try:
        return step(case.request, action, person_of(caller), text, is_enough=is_enough, **changes)
    except NotPossible:
        raise Refused(
            Conflict(f"This is {case.item.status.value}: it cannot be {_PAST[action]}.")
        ) from None


def _check_state(item: ApprovalItem, version: int | None) -> None:
    if item.status not in OPEN:
        raise Refused(Conflict(_how_it_ended(item), kind="already-decided"))
    if item.expires_at <= datetime.now(UTC):
        raise Refused(Conflict(f"This expired at {_time(item.expires_at)}.", kind="expired"))
    if version is not None and version != item.version:
        raise Refused(
            PreconditionFailed(
                f"This has changed since you looked: it is at version {item.version}, and you "
                f"have seen version {version}. Look at it again."
            )
        )


def _how_it_ended(item: ApprovalItem) -> str:
    when = _time(item.decided_at) if item.decided_at else "some time ago"
    if item.status in (ApprovalStatus.APPROVED, ApprovalStatus.REJECTED) and item.decisions:
        names = " and ".join(d.by.username for d in item.decisions)
        return f"This was {item.status.value} by {names} at {when}."
    if item.status is ApprovalStatus.CANCELLED:
        return f"This was cancelled by {item.asker.username} at {when}."
    if item.status is ApprovalStatus.STALE:
        return f"This has been stale since {when}: {', '.join(item.stale_because)} changed."
    return f"This has been {item.status.value} since {when}."


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


_PAST = {Action.CLAIM: "claimed", Action.RELEASE: "released"}
