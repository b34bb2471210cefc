"""Connection pools."""

import asyncio
import select
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from psycopg import AsyncConnection, InterfaceError, OperationalError
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from kit.problems import Unavailable
from kit.watched_connection import WatchedConnection

Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]
C = TypeVar("C", bound=Connection)

RETRY_SECONDS = 2.0
"""How long the pool tries to replace a connection by itself, at 0, 1 and 2 seconds. Its pauses
double, so a longer trial would sleep on after the database is back; given up, the next caller
makes it try at once."""

DatabaseAway = (OperationalError, InterfaceError)
"""What it raises when the database does not answer; the pool's own time-out is one of these."""


def make_pool(
    url: str, *, name: str, min_size: int = 1, max_size: int = 8, timeout: float = 5.0
) -> Pool:
    """A pool, not yet open. Connections are in autocommit; a stage that needs a transaction
    opens one. A broken connection is replaced, so the service comes back by itself after its
    database was away; `timeout` (seconds) bounds the wait for a connection meanwhile.
    """
    connection_class: type[Connection] = WatchedConnection
    return make_pool_of(
        connection_class,
        url,
        name=name,
        min_size=min_size,
        max_size=max_size,
        timeout=timeout,
    )


def make_pool_of(
    connection_class: type[C],
    url: str,
    *,
    name: str,
    min_size: int = 1,
    max_size: int = 8,
    timeout: float = 5.0,
    configure: Callable[[C], Awaitable[None]] | None = None,
) -> AsyncConnectionPool[C]:
    """`make_pool` for a connection class of one's own. `configure` is called with each new
    connection."""
    return _Pool(
        url,
        connection_class=connection_class,
        name=name,
        min_size=min_size,
        max_size=max_size,
        timeout=timeout,
        reconnect_timeout=RETRY_SECONDS,
        open=False,
        configure=configure,
        check=check_unless_quiet,
        kwargs={"autocommit": True, "application_name": f"countersign-{name}"},
    )


class _Pool(AsyncConnectionPool[C]):
    """Hands out the connection that was put back last: what its process in the server knows is
    still in the processor's caches, and those that are not needed come to their end.

    Whoever is cancelled while they wait gets none. It waits with `asyncio.wait_for`, which before
    Python 3.12 forgets a cancellation that comes as a connection does."""

    async def getconn(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is psycopg's
    ) -> C:
        """As psycopg's."""
        task = asyncio.current_task()
        cancelled = task.cancelling() if task is not None else 0
        connection = await super().getconn(timeout)
        if task is not None and task.cancelling() > cancelled:
            await self.putconn(connection)
            raise asyncio.CancelledError
        return connection

    async def _get_ready_connection(
        self,
        timeout: float | None,  # noqa: ASYNC109 - the signature is psycopg's
    ) -> C | None:
        self._pool.rotate(1)
        return await super()._get_ready_connection(timeout)


async def check_unless_quiet(connection: AsyncConnection[TupleRow]) -> None:
    """Called with a connection that is about to be handed out, so that a restart of PostgreSQL
    costs nobody an error. A server that has gone leaves its farewell, or the end of the stream,
    to be read; where there is nothing to read the connection is good, and the round trip of a
    real check is spared."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await AsyncConnectionPool.check_connection(connection)


@asynccontextmanager
async def connected(pool: Pool) -> AsyncIterator[Connection]:
    """A connection of the pool; Unavailable where the database does not answer."""
    try:
        async with pool.connection() as connection:
            yield connection
    except DatabaseAway as error:
        raise Unavailable("The database does not answer. Try again shortly.") from error
