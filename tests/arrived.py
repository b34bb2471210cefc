"""Questions that have arrived at the workflow and that nobody has worked on yet."""

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from contracts.context import UserContext
from kit.canonical import canonical
from workflow.audit.chain import sealed_log
from workflow.bootstrap import Workflow
from workflow.store import runs
from workflow.store.rows import LogRow, Run


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
    log = sealed_log(
        LogRow(
            run_id=uuid7(),
            org_id=who.org_id,
            user_id=who.user_id,
            username=who.username,
            role=who.role,
            conversation_id=conversation_id or uuid7(),
            question=question,
            user_context=canonical(who.model_dump(mode="json")),
            asked_at=asked_at or datetime.now(UTC),
            hash="",
        )
    )
    is_first = conversation_id is None
    assert await runs.arrive(
        connection, log, worker_id=worker_id, is_first=is_first, idempotency_key=None
    )
    run = await runs.get(connection, log.run_id, org_id=who.org_id, user_id=who.user_id)
    assert run is not None
    return run


async def arrived_at(workflow: Workflow, who: UserContext, question: str) -> Run:
    """The run, for this process to start."""
    async with workflow.parts.pool.connection() as connection:
        return await arrived(connection, who, question, worker_id=workflow.runner.worker_id)
