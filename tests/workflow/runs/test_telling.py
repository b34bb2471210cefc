"""An answer told by a model while somebody listens, comes back, or the process before died."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import orjson
import psycopg
import pytest

from contracts.context import UserContext
from contracts.run import RunStatus
from tests.arrived import arrived_at
from tests.conftest import ContextOf
from workflow.api import streams
from workflow.api.ask import begin_stream
from workflow.bootstrap import Workflow, running
from workflow.narrate.prompt import Prompt
from workflow.runner import Runner
from workflow.settings import WorkflowSettings
from workflow.stages import Spent
from workflow.store import audit_events, runs

STAGES = [
    "rag_retrieval",
    "llm_generation",
    "validation",
    "db_execution",
    "narration",
    "completed",
]

QUESTION = "What is total revenue?"


class Words:
    """A model that says what it is told to, and counts what it was paid for."""

    def __init__(self) -> None:
        self.calls = 0
        self.prompts: list[Prompt] = []
        self.first = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(
        self, prompt: Prompt, spent: Spent, context: UserContext
    ) -> AsyncGenerator[str, None]:
        self.calls += 1
        self.prompts.append(prompt)
        spent.model, spent.tokens = "one", 42
        rows = orjson.loads(prompt.user)["result"]["rows"]
        yield f"Revenue was {rows[0][0]}. And "
        self.first.set()
        await self.go_on.wait()
        yield "it was 123,456,789.00 elsewhere."


@pytest.fixture
async def workflow(settings: WorkflowSettings) -> AsyncIterator[Workflow]:
    async with running(settings) as made:
        yield made


def with_words(workflow: Workflow, words: Words) -> Workflow:
    parts = replace(workflow.parts, model_words=words)
    runner = Runner(parts, workflow.hub)
    runner.worker_id = workflow.runner.worker_id
    return replace(workflow, parts=parts, runner=runner)


@pytest.fixture
async def context(context_of: ContextOf, app_url: str) -> UserContext:
    connection = await psycopg.AsyncConnection.connect(app_url, autocommit=True)
    async with connection:
        cursor = await connection.execute(
            "INSERT INTO organisations (name) VALUES ('one') RETURNING org_id"
        )
        row = await cursor.fetchone()
    assert row is not None
    return context_of("store_manager", (1,)).model_copy(update={"org_id": row[0]})


Event = tuple[str, str, dict[str, object]]


async def until(body: AsyncIterator[bytes], last: str) -> list[Event]:
    """The events of a stream, up to the first of a kind."""
    seen: list[Event] = []
    async for chunk in body:
        fields = dict(
            line.split(": ", 1) for line in chunk.decode().splitlines() if ": " in line[:7]
        )
        if "event" in fields:
            data = orjson.loads(fields["data"])
            seen.append((fields["event"], fields.get("id", ""), data))
            if fields["event"] == last:
                break
    return seen


@asynccontextmanager
async def held_open(workflow: Workflow, run_id: UUID) -> AsyncIterator[None]:
    """Nothing can be written of the run, so that it does not end meanwhile."""
    async with workflow.parts.pool.connection() as connection, connection.transaction():
        await connection.execute("SELECT FROM runs WHERE run_id = %s FOR UPDATE", [run_id])
        yield


async def test_who_leaves_before_the_first_word_has_their_question_answered(
    workflow: Workflow, context: UserContext
) -> None:
    run = await arrived_at(workflow, context, QUESTION)
    unread = begin_stream(workflow, run)
    task = workflow.runner.task(run.run_id)
    assert task is not None
    outcome = await task
    assert outcome.answer.status is RunStatus.COMPLETED
    assert not workflow.hub.is_heard(run.run_id)
    kinds = [kind for kind, _, _ in await until(unread, "answer")]
    assert kinds[0] == "run"
    assert kinds.count("stage") == len(STAGES)


async def test_a_client_that_comes_back_gets_the_text_once(
    workflow: Workflow, context: UserContext
) -> None:
    words = Words()
    telling = with_words(workflow, words)
    run = await arrived_at(telling, context, QUESTION)
    with telling.hub.listen(run.run_id) as queue:
        task = telling.runner.start(run)
        first = await until(streams.live(queue, task), "delta")
    assert [data["stage"] for kind, _, data in first if kind == "stage"] == STAGES[:4]
    _, delta_id, delta = first[-1]
    assert (delta_id, delta["place"]) == ("4-1", 0)

    back = streams.follow(telling, context, run.run_id, delta_id)
    anew = streams.follow(telling, context, run.run_id, "")
    begun = await until(anew, "delta")
    assert begun[-1][2] == delta
    async with held_open(telling, run.run_id):  # what is not over yet is told in pieces
        words.go_on.set()
        rest = await until(back, "delta")
    rest += await until(back, "answer")
    outcome = await task
    more = [data for kind, _, data in rest if kind == "delta"]
    assert [one["place"] for one in more] == [1]  # the fine print; the lie was struck
    assert rest[-1][2] == orjson.loads(outcome.text)
    assert outcome.answer.answer == f"{delta['text']}{more[0]['text']}"
    assert outcome.answer.explain is not None
    assert outcome.answer.explain.struck == ("And it was 123,456,789.00 elsewhere.",)
    assert words.calls == 1
    assert (outcome.answer.usage.model, outcome.answer.usage.tokens) == ("one", 42)


async def test_what_the_model_is_shown_is_the_result_and_what_it_is_of(
    workflow: Workflow, context: UserContext
) -> None:
    words = Words()
    words.go_on.set()
    telling = with_words(workflow, words)
    await telling.runner.start(await arrived_at(telling, context, QUESTION))
    told = orjson.loads(words.prompts[0].user)
    assert set(told) == {"asked", "scope", "as_of", "complete", "result", "question"}
    assert told["scope"] == "store 1"


async def test_a_model_is_not_paid_again_after_a_death_in_the_middle_of_its_telling(
    workflow: Workflow, context: UserContext
) -> None:
    words = Words()
    telling = with_words(workflow, words)
    run = await arrived_at(telling, context, QUESTION)
    task = telling.runner.start(run)
    await words.first.wait()
    task.cancel()  # as when the process ends: nothing more is written
    await asyncio.wait({task})

    async with telling.parts.pool.connection() as connection:
        recorded = await audit_events.of_run(connection, run.run_id)
        run = await runs.get(  # type: ignore[assignment]  # it is there
            connection, run.run_id, org_id=context.org_id, user_id=context.user_id
        )
    assert [event.stage for event in recorded] == STAGES[:4]
    outcome = await telling.runner.start(run, recorded)
    assert words.calls == 1
    assert outcome.answer.status is RunStatus.COMPLETED
    assert outcome.answer.answer.startswith("Revenue was ")
    async with telling.parts.pool.connection() as connection:
        recorded = await audit_events.of_run(connection, run.run_id)
    assert [event.stage for event in recorded] == STAGES


async def test_without_a_model_the_text_is_told_once_it_is_on_record(
    workflow: Workflow, context: UserContext
) -> None:
    run = await arrived_at(workflow, context, QUESTION)
    with workflow.hub.listen(run.run_id) as queue:
        task = workflow.runner.start(run)
        seen = await until(streams.live(queue, task), "answer")
    kinds = [kind for kind, _, _ in seen]
    assert kinds == ["stage"] * len(STAGES) + ["delta", "delta", "answer"]
    assert [data_id for kind, data_id, _ in seen if kind == "delta"] == ["6-1", "6-2"]
    told = "".join(str(data["text"]) for kind, _, data in seen if kind == "delta")
    assert told == seen[-1][2]["answer"]
