"""What was measured of the warehouse, kept for a minute: short enough for a figure that changes
with the rows, long enough that who asks the same again does not wait for it again."""

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from contracts.context import UserContext

KEPT_SECONDS = 60.0
MAX_KEPT = 2048
V = TypeVar("V")


class Kept(Generic[V]):
    """Figures by what was measured and the row scope of whom; never shared between scopes."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[V, float]] = {}

    async def get(self, what: str, context: UserContext, measure: Callable[[], Awaitable[V]]) -> V:
        """The figure for `what`, measured where none is kept. What `measure` raises is raised,
        and nothing is kept then."""
        key = (what, context.role, context.store_ids, context.is_all_stores, context.allowed_views)
        kept = self._kept
        found = kept.get(key)
        if found is not None and time.monotonic() < found[1]:
            return found[0]
        value = await measure()
        if len(kept) >= MAX_KEPT:
            kept.clear()
        kept[key] = (value, time.monotonic() + KEPT_SECONDS)
        return value

    def forget(self) -> None:
        """The data are others now. What is being measured just now may be of the old ones, and
        is kept where nobody looks any more."""
        self._kept = {}
