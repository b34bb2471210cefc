"""What every call is checked against: role policy, stores, deactivations and log-outs.

Held in memory and read again every few seconds, so that a call costs no statement.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from gateway.auth.lockout import FORGET_AFTER
from gateway.store import directory as store
from gateway.store import login_failures, revoked_tokens, sessions
from kit.database import Pool, connected
from kit.problems import Unavailable
from kit.tasks import end

CLEAN_EVERY = timedelta(minutes=10)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RolePolicy:
    """What a role may do and which views it may read."""

    permissions: tuple[str, ...]
    allowed_views: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """A reading. `organisations` are found by name and by id as text; an organisation that is
    not in `stores` has none on record."""

    roles: Mapping[tuple[UUID, str], RolePolicy]
    organisations: Mapping[str, UUID]
    stores: Mapping[UUID, frozenset[int]]
    inactive_users: frozenset[UUID]
    revoked_tokens: frozenset[str]


class DirectoryReader:
    """Keeps a `Directory` fresh, and refuses to hand out one that is too old to trust."""

    def __init__(
        self,
        pool: Pool,
        *,
        every: float,
        stale_after: float,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._every = every
        self._stale_after = stale_after
        self._clock = clock
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._begun = self._complete = 0  # readings, by number
        self._directory: Directory | None = None
        self._read_at = 0.0
        self._cleaned_at: datetime | None = None

    def current(self) -> Directory:
        """The latest reading. Raises Unavailable before the first one, and when the database has
        been away for so long that a log-out could have gone unnoticed."""
        if self._directory is None or self._monotonic() - self._read_at > self._stale_after:
            raise Unavailable("Who may do what cannot be read at the moment. Try again shortly.")
        return self._directory

    async def refresh(self) -> None:
        """Read now: what was changed before the call counts after it. Any number of callers at
        a time cost two readings."""
        last_before = self._begun
        async with self._lock:  # so that an older reading never replaces a newer one
            if self._complete > last_before:
                return
            self._begun += 1
            number, began = self._begun, self._monotonic()
            async with connected(self._pool) as connection:
                organisations = await store.organisations(connection)
                roles = await store.roles(connection)
                stores = await store.stores(connection)
                inactive = await store.inactive_users(connection)
                revoked = await store.revoked_tokens(connection, at=self._clock())
            self._directory = Directory(
                roles={
                    (org_id, role): RolePolicy(tuple(permissions), tuple(views))
                    for org_id, role, permissions, views in roles
                },
                organisations={name: org_id for org_id, name in organisations}
                | {str(org_id): org_id for org_id, _ in organisations},
                stores=_by_organisation(stores),
                inactive_users=frozenset(inactive),
                revoked_tokens=frozenset(revoked),
            )
            self._read_at, self._complete = began, number

    @asynccontextmanager
    async def kept_fresh(self) -> AsyncIterator[None]:
        """Read once, then again and again for the length of the block. A database that is away
        stops neither."""
        await self._try()
        task = asyncio.create_task(self._go_on())
        try:
            yield
        finally:
            await end(task)

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            await self._try()

    async def _try(self) -> None:
        try:
            await self.refresh()
            await self._clean()
        except Unavailable:  # said by /readyz, and by current() once it matters
            log.warning("directory not read", reason="the database does not answer")
        except Exception:  # what goes wrong once must not end the reading for good
            log.exception("directory not read")

    async def _clean(self) -> None:
        now = self._clock()
        if self._cleaned_at is not None and now - self._cleaned_at < CLEAN_EVERY:
            return
        self._cleaned_at = now
        async with connected(self._pool) as connection:
            await sessions.forget_over(connection, before=now)
            await revoked_tokens.forget_expired(connection, before=now)
            await login_failures.forget_old(connection, before=now - FORGET_AFTER)


def _by_organisation(stores: list[tuple[UUID, int]]) -> dict[UUID, frozenset[int]]:
    found: dict[UUID, set[int]] = {}
    for org_id, store_id in stores:
        found.setdefault(org_id, set()).add(store_id)
    return {org_id: frozenset(ids) for org_id, ids in found.items()}
