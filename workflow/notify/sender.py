"""Sends what is queued: again and again, ever more slowly, and then leaves it to an admin."""

from collections.abc import Mapping

import structlog

from kit.database import Pool
from workflow.notify.channels import Deliver, NotDelivered
from workflow.store import notifications
from workflow.store.notifications import Channel, NotificationRow

LEASE_SECONDS = 30.0
RETRY_SECONDS = (5.0, 30.0, 120.0, 600.0, 3600.0, 4 * 3600.0)
"""How long to wait after each failure; after the last one it is dead, until it is replayed."""
log = structlog.get_logger(__name__)


class Sender:
    """The ways out that are set up. Each notification is sent at least once."""

    def __init__(self, pool: Pool, channels: Mapping[Channel, Deliver]) -> None:
        self._pool = pool
        self._channels = channels

    async def send_due(self) -> int:
        """Try what is due, and say how many that were."""
        if not self._channels:
            return 0
        async with self._pool.connection() as connection:
            due = await notifications.take(connection, lease=LEASE_SECONDS)
        for one in due:
            await self._send(one)
        return len(due)

    async def _send(self, one: NotificationRow) -> None:
        deliver = self._channels.get(one.channel)
        error = "this channel is not set up any more"
        if deliver is not None:
            try:
                await deliver(one)
            except NotDelivered as failure:
                error = str(failure)
            else:
                async with self._pool.connection() as connection:
                    await notifications.sent(connection, one.notification_id)
                return
        retry = RETRY_SECONDS[one.attempts - 1] if one.attempts <= len(RETRY_SECONDS) else None
        log.warning("notification not delivered", channel=one.channel, error=error, retry=retry)
        async with self._pool.connection() as connection:
            await notifications.failed(connection, one.notification_id, error=error, retry=retry)
