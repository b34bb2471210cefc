"""Profiles of what people may see, kept for as long as they are worth.

One for each role and scope of a warehouse. A profile past its age is still served while a new one
is made in the background; it may age at least a minute, and fifty times what it took to make.
One that nobody has asked for in a long while is not served any more: the days that a question
counts from would be those of another day.
"""

import asyncio
import time
from dataclasses import dataclass

import structlog
from cachetools import LRUCache

from contracts.context import UserContext
from workflow.execute.errors import ExecutionError
from workflow.execute.profile import profile
from workflow.execute.warehouse import Warehouse
from workflow.semantic.model import DataProfile, SemanticModel

MIN_AGE_SECONDS = 60.0
AGE_PER_COST = 50.0
SERVED_FOR = 10.0
"""How many times its age a profile is served at most."""
MAX_PROFILES = 256
log = structlog.get_logger(__name__)

Key = tuple[str, str, bool, tuple[int, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Kept:
    profile: DataProfile
    fresh_until: float
    served_until: float


class ProfileCache:
    """Hands out profiles; the first asker of a scope waits for it, the others share the wait."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._kept = LRUCache[Key, _Kept](MAX_PROFILES)
        self._making: dict[Key, asyncio.Task[DataProfile]] = {}

    async def get(self, model: SemanticModel, context: UserContext) -> DataProfile:
        """What this person may see. Raises ExecutionError where it cannot be read."""
        key = (
            model.digest,
            context.role,
            context.is_all_stores,
            context.store_ids,
            context.allowed_views,
        )
        kept = self._kept.get(key)
        now = time.monotonic()
        if kept is not None and now < kept.served_until:
            if now > kept.fresh_until:
                self._make(key, model, context)
            return kept.profile
        return await asyncio.shield(self._make(key, model, context))

    def forget(self) -> None:
        """The data are others now: the next asker of each scope waits for a new profile. One
        that is being read just now may be of the old data, and is kept by nobody."""
        self._kept.clear()
        self._making.clear()

    def _make(
        self, key: Key, model: SemanticModel, context: UserContext
    ) -> asyncio.Task[DataProfile]:
        task = self._making.get(key)
        if task is None:
            task = asyncio.create_task(self._read(key, model, context))
            task.add_done_callback(lambda done: self._done(key, done))
            self._making[key] = task
        return task

    async def _read(self, key: Key, model: SemanticModel, context: UserContext) -> DataProfile:
        started = time.monotonic()
        made = await profile(self._warehouse, model, context)
        now = time.monotonic()
        age = max(MIN_AGE_SECONDS, AGE_PER_COST * (now - started))
        if self._making.get(key) is asyncio.current_task():
            self._kept[key] = _Kept(made, now + age, now + SERVED_FOR * age)
        return made

    def _done(self, key: Key, task: asyncio.Task[DataProfile]) -> None:
        if self._making.get(key) is task:
            del self._making[key]
        if not task.cancelled() and isinstance(task.exception(), ExecutionError):
            log.warning("profile not refreshed", error=str(task.exception()))
