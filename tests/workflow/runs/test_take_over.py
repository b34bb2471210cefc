"""Whose run it is: a worker takes over what nobody works on, and nothing else."""

from collections.abc import AsyncIterator
from uuid import UUID

import psycopg
import pytest
from uuid_utils.compat import uuid7

from tests.arrived import stored_run
from workflow.store import runs, workers


@pytest.fixture
async def connection(app_url: str) -> AsyncIterator[runs.Connection]:
    connection = await psycopg.AsyncConnection.connect(app_url, autocommit=True)
    async with connection:
        yield connection


async def taken(connection: runs.Connection, worker_id: UUID, *active: UUID) -> list[UUID]:
    return [run.run_id for run in await runs.take_over(connection, worker_id, active=active)]


async def test_a_run_just_stored_is_left_to_the_one_who_stored_it(
    connection: runs.Connection,
) -> None:
    me = uuid7()
    await workers.beat(connection, me)
    await stored_run(connection, me, seconds_ago=0)
    assert await taken(connection, me) == []


async def test_a_run_that_its_own_worker_put_down_is_taken_up_again(
    connection: runs.Connection,
) -> None:
    me = uuid7()
    await workers.beat(connection, me)
    run_id = await stored_run(connection, me, seconds_ago=60)
    assert await taken(connection, me, run_id) == []
    assert await taken(connection, me) == [run_id]


async def test_a_living_worker_keeps_its_runs_and_a_dead_one_does_not(
    connection: runs.Connection,
) -> None:
    me, other = uuid7(), uuid7()
    run_id = await stored_run(connection, other, seconds_ago=0)
    await workers.beat(connection, other)
    assert await taken(connection, me) == []
    await connection.execute("UPDATE workers SET seen_at = now() - interval '1 minute'")
    assert await taken(connection, me) == [run_id]


async def test_only_what_may_have_been_the_run_s_own_doing_counts_against_it(
    connection: runs.Connection,
) -> None:
    me = uuid7()
    run_id = await stored_run(connection, uuid7(), seconds_ago=60)
    (run,) = await runs.take_over(connection, me, active=[])
    assert run.takeovers == 1
    (run,) = await runs.take_over(connection, me, active=[], blameless=[run_id])
    assert run.takeovers == 1
    (run,) = await runs.take_over(connection, me, active=[], blameless=[uuid7()])
    assert run.takeovers == 2
