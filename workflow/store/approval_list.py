"""Lists of approval requests: filtered, sorted, in pages, counted."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow

from contracts.approval import ApprovalItem
from contracts.run import ApprovalStatus
from workflow.store.approvals import COLUMNS, item_of

Sort = Literal["newest", "oldest", "risk", "expiry"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests; what is None does not matter. `asker_id` is for whoever may see only their
    own."""

    org_id: UUID
    status: ApprovalStatus | None = None
    kind: str | None = None
    asker_id: UUID | None = None
    asker_role: str | None = None
    claimed_by: UUID | None = None
    run_id: UUID | None = None
    least_score: int | None = None


_SORTS: dict[Sort, tuple[sql.SQL, sql.SQL]] = {
    "newest": (
        sql.SQL("approval_id DESC"),
        sql.SQL("approval_id < %(cursor)s"),
    ),
    "oldest": (
        sql.SQL("approval_id"),
        sql.SQL("approval_id > %(cursor)s"),
    ),
    "risk": (
        sql.SQL("score DESC, approval_id DESC"),
        sql.SQL(
            "(score, approval_id) < (SELECT score, approval_id FROM approval_requests"
            " WHERE approval_id = %(cursor)s)"
        ),
    ),
    "expiry": (
        sql.SQL("expires_at, approval_id"),
        sql.SQL(
            "(expires_at, approval_id) > (SELECT expires_at, approval_id FROM approval_requests"
            " WHERE approval_id = %(cursor)s)"
        ),
    ),
}
MANY = 200
COUNTED = sql.SQL("SELECT status, count(*) FROM approval_requests WHERE {where} GROUP BY status")
ADDED_UP = sql.SQL("SELECT status, sum(n) FROM approval_counts WHERE {where} GROUP BY status")
ADD_UP = """
WITH taken AS (
    DELETE FROM approval_counts
    WHERE (SELECT count(*) FROM (SELECT FROM approval_counts LIMIT %(many)s)) >= %(many)s
    RETURNING org_id, status, n)
INSERT INTO approval_counts
SELECT org_id, status, sum(n) FROM taken GROUP BY org_id, status HAVING sum(n) <> 0
"""
_FILTERS = {
    "status": sql.SQL("status = %(status)s"),
    "kind": sql.SQL("kind = %(kind)s"),
    "asker_id": sql.SQL("asker_id = %(asker_id)s"),
    "asker_role": sql.SQL("asker_role = %(asker_role)s"),
    "claimed_by": sql.SQL("claimed_by = %(claimed_by)s"),
    "run_id": sql.SQL("run_id = %(run_id)s"),
    "least_score": sql.SQL("score >= %(least_score)s"),
}


async def page(
    connection: AsyncConnection[TupleRow],
    wanted: Wanted,
    *,
    sort: Sort,
    cursor: UUID | None,
    limit: int,
) -> list[ApprovalItem]:
    """From after the request called `cursor`."""
    order, following = _SORTS[sort]
    conditions = _conditions(wanted)
    if cursor is not None:
        conditions.append(following)
    query = sql.SQL(
        "SELECT {columns} FROM approval_requests WHERE {where} ORDER BY {order} LIMIT {limit}"
    )
    found = await connection.execute(
        query.format(
            columns=sql.SQL(COLUMNS),
            where=sql.SQL(" AND ").join(conditions),
            order=order,
            limit=sql.Literal(limit),
        ),
        {**_values(wanted), "cursor": cursor},
    )
    return [item_of(row) for row in await found.fetchall()]


async def counts(
    connection: AsyncConnection[TupleRow], wanted: Wanted
) -> dict[ApprovalStatus, int]:
    """How many there are in each status, whatever status is wanted. All of an organisation's are
    added up from what the table keeps; fewer are counted."""
    conditions = _conditions(wanted, but="status")
    query = COUNTED if len(conditions) > 1 else ADDED_UP
    found = await connection.execute(
        query.format(where=sql.SQL(" AND ").join(conditions)), _values(wanted)
    )
    counted = {ApprovalStatus(status): int(count) for status, count in await found.fetchall()}
    return {status: counted.get(status, 0) for status in ApprovalStatus}


async def add_up(connection: AsyncConnection[TupleRow]) -> None:
    """Make few rows of many in what is kept of the counts."""
    await connection.execute(ADD_UP, {"many": MANY})


def _conditions(wanted: Wanted, *, but: str = "") -> list[sql.SQL]:
    given = [
        condition
        for name, condition in _FILTERS.items()
        if name != but and getattr(wanted, name) is not None
    ]
    return [sql.SQL("org_id = %(org_id)s"), *given]


def _values(wanted: Wanted) -> dict[str, object]:
    names = ("org_id", *_FILTERS)
    values = {name: getattr(wanted, name) for name in names}
    return {**values, "status": wanted.status.value if wanted.status else None}
