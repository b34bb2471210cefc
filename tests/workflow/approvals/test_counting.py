"""How few people a row stands for is counted before a statement where that can make it wait, and
along with it where it cannot; what is on record says the same either way."""

from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
import pytest

from contracts.context import UserContext
from contracts.policy import Limits, Policy
from contracts.result import ResultSet
from contracts.run import Answer, Risk, RunStatus
from tests.workflow.approvals.conftest import Office, ask
from tests.workflow.approvals.test_binding import change_policy
from tests.workflow.conftest import KEY
from workflow.approve.risk import for_asker
from workflow.bootstrap import Workflow
from workflow.execute.errors import ExecutionError
from workflow.policy_trial import other_fates
from workflow.receipts import receipt_of
from workflow.store import audit_events, checked_runs, runs
from workflow.store.rows import EventRow

NARROW = "revenue by country"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def asker(office: Office) -> UserContext:
    return office.person("asker", "store_manager", store_ids=(1,))


async def events_of(workflow: Workflow, answer: Answer) -> list[EventRow]:
    async with workflow.parts.pool.connection() as connection:
        return await audit_events.of_run(connection, answer.run_id)


async def counted_in(workflow: Workflow, answer: Answer) -> dict[str, int | None]:
    """By stage, the smallest group that its value tells."""
    values = {
        e.stage: orjson.loads(e.detail).get("value") for e in await events_of(workflow, answer)
    }
    return {
        stage: value["smallest_group"]
        for stage, value in values.items()
        if value and "smallest_group" in value
    }


def factors(answer: Answer) -> dict[str, int]:
    assert answer.security.risk is not None
    return {factor.name: factor.points for factor in answer.security.risk.factors}


def recorded_score(office: Office) -> int:
    """Of the one question, with what rests on the database's statistics."""
    with psycopg.connect(office.url) as connection:
        (recorded,) = checked_runs.since(connection, LONG_AGO)
    return Risk.model_validate(recorded.checked["risk"]).score


async def test_what_no_count_could_hold_back_is_counted_along_and_is_on_record(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    answer = await ask(workflow, asker, NARROW)
    assert answer.status is RunStatus.COMPLETED
    assert factors(answer)["smallest-group"] == 15
    assert await counted_in(workflow, answer) == {"validation": None, "db_execution": 1}
    async with workflow.parts.pool.connection() as connection:
        receipt = await receipt_of(connection, answer.run_id, secret=KEY)
    assert receipt is not None
    assert receipt.receipt.risk == answer.security.risk
    with psycopg.connect(office.url) as connection:
        (recorded,) = checked_runs.since(connection, LONG_AGO)
    assert recorded.checked["smallest_group"] == 1
    assert for_asker(Risk.model_validate(recorded.checked["risk"])) == answer.security.risk
    assert office.faults() == []


QUESTIONS = (
    "top 5 countries by revenue",
    "revenue and rentals by country",
    "revenue by country in June 2022 compared with May 2022",
    "share of revenue by country",
    "countries with more than 100 rentals",
    "monthly revenue for Canada",
    "running total of revenue by month for Canada",
)


async def test_the_answer_is_that_of_the_statement_without_the_counting(
    workflow: Workflow, asker: UserContext
) -> None:
    for question in QUESTIONS:
        answer = await ask(workflow, asker, question)
        assert answer.status is RunStatus.COMPLETED, (question, answer.answer)
        assert "db_execution" in await counted_in(workflow, answer), question
        assert "people_in_" not in answer.model_dump_json()
        plain = await workflow.parts.warehouse.run(answer.sql or "", asker)
        assert (answer.columns, answer.rows) == (plain.columns, plain.rows), question
        (executed,) = [e for e in await events_of(workflow, answer) if e.stage == "db_execution"]
        assert orjson.loads(executed.detail)["summary"]["digest"] == plain.digest, question


async def test_what_takes_too_long_to_count_is_answered_uncounted(
    workflow: Workflow, asker: UserContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = workflow.parts.warehouse.run

    async def slow(statement: str, *rest: Any, **more: Any) -> ResultSet:
        if "people_in_" in statement:
            raise ExecutionError("timeout")
        return await run(statement, *rest, **more)

    monkeypatch.setattr(workflow.parts.warehouse, "run", slow)
    answer = await ask(workflow, asker, NARROW)
    assert answer.status is RunStatus.COMPLETED
    assert len(answer.rows) > 100
    assert factors(answer)["smallest-group"] == 5
    assert await counted_in(workflow, answer) == {"validation": None, "db_execution": None}


async def test_what_a_count_could_hold_back_is_counted_first(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    answer = await ask(workflow, asker, NARROW)
    score = recorded_score(office)
    await change_policy(office, workflow, Policy(everyone=Limits(one_approver_from=score)))
    held = await ask(workflow, asker, NARROW)
    assert held.status is RunStatus.NEEDS_APPROVAL
    assert factors(held) == factors(answer)
    assert await counted_in(workflow, held) == {"validation": 1}
    await change_policy(office, workflow, Policy(everyone=Limits(one_approver_from=score + 1)))
    assert (await ask(workflow, asker, NARROW)).status is RunStatus.COMPLETED


async def test_a_trial_of_a_policy_knows_what_was_counted_along(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    await ask(workflow, asker, NARROW)
    score = recorded_score(office)
    limits = Limits(one_approver_from=score)
    for policy, others in (
        (Policy(everyone=limits), 1),
        (Policy(everyone=limits, smallest_group=1), 0),
    ):
        with psycopg.connect(office.url) as connection:
            found = list(other_fates(checked_runs.since(connection, LONG_AGO), policy))
        assert [one.score_then for one in found] == [score] * others


@pytest.mark.parametrize("upto", ["validation", "db_execution"])
async def test_whoever_takes_the_run_over_tells_the_same(
    office: Office, workflow: Workflow, asker: UserContext, upto: str
) -> None:
    answer = await ask(workflow, asker, NARROW)
    recorded = await events_of(workflow, answer)
    kept = recorded[: [e.stage for e in recorded].index(upto) + 1]
    with psycopg.connect(office.url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "DELETE FROM query_audit_events WHERE run_id = %s AND seq > %s",
            (answer.run_id, kept[-1].seq),
        )
        connection.execute("DELETE FROM unsealed_entries WHERE entry_id = %s", (answer.run_id,))
    office.execute(
        "UPDATE runs SET status = 'running', head_seq = %(seq)s, head_hash = %(hash)s,"
        " worker_id = %(worker)s, answer = NULL WHERE run_id = %(run)s",
        run=answer.run_id,
        seq=kept[-1].seq,
        hash=kept[-1].hash,
        worker=workflow.runner.worker_id,
    )
    async with workflow.parts.pool.connection() as connection:
        run = await runs.get(connection, answer.run_id, org_id=asker.org_id, user_id=asker.user_id)
    assert run is not None
    again = (await workflow.runner.start(run, kept)).answer
    assert again.security.risk == answer.security.risk
    assert again.rows == answer.rows
    assert await counted_in(workflow, again) == {"validation": None, "db_execution": 1}


async def test_the_same_in_another_store_is_about_other_people(
    office: Office, workflow: Workflow
) -> None:
    """Answers about one store, and about both, tell of those in the other."""
    both = office.person("both", "store_manager", store_ids=(1, 2))
    for stores in ((1, 2), (1,), (2,), (1,)):
        await ask(workflow, both.model_copy(update={"store_ids": stores}), NARROW)
    cells = "SELECT count(DISTINCT cell) FROM narrow_questions WHERE org_id = %(org)s"
    assert office.count(cells, org=office.org_id) == 3
