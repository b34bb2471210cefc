"""A record of three runs, as the journal writes it, and a forger's means to change it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import UUID

import psycopg
import pytest
from uuid_utils.compat import uuid7

from contracts.context import UserContext
from contracts.run import RunStatus, Stage
from kit.canonical import text_digest
from kit.database import Pool, make_pool
from tests.arrived import arrived
from workflow.audit.journal import Journal
from workflow.audit.verify import Verified, verify

STAGES = (Stage.RETRIEVAL, Stage.PLANNING, Stage.VALIDATION, Stage.EXECUTION, Stage.NARRATION)


@dataclass
class Record:
    url: str
    pool: Pool
    org_id: UUID
    runs: list[UUID]

    def forge(self, sql: str, **values: object) -> None:
        """Change the record as an owner can who switches the triggers off."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            assert connection.execute(sql, values).rowcount > 0

    def verify(self, **options: Any) -> Verified:
        return verify(self.url, lambda *_: None, **options)

    def faults(self, **options: Any) -> list[str]:
        return [str(f) for f in self.verify(**options).faults]


QUESTION = "What is total revenue for my store 1?"


async def write_run(
    pool: Pool,
    org_id: UUID,
    *,
    status: RunStatus = RunStatus.COMPLETED,
    until: Stage = Stage.COMPLETED,
) -> UUID:
    """A run of six events, or one that has come as far as `until`."""
    context = UserContext(
        user_id=uuid7(),
        username="someone",
        org_id=org_id,
        role="store_manager",
        permissions=("ask",),
        store_ids=(1,),
        is_all_stores=False,
        allowed_views=(),
    )
    worker = uuid7()
    async with pool.connection() as connection:
        run = await arrived(connection, context, QUESTION, worker_id=worker)
    journal = Journal(pool, run, worker_id=worker, publish=lambda _: None)
    for stage in STAGES:
        journal.add(stage, "ok", perf_counter(), {"note": f"said at {stage.value}"})
        await journal.flush()
        if stage is until:
            return run.run_id
    text = '{"answer":"33,689.74"}'
    journal.add(
        Stage.COMPLETED,
        status.value,
        perf_counter(),
        {"status": status.value, "answer_digest": text_digest(text)},
    )
    await journal.flush(status, answer=text)
    return run.run_id


@pytest.fixture
async def record(app_url: str) -> AsyncIterator[Record]:
    with psycopg.connect(app_url, autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO organisations (name) VALUES ('one') RETURNING org_id"
        ).fetchone()
    assert row is not None
    async with make_pool(app_url, name="test") as pool:
        yield Record(app_url, pool, row[0], [await write_run(pool, row[0]) for _ in range(3)])
