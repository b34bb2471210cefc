"""`approval_requests` and `approval_actions`: what waits for a person, and what became of it.

A request changes only under its row lock, and each change adds a link to its chain."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Json
from pydantic import JsonValue

from contracts.approval import (
    ApprovalItem,
    Bound,
    HistoryItem,
    Person,
    ReviewEvidence,
)
from contracts.run import ApprovalStatus

Connection = AsyncConnection[TupleRow]

COLUMNS = """
approval_id, run_id, version, status, subject, risk,
json_build_object('user_id', asker_id, 'username', asker_name, 'role', asker_role) AS asker,
binding, policy_version, approvers_needed, decisions, editors,
CASE WHEN claimed_by IS NOT NULL THEN json_build_object('user_id', claimed_by,
    'username', claimed_name, 'role', claimed_role) END AS claimed_by,
claimed_at, requested_at, expires_at, decided_at, replaces, stale_because
"""

INSERT = """
INSERT INTO approval_requests (approval_id, org_id, kind, run_id, version, status, asker_id,
    asker_name, asker_role, score, approvers_needed, subject, risk, bound, binding,
    policy_version, prepared, evidence, requested_at, expires_at, editors, replaces,
    head_seq, head_hash)
VALUES (%(approval_id)s, %(org_id)s, %(kind)s, %(run_id)s, %(version)s, %(status)s, %(asker_id)s,
    %(asker_name)s, %(asker_role)s, %(score)s, %(approvers_needed)s, %(subject)s, %(risk)s,
    %(bound)s, %(binding)s, %(policy_version)s, %(prepared)s, %(evidence)s, %(requested_at)s,
    %(expires_at)s, %(editors)s, %(replaces)s, 0, '')
"""

GET = (
    "SELECT "
    + COLUMNS
    + """, bound, prepared::text, evidence, head_seq, head_hash, executed_at
FROM approval_requests WHERE approval_id = %(approval_id)s AND org_id = %(org_id)s
"""
)
LOCK = GET + " FOR UPDATE"

OPEN_OF_RUN = """
SELECT approval_id FROM approval_requests
WHERE run_id = %(run_id)s AND status IN ('pending', 'claimed')
"""

UPDATE = """
UPDATE approval_requests SET version = %(version)s, status = %(status)s, score = %(score)s,
    approvers_needed = %(approvers_needed)s, subject = %(subject)s, risk = %(risk)s,
    bound = %(bound)s, binding = %(binding)s, policy_version = %(policy_version)s,
    prepared = %(prepared)s, evidence = %(evidence)s, decisions = %(decisions)s,
    editors = %(editors)s, claimed_by = %(claimed_by)s, claimed_name = %(claimed_name)s,
    claimed_role = %(claimed_role)s, claimed_at = %(claimed_at)s, decided_at = %(decided_at)s,
    stale_because = %(stale_because)s
WHERE approval_id = %(approval_id)s
"""

ADD_ACTION = """
WITH head AS (
    UPDATE approval_requests SET head_seq = %(seq)s, head_hash = %(hash)s
    WHERE approval_id = %(approval_id)s)
INSERT INTO approval_actions (approval_id, seq, action, user_id, username, role, text, binding,
    at, prev_hash, hash)
VALUES (%(approval_id)s, %(seq)s, %(action)s, %(user_id)s, %(username)s, %(role)s, %(text)s,
    %(binding)s, %(at)s, %(prev_hash)s, %(hash)s)
"""

HISTORY = """
SELECT seq, action, CASE WHEN user_id IS NOT NULL THEN json_build_object('user_id', user_id,
    'username', username, 'role', role) END AS by, text, binding, at, hash
