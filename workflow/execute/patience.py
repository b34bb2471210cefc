"""The warehouse is away for a moment: whoever nobody sits waiting for tries again."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from workflow.execute.errors import ExecutionError

PAUSE_SECONDS = 0.5
V = TypeVar("V")


async def patiently(call: Callable[[], Awaitable[V]], seconds: float) -> V:
    """`call`, again and again for `seconds` as long as the warehouse cannot be reached; once
    where that is 0. Raises ExecutionError."""
    until = time.monotonic() + seconds
    while True:
        try:
            return await call()
        except ExecutionError as error:
            if error.kind != "unavailable" or time.monotonic() >= until:
                raise
        await asyncio.sleep(PAUSE_SECONDS)
