"""Daily token budgets, of a person and of an organisation, counted in the database.

What is used is added up here and written at once, but at most four times a second; a process that
dies loses what it had not yet written, a moment's worth. A budget is
checked before a call against what is known of all workers, read anew every few seconds. Calls
under way are not foreseen: a budget is overdrawn by at most these.
"""

import asyncio
import math
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID

import structlog

from kit.database import DatabaseAway, Pool
from workflow.llm.errors import ModelUnavailable
from workflow.llm.meter import Payer, Use
from workflow.llm.settings import ModelSettings
from workflow.store import model_use

READ_AGAIN_SECONDS = 5.0
WRITE_AGAIN_SECONDS = 5.0
WRITE_GAP_SECONDS = 0.25
MAX_KNOWN = 10_000
log = structlog.get_logger(__name__)


class Budgets:
    """A Meter over the database. Close it before the pool."""

    def __init__(
        self,
        pool: Pool,
        settings: ModelSettings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._of_person = settings.model_tokens_per_person
        self._of_organisation = settings.model_tokens_per_organisation
        self._now = now
        self._persons: dict[tuple[Payer, date], int] = {}
        self._organisations: dict[tuple[UUID, date], int] = {}
        self._read_at: dict[tuple[Payer, date], float] = {}
        self._unwritten: dict[tuple[Payer, date], Use] = {}
        self._lock = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None

    async def admit(self, payer: Payer) -> None:
        """Raises ModelUnavailable where a budget of today is used up, or cannot be read."""
        if not (self._of_person or self._of_organisation):
            return
        today = self._now().date()
        await self._read(payer, today)
        if self._of_person and self._persons[payer, today] >= self._of_person:
            raise ModelUnavailable(_used_up("Your", self._of_person))
        used = self._organisations[payer.org_id, today]
        if self._of_organisation and used >= self._of_organisation:
            raise ModelUnavailable(_used_up("Your organisation's", self._of_organisation))

    def count(self, payer: Payer, use: Use) -> None:
        """Add to today's."""
        today = self._now().date()
        if (payer, today) in self._persons:
            self._persons[payer, today] += use.tokens
        if (payer.org_id, today) in self._organisations:
            self._organisations[payer.org_id, today] += use.tokens
        self._unwritten[payer, today] = self._unwritten.get((payer, today), Use()) + use
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="model use")

    async def close(self) -> None:
        """Write what is not yet written, once."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait({self._writer})
        if self._unwritten:
            await self._write_once()

    async def _read(self, payer: Payer, today: date) -> None:
        at = time.monotonic()
        if at - self._read_at.get((payer, today), -math.inf) < READ_AGAIN_SECONDS:
            return
        try:
            # what is being written just now would be in neither sum
            async with self._lock, self._pool.connection() as connection:
                person, organisation = await model_use.tokens(
                    connection, org_id=payer.org_id, user_id=payer.user_id, day=today
                )
                for (other, day), use in self._unwritten.items():
                    if day == today and other.org_id == payer.org_id:
                        organisation += use.tokens
                        person += use.tokens if other == payer else 0
                if len(self._read_at) >= MAX_KNOWN:
                    for known in (self._read_at, self._persons, self._organisations):
                        known.clear()
                self._read_at[payer, today] = at
                self._persons[payer, today] = person
                self._organisations[payer.org_id, today] = organisation
        except DatabaseAway as error:
            raise ModelUnavailable("the model's budget could not be read") from error

    async def _write(self) -> None:
        while self._unwritten:
            is_written = await self._write_once()
            await asyncio.sleep(WRITE_GAP_SECONDS if is_written else WRITE_AGAIN_SECONDS)

    async def _write_once(self) -> bool:
        async with self._lock:
            return await self._write_taken()

    async def _write_taken(self) -> bool:
        taken, self._unwritten = self._unwritten, {}
        try:
            async with self._pool.connection() as connection:
                await model_use.add(connection, [_row(*key, use) for key, use in taken.items()])
        except BaseException as error:
            for key, use in taken.items():
                self._unwritten[key] = self._unwritten.get(key, Use()) + use
            if not isinstance(error, DatabaseAway):
                raise
            log.warning("model use not written", error=type(error).__name__)
            return False
        return True


def _row(payer: Payer, day: date, use: Use) -> model_use.UseRow:
    return model_use.UseRow(
        org_id=payer.org_id,
        day=day,
        user_id=payer.user_id,
        calls=use.calls,
        prompt_tokens=use.prompt_tokens,
        completion_tokens=use.completion_tokens,
        cost=use.cost,
    )


def _used_up(whose: str, tokens: int) -> str:
    return (
        f"{whose} budget of {tokens:,} tokens for language models is used up for today; it starts "
        "anew at midnight UTC"
    )
