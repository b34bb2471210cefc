"""Ending what runs in the background."""

import asyncio

import pytest

from kit import tasks
from kit.tasks import end


async def test_a_loop_that_misses_its_cancellation_is_ended_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 0.01)
    missed = 0

    async def loop() -> None:
        nonlocal missed
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                missed += 1
                if missed > 1:
                    raise

    running = asyncio.create_task(loop())
    await asyncio.sleep(0)
    await asyncio.wait_for(end(running), 5)
    assert missed == 2
    assert running.cancelled()


async def test_what_failed_or_is_over_is_ended_quietly() -> None:
    async def fail() -> None:
        raise ValueError

    failed = asyncio.create_task(fail())
    await asyncio.wait({failed})
    await end(failed)
    await end()
