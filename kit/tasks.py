"""Ending what runs in the background."""

import asyncio
from typing import Any

AGAIN_SECONDS = 5.0


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel them and wait until they are over, whatever came of them. Before Python 3.12 a
    cancellation is lost where `asyncio.wait_for` has its result in the same moment, as a pool of
    connections may; a loop would then go on, so it is cancelled until it ends."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)
