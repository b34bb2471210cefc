"""Daily token budgets over a real database, and what is counted against them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest

from cli.local_model import LocalModel, serving
from kit.database import Connection, Pool, make_pool
from workflow.budgets import Budgets
from workflow.llm.client import Message, ModelClient
from workflow.llm.errors import ModelUnavailable
from workflow.llm.meter import Payer, Use
from workflow.llm.settings import ModelSettings
from workflow.store import model_use

pytestmark = pytest.mark.anyio
ASKED = (Message("system", "Say something."), Message("user", "{}"))
SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Make = Callable[..., Budgets]


@pytest.fixture
def payer(app_url: str) -> Payer:
    org_id = uuid4()
    with psycopg.connect(app_url) as connection:
        connection.execute(
            "INSERT INTO organisations (org_id, name) VALUES (%s, %s)", (org_id, str(org_id))
        )
    return Payer(org_id, uuid4())


@pytest.fixture
async def pool(app_url: str) -> AsyncIterator[Pool]:
    async with make_pool(app_url, name="test", min_size=1, max_size=4) as pool:
        yield pool


@pytest.fixture
async def make(pool: Pool) -> AsyncIterator[Make]:
    made: list[Budgets] = []

    def make(person: int = 0, organisation: int = 0, at: datetime = NOON) -> Budgets:
        settings = ModelSettings(
            model_tokens_per_person=person, model_tokens_per_organisation=organisation
        )
        made.append(Budgets(pool, settings, now=lambda: at))
        return made[-1]

    yield make
    for budgets in made:
        await budgets.close()


def used(app_url: str, org_id: UUID) -> list[tuple[object, ...]]:
    with psycopg.connect(app_url) as connection:
        return connection.execute(
            "SELECT user_id, sum(calls), sum(prompt_tokens), sum(completion_tokens), sum(cost) "
            "FROM model_use WHERE org_id = %s GROUP BY day, user_id ORDER BY day, user_id",
            (org_id,),
        ).fetchall()


async def test_a_person_who_used_the_days_budget_is_told_so(make: Make, payer: Payer) -> None:
    budgets = make(person=100)
    await budgets.admit(payer)
    budgets.count(payer, Use(60, 39, calls=1))
    await budgets.admit(payer)
    budgets.count(payer, Use(1, 0, calls=1))
    with pytest.raises(ModelUnavailable) as caught:
        await budgets.admit(payer)
    assert caught.value.reason == (
        "Your budget of 100 tokens for language models is used up for today; it starts anew at "
        "midnight UTC"
    )
    await budgets.admit(Payer(payer.org_id, uuid4()))


async def test_an_organisation_shares_a_budget(make: Make, payer: Payer) -> None:
    budgets = make(organisation=100)
    budgets.count(Payer(payer.org_id, uuid4()), Use(100, calls=1))
    with pytest.raises(ModelUnavailable, match="Your organisation's budget of 100 tokens"):
        await budgets.admit(payer)
    await budgets.admit(Payer(uuid4(), payer.user_id))


async def test_other_workers_and_restarts_count(make: Make, payer: Payer) -> None:
    first = make(person=100)
    first.count(payer, Use(100, calls=1))
    await first.close()
    with pytest.raises(ModelUnavailable):
        await make(person=100).admit(payer)


async def test_a_new_day_starts_anew(make: Make, payer: Payer) -> None:
    budgets = make(person=100)
    budgets.count(payer, Use(100, calls=1))
    await budgets.close()
    tomorrow = NOON.replace(hour=0) + timedelta(days=1)
    await make(person=100, at=tomorrow).admit(payer)
    with pytest.raises(ModelUnavailable):
        await make(person=100, at=tomorrow - timedelta(seconds=1)).admit(payer)


async def test_all_that_was_used_is_written_once(make: Make, payer: Payer, app_url: str) -> None:
    budgets = make()
    for _ in range(50):
        budgets.count(payer, Use(2, 1, Decimal("0.01"), calls=1))
        await asyncio.sleep(0)
    await budgets.close()
    assert used(app_url, payer.org_id) == [(payer.user_id, 50, 100, 50, Decimal("0.50"))]


async def test_what_is_being_written_at_the_end_is_written_once(
    make: Make, payer: Payer, app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, is_added = model_use.add, asyncio.Event()

    async def linger(connection: Connection, rows: Sequence[model_use.UseRow]) -> None:
        await add(connection, rows)
        is_added.set()
        await asyncio.sleep(0.1)

    monkeypatch.setattr(model_use, "add", linger)
    budgets = make()
    budgets.count(payer, Use(2, 1, Decimal("0.01"), calls=1))
    await is_added.wait()
    await budgets.close()
    assert used(app_url, payer.org_id) == [(payer.user_id, 1, 2, 1, Decimal("0.01"))]


async def test_a_budget_that_cannot_be_read_is_no_leave_to_spend(payer: Payer) -> None:
    pool = make_pool(
        "postgresql://127.0.0.1:1/none?connect_timeout=1", name="t", min_size=0, timeout=0.5
    )
    await pool.open(wait=False)
    budgets = Budgets(pool, ModelSettings(model_tokens_per_person=1))
    with pytest.raises(ModelUnavailable, match="could not be read"):
        await asyncio.wait_for(budgets.admit(payer), 30)
    await pool.close()


async def test_calls_well_and_not_are_counted_against_who_asked(
    make: Make, payer: Payer, app_url: str
) -> None:
    """Priced where there is a price; estimated where the provider may have worked for nothing."""
    budgets = make(person=1_000_000)
    with serving(LocalModel()) as server:

        async def called(model: str, **more: object) -> None:
            settings = ModelSettings(
                openai_base_url=server.base_url,
                openai_model=model,
                openai_prices="local=1000/2000",
                **more,
            )
            client = ModelClient(settings, meter=budgets)
            try:
                await client.complete(ASKED, schema_name="x", schema=SCHEMA, payer=payer)
            except ModelUnavailable:
                pass
            else:
                async with client.stream_text(ASKED, payer=payer) as stream:
                    assert [text async for text in stream]
                assert stream.cost == (stream.prompt_tokens + 2 * stream.completion_tokens) / (
                    Decimal(1000)
                )
            await client.close()

        await called("local")
        await called("local-402")
        await called("local-hangs", openai_timeout_seconds=0.1, openai_retries=0)
    await budgets.close()
    ((user_id, calls, prompt_tokens, completion_tokens, cost),) = used(app_url, payer.org_id)
    assert user_id == payer.user_id
    assert calls == 3, "an answer, a stream, and one that may have been paid for; not the 402"
    assert prompt_tokens == 3 * (sum(len(m.content) for m in ASKED) // 4)
    assert completion_tokens > 0 and cost > 0


async def test_nothing_is_called_once_the_budget_is_used_up(make: Make, payer: Payer) -> None:
    budgets = make(person=1)
    with serving(LocalModel()) as server:
        settings = ModelSettings(openai_base_url=server.base_url, openai_model="local")
        client = ModelClient(settings, meter=budgets)
        await client.complete(ASKED, schema_name="x", schema=SCHEMA, payer=payer)
        with pytest.raises(ModelUnavailable, match="used up"):
            await client.complete(ASKED, schema_name="x", schema=SCHEMA, payer=payer)
        with pytest.raises(ModelUnavailable, match="used up"):
            async with client.stream_text(ASKED, payer=payer):
                raise AssertionError("not reached")
        assert server.calls.total() == 1
        await client.close()


async def test_what_an_admin_set_holds_in_the_place_of_the_settings(
    make: Make, payer: Payer, app_url: str
) -> None:
    with psycopg.connect(app_url) as connection:
        connection.execute(
            "INSERT INTO model_budgets VALUES (%s, 1, 10, NULL, %s)",
            (payer.org_id, '{"finance": 50, "auditor": 0}'),
        )
    budgets = make(person=1000, organisation=500)
    finance = Payer(payer.org_id, payer.user_id, "finance")
    budgets.count(finance, Use(20, calls=1), "gpt")
    with pytest.raises(ModelUnavailable, match="Your budget of 10 tokens"):
        await budgets.admit(payer)
    await budgets.admit(finance)
    budgets.count(finance, Use(30, calls=1), "gpt")
    with pytest.raises(ModelUnavailable, match="Your budget of 50 tokens"):
        await budgets.admit(finance)
    await budgets.admit(Payer(payer.org_id, payer.user_id, "auditor"))
    await budgets.close()
    with psycopg.connect(app_url) as connection:
        rows = connection.execute(
            "SELECT role, model, calls, prompt_tokens FROM model_use WHERE org_id = %s",
            (payer.org_id,),
        ).fetchall()
    assert rows == [("finance", "gpt", 2, 50)]
