"""Ending what runs in the background."""

import asyncio

from kit.tasks import end


async def test_what_goes_on_has_failed_or_is_over_is_ended_quietly() -> None:
    async def fail() -> None:
        raise ValueError

    going_on, failed = asyncio.create_task(asyncio.sleep(60)), asyncio.create_task(fail())
    await asyncio.wait({failed})
    await end(going_on, failed)
    assert going_on.cancelled()
    await end(going_on, failed)
    await end()
