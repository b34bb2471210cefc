"""The keys that checkpoints and receipts are checked with, read again only now and then: anybody
may ask for them."""

import asyncio
import time
from collections.abc import Callable

from contracts.evidence import KeySet
from gateway.store.signing_keys import public_keys
from kit.database import Pool, connected

KEPT_SECONDS = 5.0


class PublicKeys:
    """A key set that is at most a few seconds old."""

    def __init__(self, pool: Pool, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._monotonic = monotonic
        self._reading = asyncio.Lock()
        self._kept = KeySet(keys=())
        self._kept_until = float("-inf")

    async def now(self) -> KeySet:
        """Raises Unavailable where there is none kept and the database is away."""
        async with self._reading:
            if self._monotonic() >= self._kept_until:
                async with connected(self._pool) as connection:
                    self._kept = await public_keys(connection)
                self._kept_until = self._monotonic() + KEPT_SECONDS
            return self._kept
