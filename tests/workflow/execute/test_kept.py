"""What was measured is kept for a minute, for one scope, and not beyond a load of the data."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.conftest import ContextOf
from workflow.execute.errors import ExecutionError
from workflow.execute.kept import KEPT_SECONDS, MAX_KEPT, Kept


class Measuring:
    """Gives 1, 2, 3…: whoever gets the same again got what was kept."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self) -> int:
        self.times += 1
        return self.times


@pytest.fixture
def measure() -> Measuring:
    return Measuring()


async def test_it_is_measured_once_a_minute(
    measure: Measuring, context_of: ContextOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, now = Kept[int](), time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert [await kept.get("a", context_of(), measure) for _ in range(2)] == [1, 1]
    now += KEPT_SECONDS + 1
    assert await kept.get("a", context_of(), measure) == 2


async def test_no_scope_is_shown_another_s_figure(
    measure: Measuring, context_of: ContextOf
) -> None:
    kept = Kept[int]()
    contexts = [
        context_of(),
        context_of("store_manager", (1,)),
        context_of("store_manager", (2,)),
        context_of("store_manager", (1, 2)),
        context_of("finance", (1,)),
    ]
    assert [await kept.get("a", one, measure) for one in contexts] == [1, 2, 3, 4, 5]
    assert await kept.get("b", contexts[0], measure) == 6


async def test_what_was_being_measured_of_the_old_data_is_not_kept(
    measure: Measuring, context_of: ContextOf
) -> None:
    kept, begun, loaded = Kept[int](), asyncio.Event(), asyncio.Event()

    async def slow() -> int:
        begun.set()
        await loaded.wait()
        return 99

    task = asyncio.create_task(kept.get("a", context_of(), slow))
    await begun.wait()
    kept.forget()
    loaded.set()
    assert await task == 99
    assert await kept.get("a", context_of(), measure) == 1


async def test_a_failure_is_not_kept_and_there_is_an_end_to_what_is(
    measure: Measuring, context_of: ContextOf
) -> None:
    kept = Kept[int]()

    async def fail() -> int:
        raise ExecutionError("unavailable")

    failing: Callable[[], Awaitable[int]] = fail
    with pytest.raises(ExecutionError):
        await kept.get("a", context_of(), failing)
    for i in range(MAX_KEPT + 1):
        await kept.get(f"{i}", context_of(), measure)
    assert len(kept._kept) <= MAX_KEPT
