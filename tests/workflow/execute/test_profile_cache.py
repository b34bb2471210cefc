"""How long a profile is kept, with a reading that counts itself."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import ContextOf
from workflow.execute import profile_cache
from workflow.execute.profile_cache import MIN_AGE_SECONDS, SERVED_FOR, ProfileCache
from workflow.execute.warehouse import Warehouse
from workflow.semantic.load import load
from workflow.semantic.model import DataProfile

MODEL = load(Path("seeds/pagila/model.yaml"))


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Reading:
    """A profile whose newest day is the number of the reading; slow while `gate` is closed."""

    def __init__(self) -> None:
        self.count = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, *_: object) -> DataProfile:
        self.count += 1
        made = DataProfile(values={}, newest={"sales": date(2000, 1, self.count)})
        await self.gate.wait()
        return made


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    reading = Reading()
    monkeypatch.setattr(profile_cache, "profile", reading)
    return reading


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(profile_cache, "time", clock)
    return clock


@pytest.fixture
def cache() -> ProfileCache:
    return ProfileCache(Warehouse("", reader_secret=""))


async def day(cache: ProfileCache, context_of: ContextOf) -> int:
    return (await cache.get(MODEL, context_of())).newest["sales"].day


async def test_one_past_its_age_is_served_while_another_is_read(
    cache: ProfileCache, reading: Reading, clock: Clock, context_of: ContextOf
) -> None:
    assert [await day(cache, context_of) for _ in range(2)] == [1, 1]
    clock.now += MIN_AGE_SECONDS + 1
    assert await day(cache, context_of) == 1
    await asyncio.sleep(0.01)
    assert await day(cache, context_of) == 2


async def test_one_from_long_ago_is_not_served(
    cache: ProfileCache, reading: Reading, clock: Clock, context_of: ContextOf
) -> None:
    assert await day(cache, context_of) == 1
    clock.now += SERVED_FOR * MIN_AGE_SECONDS + 1
    assert await day(cache, context_of) == 2


async def test_after_a_load_the_next_asker_gets_a_new_one(
    cache: ProfileCache, reading: Reading, clock: Clock, context_of: ContextOf
) -> None:
    assert await day(cache, context_of) == 1
    cache.forget()
    assert await day(cache, context_of) == 2


async def test_one_that_was_being_read_during_the_load_is_not_kept(
    cache: ProfileCache, reading: Reading, clock: Clock, context_of: ContextOf
) -> None:
    reading.gate.clear()
    early = asyncio.create_task(day(cache, context_of))
    await asyncio.sleep(0.01)
    cache.forget()
    late = asyncio.create_task(day(cache, context_of))
    await asyncio.sleep(0.01)
    reading.gate.set()
    assert (await early, await late) == (1, 2)
    assert await day(cache, context_of) == 2
