"""A connection that reads no more of a result than it may, and hands rows out as JSON."""

import fcntl
import struct
import termios
from collections.abc import Sequence
from typing import TypeVar

from psycopg import OperationalError, generators
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import READY_R
from psycopg_pool import AsyncConnectionPool

from kit.database import make_pool_of
from kit.libpq import checked
from kit.reader_login import reader_login, reader_password
from kit.watched_connection import WatchedConnection
from workflow.execute.errors import ResultTooLarge
from workflow.execute.values import register_loaders

RV = TypeVar("RV")

_IN_THE_MIDDLE = (TransactionStatus.ACTIVE, TransactionStatus.UNKNOWN)
# How libpq reads: 16 kB at a time, unless a single row is larger than that.
_LIBPQ_BUFFER = 16_384

# The text forms that `values` relies on, whatever the server's defaults are.
_SESSION = (
    "-c TimeZone=UTC -c DateStyle=ISO,YMD -c IntervalStyle=iso_8601 -c extra_float_digits=1"
    " -c bytea_output=hex -c client_encoding=UTF8 -c cursor_tuple_fraction=1 -c jit=off"
)


class ReaderConnection(WatchedConnection):
    """Raises ResultTooLarge, and is then to be closed, once more than `max_bytes` have arrived
    since `start_counting`.

    libpq gathers a whole result before anybody can look at it. So the bytes are counted where it
    is told that there is something to read: what the socket holds before a read, less what it
    holds afterwards. The sender may have added some in between, so it is a lower bound: good for
    many rows, which is how results grow; a single row of many megabytes can be in before it is
    noticed. The caller measures what it got.
    """

    max_bytes: int | None = None
    _received = 0

    async def in_one_trip(self, statements: Sequence[bytes]) -> PGresult:
        """The last one's result, and no more than one statement in any of them: each is a message
        of its own in the extended protocol, all in one round trip (libpq's pipeline mode). What
        follows one that fails is not run. Raises psycopg.Error."""
        pgconn = self.pgconn
        pgconn.enter_pipeline_mode()
        for statement in statements:
            pgconn.send_query_params(statement, None)
        pgconn.pipeline_sync()
        try:
            results = await self.wait(_results(pgconn))
        finally:
            if pgconn.transaction_status not in _IN_THE_MIDDLE:  # else it is of no more use
                pgconn.exit_pipeline_mode()
        return [checked(self, result) for result in results][-1]

    def start_counting(self, max_bytes: int) -> None:
        """From now on at most so many bytes."""
        self.max_bytes = max_bytes
        self._received = 0

    async def wait(
        self,
        gen: PQGen[RV],
        interval: float = 0.1,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is psycopg's
    ) -> RV:
        """As psycopg's, counting."""
        return await super().wait(self._counted(gen), interval, timeout)

    def _counted(self, gen: PQGen[RV]) -> PQGen[RV]:
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                # after a cancellation psycopg starts to wait anew, with nothing to say
                before = self._pending() if ready and ready & READY_R else 0
                wanted = gen.send(ready)
                if before:
                    self._count(before)
        except StopIteration as stop:
            value: RV = stop.value
            return value

    def _pending(self) -> int:
        answer = fcntl.ioctl(self.pgconn.socket, termios.FIONREAD, b"\0\0\0\0")
        return int(struct.unpack("i", answer)[0])

    def _count(self, before: int) -> None:
        self._received += max(before - self._pending(), min(before, _LIBPQ_BUFFER))
        if self.max_bytes is not None and self._received > self.max_bytes:
            raise ResultTooLarge


def _results(pgconn: PGconn) -> PQGen[list[PGresult]]:
    """Of each statement that was sent, in order."""
    yield from generators.send(pgconn)
    found: list[PGresult] = []
    while True:
        result = yield from generators.fetch(pgconn)
        if result is None:  # the end of one statement's
            if pgconn.status != ConnStatus.OK:
                raise OperationalError("the connection was lost")
            continue
        if result.status == ExecStatus.PIPELINE_SYNC:
            return found
        found.append(result)


ReaderPool = AsyncConnectionPool[ReaderConnection]


async def _configure(connection: ReaderConnection) -> None:
    connection.prepare_threshold = None  # no statement comes often enough on one connection
    register_loaders(connection.adapters)


def make_reader_pool(
    url: str, role: str, secret: str, *, max_size: int, timeout: float
) -> ReaderPool:
    """A pool, not yet open, of connections to the warehouse at `url` as the reader of `role`.
    User and password in `url` are not used."""
    login = reader_login(role)
    parts = conninfo_to_dict(url)
    own = make_conninfo(
        "",
        **{
            **parts,
            "user": login,
            "password": reader_password(secret, login),
            "options": f"{parts.get('options') or ''} {_SESSION}".strip(),
        },
    )
    return make_pool_of(
        ReaderConnection,
        own,
        name=f"reader-{role}",
        max_size=max_size,
        timeout=timeout,
        configure=_configure,
    )
