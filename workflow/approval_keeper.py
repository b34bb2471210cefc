"""What happens to approval requests by itself, every second: rules are read anew, what nobody
decided in time ends, what is about to is told, and news is sent."""

import asyncio

import structlog

from kit.database import DatabaseAway
from kit.problems import ProblemError
from kit.tasks import end
from workflow.decisions import Decisions
from workflow.notify.sender import Sender
from workflow.parts import Parts
from workflow.requests import announce
from workflow.store import approval_list, approvals, narrow_questions

BEAT_SECONDS = 1.0
CLEAN_EVERY = 600
"""Beats."""
log = structlog.get_logger(__name__)


class ApprovalKeeper:
    """Any number of processes may do this at once: whatever one of them does is done."""

    def __init__(
        self, parts: Parts, decisions: Decisions, sender: Sender, *, warning_seconds: float
    ) -> None:
        self._parts = parts
        self._decisions = decisions
        self._sender = sender
        self._warning_seconds = warning_seconds
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def open(self) -> None:
        """Begin. News is sent beside the rest, which must not wait for a slow other side."""
        self._tasks = (asyncio.create_task(self._keep()), asyncio.create_task(self._send()))

    async def close(self) -> None:
        """Stop; what is half done is done again elsewhere."""
        await end(*self._tasks)

    async def _keep(self) -> None:
        beats = 0
        while True:
            try:
                await self._parts.in_force.refresh()
                await self.end_overdue()
                await self.warn()
                async with self._parts.pool.connection() as connection:
                    await approval_list.add_up(connection)
                    if beats % CLEAN_EVERY == 0:
                        await narrow_questions.forget(connection)
            except DatabaseAway as error:
                log.warning("approvals not kept", error=type(error).__name__)
            except Exception:  # what goes wrong once must not keep requests open for good
                log.exception("approvals not kept")
            beats += 1
            await asyncio.sleep(BEAT_SECONDS)

    async def _send(self) -> None:
        while True:
            sent = 0
            try:
                sent = await self._sender.send_due()
            except DatabaseAway as error:
                log.warning("news not sent", error=type(error).__name__)
            except Exception:  # as above
                log.exception("news not sent")
            await asyncio.sleep(0 if sent else BEAT_SECONDS)

    async def end_overdue(self) -> None:
        """Expire what nobody decided in time."""
        async with self._parts.pool.connection() as connection:
            overdue = await approvals.expired(connection)
        for approval_id, org_id in overdue:
            try:
                await self._decisions.expire(org_id, approval_id)
            except ProblemError as error:
                log.info("not expired", approval_id=str(approval_id), reason=error.detail)

    async def warn(self) -> None:
        """Tell, once, of what ends soon."""
        async with self._parts.pool.connection() as connection, connection.transaction():
            soon = await approvals.expiring(connection, seconds=self._warning_seconds)
            for approval_id, org_id in soon:
                request = await approvals.get(connection, approval_id, org_id=org_id)
                if request is not None:
                    await announce(connection, request, "expiring", self._parts)
