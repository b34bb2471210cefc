"""Sealing what has ended since the last checkpoint, once a while, by whichever process is free."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import structlog

from contracts.evidence import SignedCheckpoint
from kit.database import Connection, DatabaseAway, Pool
from kit.tasks import end
from workflow.audit import checkpoint
from workflow.audit.signing import CannotOpen, SigningKey, keep, new_key, opened
from workflow.store import checkpoints, signing_keys

MOST_ENTRIES = 1_000
"""In one checkpoint, so that hashing them keeps nobody waiting; more go into the next, at once."""
log = structlog.get_logger(__name__)


async def key_in_force(connection: Connection, secret: str) -> SigningKey:
    """The key that signs. One is made where there is none yet, or none that `secret` opens: what
    the old one signed stays good. Needs a transaction."""
    await signing_keys.lock(connection)
    kept = await signing_keys.in_force(connection)
    if kept is not None:
        try:
            return opened(kept[0], kept[1], secret)
        except CannotOpen:
            log.warning("signing key replaced: it is kept under another secret", key_id=kept[0])
    return await rotate(connection, secret)


async def rotate(connection: Connection, secret: str) -> SigningKey:
    """A new key in the place of the one in force. Needs a transaction."""
    await signing_keys.lock(connection)
    key = new_key()
    await signing_keys.replace(
        connection,
        key.key_id,
        public_key=key.private.public_key().public_bytes_raw(),
        kept=keep(key, secret),
    )
    log.info("signing key made", key_id=key.key_id)
    return key


async def seal(connection: Connection, secret: str) -> list[SignedCheckpoint]:
    """Seal everything that has ended, organisation by organisation; nothing where another process
    is at it. What ends meanwhile is in the next one."""
    sealed: list[SignedCheckpoint] = []
    for org_id in await checkpoints.waiting(connection):
        while True:
            async with connection.transaction():
                if not await checkpoints.try_lock(connection):
                    return sealed
                made = await _seal_next(connection, org_id, secret)
            if made is None:
                break
            sealed.append(made)
            log.info(
                "checkpoint",
                org_id=str(org_id),
                number=made.checkpoint.number,
                entries=made.checkpoint.entries,
                digest=made.digest,
            )
    return sealed


async def _seal_next(connection: Connection, org_id: UUID, secret: str) -> SignedCheckpoint | None:
    entries = await checkpoints.unsealed(connection, org_id, limit=MOST_ENTRIES)
    if not entries:
        return None
    last = await checkpoints.newest(connection, org_id)
    row = checkpoint.make(
        org_id,
        entries,
        after=checkpoint.signed(last).checkpoint if last else None,
        previous=last.digest if last else "",
        key=await key_in_force(connection, secret),
        at=datetime.now(UTC),
    )
    await checkpoints.seal(connection, row, entries)
    return checkpoint.signed(row)


class Sealer:
    """Seals every `seconds` for as long as it is open. Several processes may: they take turns."""

    def __init__(self, pool: Pool, *, secret: str, seconds: float) -> None:
        self._pool = pool
        self._secret = secret
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Make the first key if there is none, and seal from now on."""
        async with self._pool.connection() as connection, connection.transaction():
            await key_in_force(connection, self._secret)
        self._task = asyncio.create_task(self._go_on())

    async def close(self) -> None:
        """What has not been sealed is, by the next that opens."""
        if self._task is not None:
            await end(self._task)

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            try:
                async with self._pool.connection() as connection:
                    await seal(connection, self._secret)
            except DatabaseAway as error:
                log.warning("not sealed", error=type(error).__name__)
            except Exception:  # what goes wrong once must not end the sealing for good
                log.exception("not sealed")
