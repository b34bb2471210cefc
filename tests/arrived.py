"""Questions that have arrived at the workflow and that nobody has worked on yet."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

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
