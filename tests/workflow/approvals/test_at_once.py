"""Many people at once, two processes, and one that dies: nothing twice, nothing lost."""

import asyncio
from collections import Counter

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier
from pydantic import SecretStr

from contracts.result import ResultSet
from contracts.run import RunStatus
from kit.embedded_postgres import Cluster
from kit.problems import ProblemError
from tests.workflow.approvals.conftest import (
    Office,
    asked,
    both,
    finished,
    run_of,
    statuses,
)
from workflow.bootstrap import Workflow
from workflow.execute.errors import ExecutionError
from workflow.execute.warehouse import Warehouse

REQUESTS = 12
PEOPLE = 16


async def test_sixteen_people_decide_each_request_once(office: Office) -> None:
    asker = office.person("asker", "store_manager", store_ids=(1,))
    people = [office.person(f"person{i}") for i in range(PEOPLE)]
    outcomes: Counter[str] = Counter()

    async def decide(process: Workflow, place: int) -> None:
        for i, approval_id in enumerate(ids):
            call = (
                process.decisions.reject(people[place], approval_id, "no", None)
                if (place + i) % 4 == 0
                else process.decisions.approve(people[place], approval_id, "", None)
            )
            try:
                outcomes[(await call).status.value] += 1
            except ProblemError as error:
                outcomes[error.kind] += 1

    async with both(office) as processes:
        ids = [await asked(processes[0], asker) for _ in range(REQUESTS)]
        await asyncio.gather(*(decide(processes[i % 2], i) for i in range(PEOPLE)))
        answers = [await finished(processes[0], one, office.org_id) for one in ids]
        decided = outcomes["approved"] + outcomes["rejected"]
        assert decided == REQUESTS
        assert outcomes["already-decided"] == REQUESTS * (PEOPLE - 1)
        ended = Counter(answer.status for answer in answers)
        assert ended[RunStatus.COMPLETED] == outcomes["approved"]
        assert ended[RunStatus.REFUSED] == outcomes["rejected"]
        for answer in answers:
            executed = await statuses(processes[0], answer.run_id, "db_execution")
            assert len(executed) == (answer.status is RunStatus.COMPLETED)
    assert office.count(
        "SELECT count(*) FROM approval_actions WHERE action IN ('approve', 'reject')"
    ) == len(ids)
    for status in ("approved", "rejected", "pending"):
        counted = office.count(
            "SELECT count(*) FROM approval_requests WHERE status = %(status)s", status=status
        )
        kept = "SELECT coalesce(sum(n), 0) FROM approval_counts WHERE status = %(status)s"
        assert office.count(kept, status=status) == counted
    assert office.faults() == []


async def test_an_approval_survives_the_process_that_took_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = office.person("asker", "store_manager", store_ids=(1,))
    async with office.running() as dying:
        approval_id = await asked(dying, asker)
        monkeypatch.setattr(dying.runner, "start", lambda *_: None)
        await dying.decisions.approve(office.person("one"), approval_id, "", None)
    async with both(office) as (one, two):
        answer = await finished(one, approval_id, office.org_id)
        assert answer.status is RunStatus.COMPLETED
        assert await statuses(two, answer.run_id, "db_execution") == ["ok"]
    assert office.faults() == []


async def test_what_waits_outlives_every_process(office: Office) -> None:
    asker = office.person("asker", "store_manager", store_ids=(1,))
    async with office.running() as first:
        approval_id = await asked(first, asker)
    async with office.running() as second:
        assert (await run_of(second, approval_id, office.org_id)).status == "needs_approval"
        await second.decisions.approve(office.person("one"), approval_id, "", None)
        answer = await finished(second, approval_id, office.org_id)
    assert answer.status is RunStatus.COMPLETED


async def test_what_was_approved_waits_for_a_warehouse_that_is_away(
    office: Office, own_warehouse_url: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody sits before it, and who approved it should not have to again."""
    office.settings = office.settings.model_copy(
        update={"warehouse_url": SecretStr(own_warehouse_url)}
    )
    database = Identifier(conninfo_to_dict(own_warehouse_url)["dbname"])
    tries: list[ExecutionError] = []
    asker = office.person("asker", "store_manager", store_ids=(1,))
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as owner:
        async with office.running() as workflow:
            approval_id = await asked(workflow, asker)
            run = workflow.parts.warehouse.run

            async def watched(*args: object, **more: object) -> ResultSet:
                try:
                    return await run(*args, **more)  # type: ignore[arg-type]
                except ExecutionError as error:
                    tries.append(error)
                    owner.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(database))
                    raise

            monkeypatch.setattr(Warehouse, "run", staticmethod(watched))
            owner.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(database))
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                (conninfo_to_dict(own_warehouse_url)["dbname"],),
            )
            await workflow.decisions.approve(office.person("one"), approval_id, "", None)
            answer = await finished(workflow, approval_id, office.org_id)
            assert [error.kind for error in tries] == ["unavailable"]
            assert answer.status is RunStatus.COMPLETED
            assert await statuses(workflow, answer.run_id, "db_execution") == ["ok"]
    assert office.faults() == []
