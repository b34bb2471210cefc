"""A connection whose socket stays with the event loop from one answer to the next.

psycopg hands the socket to the loop anew for each wait and takes it back afterwards, with a timer
beside it: about a tenth of the processor time of a question, which waits a dozen times. Here it is
handed over once, and taken back when something arrives that nobody waits for (a server's
farewell), before psycopg waits by itself, and when the connection closes.
"""

import asyncio
import os
import select
from functools import cached_property
from typing import TypeVar

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.abc import PQGen
from psycopg.pq import ConnStatus, TransactionStatus
from psycopg.rows import TupleRow
from psycopg.waiting import READY_R, READY_W, WAIT_R, WAIT_W, Wait

RV = TypeVar("RV")

CANCEL_SECONDS = 5.0
"""How long the server is given to end a statement that was given up, as psycopg gives it."""
log = structlog.get_logger(__name__)


class WatchedConnection(AsyncConnection[TupleRow]):
    """For one event loop."""

    _watched: int | None = None
    _loop: asyncio.AbstractEventLoop
    _arrival: asyncio.Future[None] | None = None

    @cached_property
    def prepared(self) -> dict[bytes, bytes]:
        """What `kit.prepared` has prepared here: names, by the text of a statement."""
        return {}

    def _deallocate(self, name: bytes | None) -> PQGen[None]:
        if name is None:  # after a rollback psycopg forgets all, in the server too
            self.prepared.clear()
        yield from super()._deallocate(name)

    async def wait(
        self,
        gen: PQGen[RV],
        interval: float = 0.1,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is psycopg's
    ) -> RV:
        """As psycopg's. Without a time limit nothing but the socket ends a wait, so `interval`
        is of no use."""
        if timeout is not None:
            self._leave()
            return await super().wait(gen, interval, timeout)
        try:
            wanted = next(gen)
            while True:
                if wanted & WAIT_W:
                    ready = _ready_now(self.pgconn.socket, wanted)
                    if not ready:
                        break
                    wanted = gen.send(ready)
                else:
                    await self._arrived()
                    wanted = gen.send(READY_R)
        except StopIteration as stop:
            value: RV = stop.value
            return value
        except asyncio.CancelledError:
            await self._give_up(gen)
            raise
        finally:
            if self.pgconn.status != ConnStatus.OK:
                self._leave()
        self._leave()
        return await super().wait(_resumed(gen, wanted), interval)

    async def close(self) -> None:
        """As psycopg's."""
        self._leave()
        await super().close()

    async def _arrived(self) -> None:
        if _ready_now(self.pgconn.socket, WAIT_R):
            # of a connection that broke the loop tells once, and then no more; and whoever waits
            # gives others their turn, even for what is there already
            await asyncio.sleep(0)
            return
        self._arrival = asyncio.get_running_loop().create_future()
        if self._watched is None:
            self._loop = asyncio.get_running_loop()
            # a number of our own: libpq closes its own whenever it finds the server gone, and
            # the next connection gets that number
            self._watched = os.dup(self.pgconn.socket)
            self._loop.add_reader(self._watched, self._on_arrival)
        try:
            await self._arrival
        finally:
            self._arrival = None

    def _on_arrival(self) -> None:
        if self._arrival is None:
            self._leave()
        elif not self._arrival.done():
            self._arrival.set_result(None)

    def _leave(self) -> None:
        if self._watched is not None:
            self._loop.remove_reader(self._watched)
            os.close(self._watched)
            self._watched = None

    async def _give_up(self, gen: PQGen[RV]) -> None:
        """End the statement in the server, as psycopg does, so that the connection is of use
        again; where it does not end, the connection is closed."""
        self._leave()
        if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
            return
        try:
            await self.cancel_safe(timeout=CANCEL_SECONDS)
            await super().wait(_resumed(gen, WAIT_R), timeout=CANCEL_SECONDS)
        except psycopg.errors.QueryCanceled:
            pass
        except Exception as error:  # of no use any more; why it was given up is what is raised
            log.warning("statement not ended in the server", error=type(error).__name__)
            self.pgconn.finish()
        except BaseException:
            self.pgconn.finish()
            raise


def _resumed(gen: PQGen[RV], wanted: Wait) -> PQGen[RV]:
    """The rest of a generator that has been begun, for somebody who begins it."""
    try:
        while True:
            ready = yield wanted
            wanted = gen.send(ready)
    except StopIteration as stop:
        value: RV = stop.value
        return value


def _ready_now(socket: int, wanted: int) -> int:
    """What of it need not be waited for. A socket asked for writing is nearly always writable; so
    it is asked before the loop is."""
    poll = select.poll()
    events = (select.POLLIN if wanted & WAIT_R else 0) | (select.POLLOUT if wanted & WAIT_W else 0)
    poll.register(socket, events)
    found = poll.poll(0)
    events = found[0][1] if found else 0
    is_readable, is_writable = events & ~select.POLLOUT, events & ~select.POLLIN
    return (READY_R if is_readable else 0) | (READY_W if is_writable else 0)
