"""Connection pools."""

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]


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
