"""What begins while a question is being stored comes to what it would come to afterwards."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from contracts.plan import Planned, Refuse
from tests.workflow.desk import Desk, open_desk
from workflow.ahead import look_ahead
from workflow.parts import Parts

QUESTION = "revenue by category"


@pytest.fixture
async def desk(app_url: str, warehouse_url: str, reader_secret: str) -> AsyncIterator[Desk]:
    async with open_desk(app_url, warehouse_url, reader_secret) as made:
        yield made


def with_model(parts: Parts) -> Parts:
    async def planned() -> Planned:
        return Planned(output=Refuse(reason="no"), planner="model")

    def model_plan(*_: Any, **__: Any) -> Coroutine[None, None, Planned]:
        return planned()

    return replace(parts, model_plan=model_plan)


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


async def test_a_model_and_a_conversation_wait_until_the_question_is_stored(desk: Desk) -> None:
    person, parts = desk.person("manager_store1"), desk.workflow.parts
    for ahead in (
        look_ahead(with_model(parts), QUESTION, person, is_first=True),
        look_ahead(parts, QUESTION, person, is_first=False),
    ):
        assert ahead.planned is None
        await ahead.sources


async def test_what_is_not_asked_for_any_more_ends(desk: Desk) -> None:
    person = desk.person("manager_store1")
    ahead = look_ahead(desk.workflow.parts, QUESTION, person, is_first=True)
    ahead.cancel()
    assert ahead.planned is not None
    await asyncio.wait({ahead.sources, ahead.planned}, timeout=10)
    assert ahead.sources.cancelled() and ahead.planned.cancelled()
