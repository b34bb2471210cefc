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
from workflow.store import model_budgets, model_use
from workflow.store.model_budgets import BudgetRow

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
        self._limits: dict[Payer, tuple[int, int]] = {}
        self._unwritten: dict[tuple[Payer, str, date], Use] = {}
        self._lock = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None

    async def admit(self, payer: Payer) -> None:
        """Raises ModelUnavailable where a budget of today is used up, or cannot be read."""
        today = self._now().date()
        await self._read(payer, today)
        of_person, of_organisation = self._limits[payer]
        if of_person and self._persons[payer, today] >= of_person:
            raise ModelUnavailable(_used_up("Your", of_person))
        used = self._organisations[payer.org_id, today]
        if of_organisation and used >= of_organisation:
            raise ModelUnavailable(_used_up("Your organisation's", of_organisation))

    def count(self, payer: Payer, use: Use, model: str = "") -> None:
        """Add to today's."""
        today = self._now().date()
        if (payer, today) in self._persons:
            self._persons[payer, today] += use.tokens
        if (payer.org_id, today) in self._organisations:
            self._organisations[payer.org_id, today] += use.tokens
        key = (payer, model, today)
        self._unwritten[key] = self._unwritten.get(key, Use()) + use
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="model use")

    async def close(self) -> None:
        """Write what is not yet written, once."""
        if self._writer is not None:
            async with self._lock:  # in the middle of writing, nobody could say what became of it
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
                row = await model_budgets.of_organisation(connection, payer.org_id)
                for (other, _, day), use in self._unwritten.items():
                    if day == today and other.org_id == payer.org_id:
                        organisation += use.tokens
                        person += use.tokens if other.user_id == payer.user_id else 0
                if len(self._read_at) >= MAX_KNOWN:
                    self._forget()
                self._limits[payer] = self._limits_of(payer, row)
                self._read_at[payer, today] = at
                self._persons[payer, today] = person
                self._organisations[payer.org_id, today] = organisation
        except DatabaseAway as error:
            raise ModelUnavailable("the model's budget could not be read") from error

    def _limits_of(self, payer: Payer, row: BudgetRow) -> tuple[int, int]:
        """Of the person in this role, and of the organisation; 0 is no limit."""
        person = self._of_person if row.person is None else row.person
        whole = self._of_organisation if row.organisation is None else row.organisation
        return (row.roles or {}).get(payer.role, person), whole

    def _forget(self) -> None:
        self._read_at.clear()
        self._persons.clear()
        self._organisations.clear()
        self._limits.clear()

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


def _row(payer: Payer, model: str, day: date, use: Use) -> model_use.UseRow:
    return model_use.UseRow(
        org_id=payer.org_id,
        day=day,
        user_id=payer.user_id,
        role=payer.role,
        model=model,
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
