"""What a planner is told of the conversation so far: the person's own, and no more than the role
may see now."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import TupleRow
from uuid_utils.compat import uuid7

from contracts.context import UserContext
from contracts.plan import Knowledge, MetricQuery, Plan
from tests.arrived import arrived
from tests.workflow.plan.builtin import small_source as source
from workflow.plan.history import Exchange, exchanges
from workflow.store import conversations
from workflow.store.rows import PastRun, Run

Connection = psycopg.AsyncConnection[TupleRow]
REVENUE = MetricQuery(plan=Plan(metrics=("revenue",)))


@pytest.fixture
async def connection(app_url: str) -> AsyncIterator[Connection]:
    async with await psycopg.AsyncConnection.connect(app_url, autocommit=True) as connection:
        yield connection


async def person(connection: Connection, role: str = "finance") -> UserContext:
    org_id = uuid7()
    await connection.execute(
        "INSERT INTO organisations (org_id, name) VALUES (%s, %s)",
        (org_id, str(org_id)),
    )
    return source.person(role).model_copy(update={"org_id": org_id, "user_id": uuid7()})


async def ask(
    connection: Connection, context: UserContext, question: str, conversation: UUID | None = None
) -> Run:
    """A run that has ended with revenue as its plan."""
    run = await arrived(
        connection, context, question, worker_id=uuid7(), conversation_id=conversation
    )
    answer = f'{{"plan": {REVENUE.model_dump_json()}, "answer": "67,406.56"}}'
    await connection.execute(
        "UPDATE runs SET answer = %s, status = 'completed' WHERE run_id = %s", (answer, run.run_id)
    )
    return run


async def questions_before(connection: Connection, run: Run, limit: int = 10) -> list[str]:
    return [p.question for p in await conversations.before(connection, run, limit=limit)]


async def test_the_last_questions_of_the_conversation_come_oldest_first(
    connection: Connection,
) -> None:
    context = await person(connection)
    first = await ask(connection, context, "one")
    for question in ("two", "three", "four"):
        last = await ask(connection, context, question, first.conversation_id)
    await ask(connection, context, "five", first.conversation_id)
    await ask(connection, context, "elsewhere")
    assert await questions_before(connection, last) == ["one", "two", "three"]
    assert await questions_before(connection, last, limit=2) == ["two", "three"]
    assert await questions_before(connection, first) == []
    past = (await conversations.before(connection, last, limit=1))[0]
    assert exchanges([past], source.restricted("finance")) == (
        Exchange("three", REVENUE, "67,406.56"),
    )


async def test_what_was_asked_with_other_views_or_by_others_is_out_of_sight(
    connection: Connection,
) -> None:
    admin = await person(connection, "admin")
    first = await ask(connection, admin, "one")
    finance = admin.model_copy(update={"role": "finance", "allowed_views": ("pay_view",)})
    last = await ask(connection, finance, "two", first.conversation_id)
    assert await questions_before(connection, last) == []
    wider = replace(last, run_id=uuid7(), context=admin)
    assert await questions_before(connection, wider) == ["one", "two"]
    for other in ({"user_id": uuid7()}, {"org_id": uuid7()}):
        theirs = replace(wider, context=admin.model_copy(update=other))
        assert await questions_before(connection, theirs) == []


def past(*plans: str | None) -> Sequence[PastRun]:
    return [PastRun(uuid7(), "q", plan, "a") for plan in plans]


def test_a_plan_that_names_what_the_role_may_not_use_is_left_out_whole() -> None:
    revenue = REVENUE.model_dump_json()
    assert exchanges(past(revenue), source.restricted("marketing")) == ()
    assert len(exchanges(past(revenue), source.restricted("finance"))) == 1


def test_an_older_form_is_left_out_and_a_run_without_a_plan_is_kept() -> None:
    model = source.restricted("admin")
    assert exchanges(past('{"kind": "riddle"}', None), model) == (Exchange("q", None, "a"),)
    assert exchanges(past(Knowledge().model_dump_json()), model)[0].output == Knowledge()
