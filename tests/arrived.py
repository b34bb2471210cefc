"""Questions that have arrived at the workflow and that nobody has worked on yet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from contracts.context import UserContext
from workflow.arriving import log_of, run_of
from workflow.audit.chain import sealed_log
from workflow.bootstrap import Workflow
from workflow.store import runs
from workflow.store.rows import Run


async def arrived(
    connection: runs.Connection,
    who: UserContext,
    question: str,
    *,
    worker_id: UUID,
    conversation_id: UUID | None = None,
    asked_at: datetime | None = None,
) -> Run:
    """The run, which belongs to `worker_id`; in a conversation of its own unless one is given."""
    log = log_of(who, question, conversation_id)
    if asked_at is not None:
        log = sealed_log(replace(log, asked_at=asked_at))
    is_first = conversation_id is None
    assert await runs.arrive(
        connection, log, worker_id=worker_id, is_first=is_first, idempotency_key=None
    )
    return run_of(log, who)


async def arrived_at(workflow: Workflow, who: UserContext, question: str) -> Run:
    """The run, for this process to start."""
    async with workflow.parts.pool.connection() as connection:
        return await arrived(connection, who, question, worker_id=workflow.runner.worker_id)


async def stored_run(connection: runs.Connection, worker_id: UUID, *, seconds_ago: float) -> UUID:
    """Somebody's run, stored so long ago."""
    cursor = await connection.execute(
        """
        INSERT INTO organisations (name) VALUES ('one')
        ON CONFLICT (name) DO UPDATE SET name = 'one' RETURNING org_id
        """
    )
    row = await cursor.fetchone()
    assert row is not None
    context = UserContext(
        user_id=uuid7(),
        username="someone",
        org_id=row[0],
        role="store_manager",
        permissions=("ask",),
        store_ids=(1,),
        is_all_stores=False,
        allowed_views=(),
    )
    asked_at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    run = await arrived(
        connection, context, "monthly revenue", worker_id=worker_id, asked_at=asked_at
    )
    return run.run_id