FROM approval_actions WHERE approval_id = %(approval_id)s ORDER BY seq
"""

EXECUTED = """
UPDATE approval_requests SET executed_at = now()
WHERE approval_id = %(approval_id)s AND executed_at IS NULL
"""

EXPIRED = """
SELECT approval_id, org_id FROM approval_requests
WHERE status IN ('pending', 'claimed') AND expires_at <= now()
ORDER BY expires_at LIMIT %(limit)s
"""

EXPIRING = """
UPDATE approval_requests SET warned_at = now()
WHERE approval_id IN (
    SELECT approval_id FROM approval_requests
    WHERE status IN ('pending', 'claimed') AND warned_at IS NULL
      AND expires_at <= now() + make_interval(secs => %(seconds)s)
    ORDER BY expires_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING approval_id, org_id
"""

LAST_OF_RUN = (
    "SELECT " + COLUMNS + " FROM approval_requests WHERE run_id = %(run_id)s"
    " ORDER BY approval_id DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request with what is kept beside it. `prepared` is JSON text: what would run."""

    org_id: UUID
    item: ApprovalItem
    bound: Bound
    prepared: str | None
    evidence: ReviewEvidence
    head_seq: int = 0
    head_hash: str = ""
    executed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActionRow:
    """A row of `approval_actions`; nobody is `by` of what happened by itself."""

    approval_id: UUID
    seq: int
    action: str
    by: Person | None
    text: str
    binding: str
    at: datetime
    prev_hash: str
    hash: str


async def insert(connection: Connection, request: Request) -> None:
    """Store a new request. Raises UniqueViolation where its run has an open one."""
    await connection.execute(
        INSERT,
        {
            **_values(request),
            "org_id": request.org_id,
            "kind": request.item.subject.kind,
            "run_id": request.item.run_id,
            "asker_id": request.item.asker.user_id,
            "asker_name": request.item.asker.username,
            "asker_role": request.item.asker.role,
            "requested_at": request.item.requested_at,
            "expires_at": request.item.expires_at,
            "replaces": request.item.replaces,
        },
    )


async def get(
    connection: Connection, approval_id: UUID, *, org_id: UUID, is_locked: bool = False
) -> Request | None:
    """The organisation's request; `is_locked` keeps others from changing it until the end of the
    transaction."""
    cursor = await connection.execute(
        LOCK if is_locked else GET, {"approval_id": approval_id, "org_id": org_id}
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    *fields, bound, prepared, evidence, seq, head, executed_at = row
    return Request(
        org_id=org_id,
        item=item_of(fields),
        bound=Bound.model_validate(bound),
        prepared=prepared,
        evidence=ReviewEvidence.model_validate(evidence),
        head_seq=seq,
        head_hash=head,
        executed_at=executed_at,
    )


async def open_of_run(connection: Connection, run_id: UUID) -> UUID | None:
    """The request that the run waits for."""
    cursor = await connection.execute(OPEN_OF_RUN, {"run_id": run_id})
    row = await cursor.fetchone()
    return row[0] if row else None


async def last_of_run(connection: Connection, run_id: UUID) -> ApprovalItem | None:
    """The newest request of the run."""
    cursor = await connection.execute(LAST_OF_RUN, {"run_id": run_id})
    row = await cursor.fetchone()
    return item_of(row) if row else None


async def update(connection: Connection, request: Request) -> None:
    """Write the request's present state; the caller holds its lock."""
    await connection.execute(UPDATE, _values(request))


async def add_action(connection: Connection, action: ActionRow) -> None:
    """Append to the request's chain; the caller holds its lock."""
    await connection.execute(
        ADD_ACTION,
        {
            "approval_id": action.approval_id,
            "seq": action.seq,
            "action": action.action,
            "user_id": action.by.user_id if action.by else None,
            "username": action.by.username if action.by else None,
            "role": action.by.role if action.by else None,
            "text": action.text,
            "binding": action.binding,
            "at": action.at,
            "prev_hash": action.prev_hash,
            "hash": action.hash,
        },
    )


async def history(connection: Connection, approval_id: UUID) -> list[HistoryItem]:
    """All that happened to the request, in order."""
    async with connection.cursor(row_factory=class_row(HistoryItem)) as cursor:
        await cursor.execute(HISTORY, {"approval_id": approval_id})
        return await cursor.fetchall()


async def mark_executed(connection: Connection, approval_id: UUID) -> None:
    """Note when the statement was first let run."""
    await connection.execute(EXECUTED, {"approval_id": approval_id})


async def expired(connection: Connection, *, limit: int = 50) -> list[tuple[UUID, UUID]]:
    """Open requests whose time is over: their ids and organisations."""
    cursor = await connection.execute(EXPIRED, {"limit": limit})
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def expiring(
    connection: Connection, *, seconds: float, limit: int = 50
) -> list[tuple[UUID, UUID]]:
    """Open requests that end within so many seconds, each told once."""
    cursor = await connection.execute(EXPIRING, {"seconds": seconds, "limit": limit})
    return [(row[0], row[1]) for row in await cursor.fetchall()]


def item_of(row: TupleRow | list[object]) -> ApprovalItem:
    """A row of COLUMNS."""
    return ApprovalItem.model_validate(dict(zip(_NAMES, row, strict=True)))


_NAMES = (
    "approval_id", "run_id", "version", "status", "subject", "risk", "asker", "binding",
    "policy_version", "approvers_needed", "decisions", "editors", "claimed_by", "claimed_at",
    "requested_at", "expires_at", "decided_at", "replaces", "stale_because",
)  # fmt: skip


def _values(request: Request) -> dict[str, object]:
    item = request.item
    holder = item.claimed_by if item.status is ApprovalStatus.CLAIMED else None
    return {
        "approval_id": item.approval_id,
        "version": item.version,
        "status": item.status.value,
        "score": item.risk.score,
        "approvers_needed": item.approvers_needed,
        "subject": item.subject.model_dump_json(),
        "risk": item.risk.model_dump_json(),
        "bound": request.bound.model_dump_json(),
        "binding": item.binding,
        "policy_version": item.policy_version,
        "prepared": request.prepared,
        "evidence": request.evidence.model_dump_json(exclude={"sample", "nearest"}),
        "decisions": _json([d.model_dump(mode="json") for d in item.decisions]),
        "editors": list(item.editors),
        "claimed_by": holder.user_id if holder else None,
        "claimed_name": holder.username if holder else None,
        "claimed_role": holder.role if holder else None,
        "claimed_at": item.claimed_at if holder else None,
        "decided_at": item.decided_at,
        "stale_because": list(item.stale_because),
    }


def _json(value: JsonValue) -> Json:
    return Json(value, dumps=orjson.dumps)
