"""Connection pools."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection, InterfaceError, OperationalError
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from kit.problems import Unavailable

Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]


def make_pool(
    url: str, *, name: str, min_size: int = 1, max_size: int = 8, timeout: float = 5.0
) -> Pool:
    """A pool, not yet open. Connections are in autocommit; a stage that needs a transaction
    opens one. A broken connection is replaced, so the service comes back by itself after its
    database was away; `timeout` (seconds) bounds the wait for a connection meanwhile.
    """
    return AsyncConnectionPool(
        url,
        name=name,
        min_size=min_size,
        max_size=max_size,
        timeout=timeout,
        reconnect_timeout=30.0,
        open=False,
        kwargs={"autocommit": True, "application_name": f"countersign-{name}"},
    )


@asynccontextmanager
async def connected(pool: Pool) -> AsyncIterator[Connection]:
    """A connection of the pool; Unavailable where the database does not answer."""
    try:
        async with pool.connection() as connection:
            yield connection
    except (OperationalError, InterfaceError) as error:
        raise Unavailable("The database does not answer. Try again shortly.") from error
