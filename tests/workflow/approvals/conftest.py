"""A running workflow over real databases, and people who ask and decide."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

import orjson
import psycopg
import pytest
from uuid_utils.compat import uuid7

from contracts.context import UserContext
from contracts.run import Answer
from tests.arrived import arrived_at
from workflow.approve.in_force import policy_now
from workflow.audit.verify import verify
from workflow.bootstrap import Workflow, running
from workflow.settings import WorkflowSettings
from workflow.store import approvals, audit_events, runs
from workflow.store.approvals import Request
from workflow.store.rows import Run

RISKY = "rentals by customer"
CALM = "What is total revenue?"


@dataclass
class Office:
    """One organisation's people, and the services they use."""

    settings: WorkflowSettings
    url: str
    org_id: UUID
    views: Mapping[str, tuple[str, ...]]
    people: dict[str, UUID] = field(default_factory=dict)

    def person(self, name: str, role: str = "reviewer", **more: object) -> UserContext:
        permissions = {"admin": ("ask", "approve", "admin"), "reviewer": ("approve",)}
        values: dict[str, object] = {
            "user_id": self.people.setdefault(name, uuid7()),
            "username": name,
            "org_id": self.org_id,
            "role": role,
            "permissions": permissions.get(role, ("ask",)),
            "store_ids": (),
            "is_all_stores": role == "admin",
            "allowed_views": self.views[role],
        }
        return UserContext.model_validate({**values, **more})

    def running(self) -> AbstractAsyncContextManager[Workflow]:
        """Another process of the same service, as far as the database can tell."""
        return running(self.settings)

    def execute(self, sql: str, **values: object) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql, values)

    def count(self, sql: str, **values: object) -> int:
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(sql, values).fetchone()
        assert row is not None
        return int(row[0])

    def faults(self) -> list[str]:
        return [str(f) for f in verify(self.url, lambda *_: None).faults]


async def ask(workflow: Workflow, who: UserContext, question: str = RISKY) -> Answer:
    """Ask, and wait until the run rests."""
    run = await arrived_at(workflow, who, question)
    return (await workflow.runner.start(run)).answer


async def asked(workflow: Workflow, who: UserContext, question: str = RISKY) -> UUID:
    """Ask something that waits: the id of its request."""
    answer = await ask(workflow, who, question)
    assert answer.approval is not None, answer.answer
    return answer.approval.approval_id


async def request_of(workflow: Workflow, approval_id: UUID, org_id: UUID) -> Request:
    async with workflow.parts.pool.connection() as connection:
        request = await approvals.get(connection, approval_id, org_id=org_id)
    assert request is not None
    return request


async def run_of(workflow: Workflow, approval_id: UUID, org_id: UUID) -> Run:
    item = (await request_of(workflow, approval_id, org_id)).item
    assert item.run_id is not None
    async with workflow.parts.pool.connection() as connection:
        run = await runs.get(connection, item.run_id, org_id=org_id, user_id=item.asker.user_id)
    assert run is not None
    return run


async def rested(
    workflow: Workflow, approval_id: UUID, org_id: UUID, *, is_over: bool = False
) -> Run:
    """The run, once it waits for somebody or has ended; only the latter where `is_over`."""
    busy = {"running", "needs_approval"} if is_over else {"running"}
    run = await run_of(workflow, approval_id, org_id)
    with workflow.hub.listen(run.run_id) as queue:
        async with asyncio.timeout(20):
            while (run := await run_of(workflow, approval_id, org_id)).status in busy:
                with suppress(TimeoutError):  # another process tells nobody here
                    await asyncio.wait_for(queue.get(), 0.05)
    return run


async def finished(workflow: Workflow, approval_id: UUID, org_id: UUID) -> Answer:
    """The answer, once the run has ended."""
    run = await rested(workflow, approval_id, org_id, is_over=True)
    async with workflow.parts.pool.connection() as connection:
        text = await runs.answer(connection, run.run_id, org_id=org_id, user_id=run.context.user_id)
    return Answer.model_validate_json(text or "")


async def statuses(workflow: Workflow, run_id: UUID, stage: str = "approval") -> list[str]:
    """What the run's chain tells of a stage."""
    async with workflow.parts.pool.connection() as connection:
        events = await audit_events.of_run(connection, run_id)
    assert all(orjson.loads(e.detail)["summary"] is not None for e in events)
    return [e.status for e in events if e.stage == stage]


async def policy_version(workflow: Workflow, org_id: UUID) -> int:
    async with workflow.parts.pool.connection() as connection:
        return (await policy_now(connection, org_id)).version


@pytest.fixture
def office(
    settings: WorkflowSettings,
    app_url: str,
    views_by_role: Mapping[str, tuple[str, ...]],
) -> Office:
    with psycopg.connect(app_url, autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO organisations (name) VALUES ('one') RETURNING org_id"
        ).fetchone()
    assert row is not None
    return Office(settings, app_url, row[0], views_by_role)


@pytest.fixture
async def workflow(office: Office) -> AsyncIterator[Workflow]:
    async with office.running() as made:
        yield made


@asynccontextmanager
async def both(office: Office) -> AsyncIterator[tuple[Workflow, Workflow]]:
    """Two processes of the service."""
    async with office.running() as first, office.running() as second:
        yield first, second
