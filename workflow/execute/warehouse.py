"""Running a statement in the warehouse, as the reader of a role and within a row scope.

This is the last line: it takes any text for a statement, and what holds is the database's. The
login may read its role's views and nothing else; the transaction is read-only, with time-outs
and the row scope; and the text goes behind `DECLARE … CURSOR FOR` in the extended protocol,
which takes one query and no second statement, no utility command and no write.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache, partial

import orjson
import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGresult
from pydantic import JsonValue

from contracts.context import UserContext
from contracts.result import Column, ResultSet
from kit.libpq import rows_of
from workflow.execute.connection import ReaderConnection, ReaderPool, make_reader_pool
from workflow.execute.errors import ExecutionError, ResultTooLarge, from_database
from workflow.execute.kept import Kept
from workflow.execute.values import Rows, canonical_json, columns_of, digest_of

NO_READER = "Your role reads nothing in the warehouse."
LOCK_TIMEOUT = 2.0
# the server is given this much longer than the statement before it is taken for dead
GRACE = 5.0
_CURSOR = b" NO SCROLL CURSOR FOR "


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the planner expects: the rows of the step that yields most (a capped statement may
    have to look at many), and the cost of the whole in the planner's units."""

    rows: int
    cost: float


@dataclass(frozen=True, slots=True)
class _Fetched:
    columns: tuple[Column, ...]
    rows: Rows


class _Transaction:
    """One that can only read, within a scope. It begins with the first statements that are sent,
    so that none of them can be outside of it."""

    def __init__(
        self, connection: ReaderConnection, begin: Sequence[bytes], max_bytes: int
    ) -> None:
        self.connection = connection
        self._begin = begin
        self._max_bytes = max_bytes

    async def in_one_trip(self, *statements: bytes) -> PGresult:
        """The last one's result. Raises psycopg.Error and ResultTooLarge."""
        begin, self._begin = self._begin, ()
        self.connection.start_counting(self._max_bytes)
        return await self.connection.in_one_trip([*begin, *statements])


class Warehouse:
    """A small pool of connections for each role's reader, opened when first used.

    `url` says where the warehouse is; its user and password are not used. `reader_secret` is
    `WAREHOUSE_READER_SECRET`. Times are in seconds. `max_bytes` is the most that a result may
    take as JSON.
    """

    def __init__(
        self,
        url: str,
        *,
        reader_secret: str,
        pool_size: int = 4,
        statement_timeout: float = 10.0,
        connect_timeout: float = 5.0,
        max_bytes: int = 8 * 1024 * 1024,
    ) -> None:
        self._make_pool = partial(
            make_reader_pool,
            url,
            secret=reader_secret,
            max_size=pool_size,
            timeout=connect_timeout,
        )
        self._pools: dict[str, ReaderPool] = {}
        self._estimates: Kept[Estimate] = Kept()
        self._opening = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()
        self._statement_timeout = statement_timeout
        self._max_bytes = max_bytes

    async def open(self) -> None:
        """Nothing is connected yet: a pool opens with its role's first statement."""

    async def close(self) -> None:
        """Close all pools; the warehouse is of no more use."""
        if self._leaving:
            await asyncio.wait(self._leaving)
        for pool in self._pools.values():
            await pool.close()

    async def explain(self, statement: str, context: UserContext) -> Estimate:
        """What PostgreSQL expects of `statement`: an estimate from its statistics, which change
        slowly, so it is kept for a while. Raises ExecutionError."""
        return await self._estimates.get(
            statement, context, partial(self._explain, statement, context)
        )

    def forget(self) -> None:
        """The data are others now: what was expected of statements is not any more."""
        self._estimates.forget()

    async def _explain(self, statement: str, context: UserContext) -> Estimate:
        root = await self.plan_tree(statement, context)
        cost = root.get("Total Cost")
        return Estimate(
            rows=_most_rows(root), cost=float(cost) if isinstance(cost, int | float) else 0.0
        )

    async def plan_tree(self, statement: str, context: UserContext) -> dict[str, JsonValue]:
        """The plan that PostgreSQL would run, as EXPLAIN's JSON has it. It tells of what lies
        under the views, and is not for askers. Raises ExecutionError."""
        # EXPLAIN of a DECLARE: the grammar then admits a query only, as when it is run
        text = b"EXPLAIN (FORMAT JSON) DECLARE answer" + _CURSOR + _encoded(statement)
        async with (
            self._transaction(context, self._statement_timeout) as transaction,
            asyncio.timeout(self._statement_timeout + GRACE),
        ):
            result = await transaction.in_one_trip(text)
            plan = result.get_value(0, 0)
        root: dict[str, JsonValue] = orjson.loads(plan or b"null")[0]["Plan"]
        return root

    async def run(
        self,
        statement: str,
        context: UserContext,
        *,
        count_statement: str | None = None,
        max_rows: int = 200,
        statement_timeout: float | None = None,
    ) -> ResultSet:
        """The first `max_rows` rows of `statement`, and how many there are.

        `count_statement` counts what the statement would return without the cap it carries. It
        is run only where the cap was reached, and sees the same data. Without it, and where it
        takes too long, the total of a truncated result is not known. `statement_timeout`
        (seconds) takes the place of the usual one. Raises ExecutionError.
        """
        allowed = statement_timeout or self._statement_timeout
        async with self._transaction(context, allowed) as transaction:
            fetched = await self._fetch(transaction, statement, max_rows + 1, allowed)
            is_full = len(fetched.rows) >= max_rows
            total: int | None = len(fetched.rows)
            if is_full and count_statement is not None:
                total = await self._count(transaction, count_statement, allowed)
            elif len(fetched.rows) > max_rows:
                total = None
        rows = fetched.rows[:max_rows]
        canonical = canonical_json(fetched.columns, rows)
        if len(canonical) > self._max_bytes:
            raise _too_large(self._max_bytes)
        return ResultSet.model_construct(
            columns=fetched.columns,
            rows=rows,
            row_count=len(rows),
            total_rows=total,
            truncated=total is None or total > len(rows),
            digest=digest_of(canonical),
        )

    async def _fetch(
        self,
        transaction: _Transaction,
        statement: str,
        max_rows: int,
        allowed: float,
        cursor: bytes = b"answer",
    ) -> _Fetched:
        declare = b"DECLARE " + cursor + _CURSOR + _encoded(statement)
        fetch = b"FETCH FORWARD %d FROM %s" % (max_rows, cursor)
        async with asyncio.timeout(allowed + GRACE):
            result = await transaction.in_one_trip(declare, fetch)
        return _Fetched(columns_of(result), tuple(rows_of(transaction.connection, result)))

    async def _count(self, transaction: _Transaction, statement: str, allowed: float) -> int | None:
        try:
            fetched = await self._fetch(transaction, statement, 1, allowed, b"total")
        except psycopg.errors.QueryCanceled:
            return None  # the rows are here; how many more there are is not worth an error
        value = fetched.rows[0][0] if fetched.rows else None
        return value if isinstance(value, int) else None

    @asynccontextmanager
    async def _transaction(
        self, context: UserContext, allowed: float
    ) -> AsyncIterator[_Transaction]:
        """On a connection of the role's reader. Whatever goes wrong inside becomes an
        ExecutionError."""
        began = time.monotonic()
        try:
            pool = await self._pool(context)
            connection = await pool.getconn()
            try:
                begin = _begin(context.store_ids, context.is_all_stores, allowed)
                yield _Transaction(connection, begin, self._max_bytes)
            finally:  # nobody waits for what is only tidied up
                leaving = asyncio.create_task(_leave(pool, connection))
                self._leaving.add(leaving)
                leaving.add_done_callback(self._leaving.discard)
        except ResultTooLarge:
            raise _too_large(self._max_bytes) from None
        except psycopg.errors.QueryCanceled as error:
            is_late = time.monotonic() - began >= allowed
            raise ExecutionError("timeout" if is_late else "cancelled") from error
        except psycopg.Error as error:
            raise from_database(error) from error
        except TimeoutError as error:
            raise ExecutionError("timeout") from error

    async def _pool(self, context: UserContext) -> ReaderPool:
        role = context.role
        if not context.allowed_views:  # such a role has no login
            raise ExecutionError("refused", NO_READER)
        pool = self._pools.get(role)
        if pool is None:
            async with self._opening:
                pool = self._pools.get(role)
                if pool is None:
                    try:
                        pool = self._make_pool(role)
                    except ValueError as error:
                        raise ExecutionError("refused", NO_READER) from error
                    await pool.open()
                    self._pools[role] = pool
        return pool


