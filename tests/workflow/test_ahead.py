"""What begins while a question is being stored comes to what it would come to afterwards."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from contracts.plan import Planned, Refuse
from tests.workflow.desk import Desk, open_desk
from workflow.ahead import look_ahead
from workflow.plan.router import MayAsk

QUESTION = "revenue by category"


@pytest.fixture
async def desk(app_url: str, warehouse_url: str, reader_secret: str) -> AsyncIterator[Desk]:
    async with open_desk(app_url, warehouse_url, reader_secret) as made:
        yield made


class Model:
    """Says when it is being asked, and refuses."""

    def __init__(self) -> None:
        self.is_prepared = asyncio.Event()
        self.calls = 0

    async def __call__(self, *_: Any, may_ask: MayAsk, **__: Any) -> Planned:
        self.is_prepared.set()
        await may_ask()
        self.calls += 1
        return Planned(output=Refuse(reason="no"), planner="model")


async def test_it_is_the_same_plan_and_the_same_documents(desk: Desk) -> None:
    person = desk.person("manager_store1")
    answer = await desk.ask("manager_store1", QUESTION)
    ahead = look_ahead(desk.workflow.parts, QUESTION, person, is_first=True)
    assert ahead.planned is not None
    assert (await ahead.planned).planned.output.model_dump()["plan"] == answer.plan.model_dump()[  # type: ignore[union-attr]
        "plan"
    ]
    assert await ahead.sources == answer.sources
    with psycopg.connect(desk.app_url) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)


async def test_a_model_is_asked_once_the_question_is_stored(desk: Desk) -> None:
    model = Model()
    parts = replace(desk.workflow.parts, model_plan=model)
    ahead = look_ahead(parts, QUESTION, desk.person("manager_store1"), is_first=True)
    assert ahead.planned is not None
    await asyncio.wait_for(model.is_prepared.wait(), 10)
    await asyncio.wait({ahead.planned}, timeout=0.1)
    assert model.calls == 0
    ahead.stored.set()
    assert (await ahead.planned).planned.planner == "model"
    assert model.calls == 1


async def test_a_model_is_not_asked_what_is_not_stored(desk: Desk) -> None:
    model = Model()
    parts = replace(desk.workflow.parts, model_plan=model)
    ahead = look_ahead(parts, QUESTION, desk.person("manager_store1"), is_first=True)
    await asyncio.wait_for(model.is_prepared.wait(), 10)
    ahead.cancel()
    assert ahead.planned is not None
    await asyncio.wait({ahead.sources, ahead.planned}, timeout=10)
    assert ahead.planned.cancelled() and model.calls == 0


async def test_what_rests_on_an_earlier_question_waits(desk: Desk) -> None:
    person = desk.person("manager_store1")
    ahead = look_ahead(desk.workflow.parts, QUESTION, person, is_first=False)
    assert ahead.planned is None
    await ahead.sources


async def test_what_is_not_asked_for_any_more_ends(desk: Desk) -> None:
    person = desk.person("manager_store1")
    ahead = look_ahead(desk.workflow.parts, QUESTION, person, is_first=True)
    ahead.cancel()
    assert ahead.planned is not None
    await asyncio.wait({ahead.sources, ahead.planned}, timeout=10)
    assert ahead.sources.cancelled() and ahead.planned.cancelled()
