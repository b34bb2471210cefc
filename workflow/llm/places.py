"""How many calls to models run at one time, and how closely they start after each other."""

import asyncio

START_GAP_SECONDS = 0.004
"""Questions that come together are answered by the model together, too, and then want the
processor at the same moment, which had nothing to do while the model was thinking. Started a
little apart they come back a little apart, and stay so; a lone question never waits."""


class Places:
    """A free place for each call; one event loop."""

    def __init__(self, count: int, *, gap_seconds: float = START_GAP_SECONDS) -> None:
        self._places = asyncio.Semaphore(count)
        self._gap_seconds = gap_seconds
        self._next_start = 0.0

    async def take(self, seconds: float) -> None:
        """Wait for a place, and for the turn to start. Raises TimeoutError after `seconds`."""
        async with asyncio.timeout(seconds):
            await self._places.acquire()
        now = asyncio.get_running_loop().time()
        start = max(now, self._next_start)
        self._next_start = start + self._gap_seconds
        if start > now:
            try:
                await asyncio.sleep(start - now)
            except asyncio.CancelledError:
                self._places.release()
                raise

    def give_back(self) -> None:
        """The call has ended."""
        self._places.release()