async def _leave(pool: ReaderPool, connection: ReaderConnection) -> None:
    """Hand the connection back with nothing left over, or closed: the pool makes another."""
    try:
        status = connection.pgconn.transaction_status
        if status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            await connection.in_one_trip([b"ROLLBACK"])
        elif status != TransactionStatus.IDLE:
            await connection.close()
    except psycopg.Error:
        await connection.close()
    finally:
        await pool.putconn(connection)


@lru_cache(maxsize=1024)
def _begin(
    store_ids: tuple[int, ...], is_all_stores: bool, statement_timeout: float
) -> tuple[bytes, ...]:
    """The start of a transaction. A repeatable read lets a count see what the rows came from."""
    settings = {
        "countersign.store_ids": ",".join(str(int(store_id)) for store_id in store_ids),
        "countersign.is_all_stores": "on" if is_all_stores else "off",
        "statement_timeout": _milliseconds(statement_timeout),
        "lock_timeout": _milliseconds(min(LOCK_TIMEOUT, statement_timeout)),
        "idle_in_transaction_session_timeout": _milliseconds(statement_timeout + GRACE),
    }
    return (
        b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        *(
            sql.SQL("SET LOCAL {} = {}")
            .format(sql.Identifier(*name.split(".")), sql.Literal(value))
            .as_bytes(None)
            for name, value in settings.items()
        ),
    )


def _too_large(max_bytes: int) -> ExecutionError:
    size = max_bytes // 1024 // 1024
    return ExecutionError(
        "failed", f"The result is larger than {size} MB. Ask for fewer or shorter columns."
    )


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))  # 0 would mean no limit


def _encoded(statement: str) -> bytes:
    """The statement as the server gets it. libpq would end it at a NUL, and run the rest of
    nothing that was checked."""
    try:
        if "\0" not in statement:
            return statement.encode()
    except UnicodeEncodeError:
        pass
    raise ExecutionError("refused", "The statement holds characters that SQL cannot.")


def _most_rows(node: dict[str, JsonValue]) -> int:
    """The largest estimate in a plan, EXPLAIN's JSON."""
    rows = node.get("Plan Rows")
    children = node.get("Plans")
    most = int(rows) if isinstance(rows, int | float) else 0
    for child in children if isinstance(children, list) else ():
        if isinstance(child, dict):
            most = max(most, _most_rows(child))
    return most
