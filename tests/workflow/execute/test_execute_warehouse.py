"""Running statements: caps and counts, time-outs, cancellation, size, recovery."""

import asyncio
import resource
import tempfile
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from contracts.context import UserContext
from contracts.result import ResultSet
from kit import embedded_postgres
from kit.reader_login import PREFIX
from migrations.runner import migrate
from migrations.warehouse.readers import grant_readers
from workflow.execute.errors import ExecutionError, Kind
from workflow.execute.warehouse import Warehouse

ContextOf = Callable[..., UserContext]
PAYMENTS = "SELECT payment_id FROM analytics.v_payment_scoped ORDER BY 1"
COUNT = "SELECT count(*) FROM analytics.v_payment_scoped"


def own(
    url: str, secret: str, *, pool_size: int = 2, statement_timeout: float = 5.0,
    max_bytes: int = 8 * 1024 * 1024, connect_timeout: float = 5.0,
) -> Warehouse:  # fmt: skip
    return Warehouse(
        url, reader_secret=secret, pool_size=pool_size,
        statement_timeout=statement_timeout, max_bytes=max_bytes, connect_timeout=connect_timeout,
    )  # fmt: skip


async def kind_of(warehouse: Warehouse, statement: str, context: UserContext) -> Kind:
    try:
        await warehouse.run(statement, context)
    except ExecutionError as error:
        return error.kind
    raise AssertionError("the statement was run")


def test_totals_are_those_of_the_scope(
    warehouse: Warehouse, warehouse_url: str, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    with psycopg.connect(warehouse_url) as connection:
        truth = dict(
            connection.execute(
                "SELECT store_id, sum(amount) FROM payment JOIN rental USING (rental_id)"
                " JOIN inventory USING (inventory_id) GROUP BY 1"
            ).fetchall()
        )
    for stores, total in (
        ((1,), truth[1]),
        ((2,), truth[2]),
        ((1, 2), truth[1] + truth[2]),
        (None, truth[1] + truth[2]),
        ((3,), None),
        ((), None),
    ):
        result = runner.run(
            warehouse.run("SELECT sum(amount) FROM analytics.v_payment_scoped", context_of(
                "finance", stores
            ))
        )  # fmt: skip
        assert result.rows == ((None if total is None else str(total),),), stores
        assert total is None or Decimal(str(result.rows[0][0])) > 0


@pytest.mark.parametrize(
    ("limit", "count", "rows", "total", "truncated"),
    [
        (3, None, 3, 3, False),  # fewer than the cap
        (10, None, 10, 10, False),  # the statement's own limit, at the cap
        (10, COUNT, 10, 16049, True),  # the cap was imposed, and reached
        (9, COUNT, 9, 9, False),  # the cap was imposed, and not reached
        (11, None, 10, None, True),  # more than the cap
    ],
)
def test_a_result_says_how_many_rows_there_are(
    warehouse: Warehouse,
    context_of: ContextOf,
    runner: asyncio.Runner,
    limit: int,
    count: str | None,
    rows: int,
    total: int | None,
    truncated: bool,
) -> None:
    result = runner.run(
        warehouse.run(f"{PAYMENTS} LIMIT {limit}", context_of(), count_statement=count, max_rows=10)
    )
    assert (result.row_count, result.total_rows, result.truncated) == (rows, total, truncated)
    assert result.rows == tuple((n,) for n in range(1, rows + 1))
    assert result == ResultSet.model_validate(result.model_dump())


def test_a_count_that_takes_too_long_leaves_the_total_open(
    warehouse_url: str, reader_secret: str, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    warehouse = own(warehouse_url, reader_secret, statement_timeout=0.3)
    slow = "SELECT count(*) FROM generate_series(1, 1000000000000)"
    result = runner.run(
        warehouse.run(f"{PAYMENTS} LIMIT 5", context_of(), count_statement=slow, max_rows=5)
    )
    assert (result.row_count, result.total_rows, result.truncated) == (5, None, True)
    runner.run(warehouse.close())


def test_an_estimate_is_of_the_rows_that_are_read(
    warehouse: Warehouse, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    small = runner.run(warehouse.explain("SELECT 1", context_of()))
    large = runner.run(
        warehouse.explain(
            "SELECT sum(amount) FROM analytics.v_payment_scoped LIMIT 1", context_of()
        )
    )
    assert small.rows == 1
    assert 10_000 < large.rows < 20_000
    assert large.cost > small.cost > 0


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("SELECT 1; SELECT 2", "refused"),
        ("DELETE FROM analytics.v_payment_scoped", "refused"),
        ("SELECT * FROM public.film", "refused"),
        ("SELECT 'a\0b'", "refused"),
        ("SELECT '\ud800'", "refused"),
        ("", "refused"),
        ("SELECT no_such_column FROM analytics.v_payment_scoped", "failed"),
        ("SELECT 1 / 0", "failed"),
    ],
)
def test_a_fault_has_a_kind_and_tells_nothing_else(
    warehouse: Warehouse, context_of: ContextOf, runner: asyncio.Runner, statement: str, kind: Kind
) -> None:
    for call in (warehouse.run, warehouse.explain):
        with pytest.raises(ExecutionError) as caught:
            runner.run(call(statement, context_of()))
        assert caught.value.kind == kind
        assert caught.value.message.endswith(".")
        for word in ("syntax", "LINE", "film", "column", "zero", "permission"):
            assert word not in caught.value.message


def test_a_role_without_views_is_refused(
    warehouse: Warehouse, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    assert runner.run(kind_of(warehouse, "SELECT 1", context_of("reviewer"))) == "refused"


def test_a_statement_that_takes_too_long_is_stopped(
    warehouse_url: str, reader_secret: str, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    warehouse = own(warehouse_url, reader_secret, statement_timeout=0.2, pool_size=1)
    slow = "SELECT count(*) FROM generate_series(1, 1000000000000)"
    assert runner.run(kind_of(warehouse, slow, context_of())) == "timeout"
    assert runner.run(warehouse.run("SELECT 1", context_of())).rows == ((1,),)
    runner.run(warehouse.close())


def backends(url: str) -> list[tuple[int, str]]:
    """The readers' server processes and what they are doing."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT pid, state FROM pg_stat_activity WHERE starts_with(usename, %s)"
            " AND datname = current_database()",
            [PREFIX],
        ).fetchall()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - another process's state: nobody sets an event
            await asyncio.sleep(0.01)


def test_cancelling_stops_the_statement_in_the_server(
    own_warehouse_url: str, reader_secret: str, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    warehouse = own(own_warehouse_url, reader_secret, statement_timeout=60, pool_size=1)

    async def cancel_in_the_middle() -> None:
        await warehouse.run("SELECT 1", context_of())
        task = asyncio.ensure_future(
            warehouse.run("SELECT count(*) FROM generate_series(1, 1000000000000)", context_of())
        )
        await until(lambda: any(state == "active" for _, state in backends(own_warehouse_url)))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not any(state == "active" for _, state in backends(own_warehouse_url))
        # the connection is clean: the next one sees its own scope and no open transaction
        result = await warehouse.run(COUNT, context_of(stores=()))
        assert result.rows == ((0,),)

    runner.run(cancel_in_the_middle())
    runner.run(warehouse.close())


def test_a_statement_cancelled_by_an_operator_is_said_to_be(
    own_warehouse_url: str, reader_secret: str, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    warehouse = own(own_warehouse_url, reader_secret, statement_timeout=60)

    async def scenario() -> Kind:
        slow = "SELECT count(*) FROM generate_series(1, 1000000000000)"
        task = asyncio.ensure_future(kind_of(warehouse, slow, context_of()))
        with psycopg.connect(own_warehouse_url, autocommit=True) as operator:
            while not task.done():
                operator.execute(
                    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                    " WHERE starts_with(usename, %s) AND query LIKE 'FETCH%%'",
                    [PREFIX],
                )
                await asyncio.sleep(0.01)
        return await task

    assert runner.run(scenario()) == "cancelled"
    runner.run(warehouse.close())


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT repeat('x', 1000000) FROM generate_series(1, 200)",  # many rows, stopped early
        "SELECT repeat('x', 20000000)",  # one
        "SELECT string_agg(repeat('x', 1000), '') FROM generate_series(1, 50000)",
    ],
)
def test_a_result_that_is_too_large_is_an_error(
    warehouse_url: str,
    reader_secret: str,
    context_of: ContextOf,
    runner: asyncio.Runner,
    statement: str,
) -> None:
    warehouse = own(warehouse_url, reader_secret, max_bytes=1024 * 1024, pool_size=1)
    with pytest.raises(ExecutionError, match="larger than 1 MB") as caught:
        runner.run(warehouse.run(statement, context_of()))
    assert caught.value.kind == "failed"
    assert runner.run(warehouse.run("SELECT 1", context_of())).rows == ((1,),)
    runner.run(warehouse.close())


def test_a_result_of_many_rows_is_not_read_to_its_end(
    warehouse_url: str, reader_secret: str, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    warehouse = own(warehouse_url, reader_secret)
    statement = "SELECT repeat(md5(n::text), 300) FROM generate_series(1, 100000) AS n"  # 1 GB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ExecutionError, match="larger than 8 MB"):
        runner.run(warehouse.run(statement, context_of(), max_rows=100_000))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100 * 1024  # kB
    runner.run(warehouse.close())


def test_a_result_within_the_limit_is_whole(
    warehouse: Warehouse, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    result = runner.run(
        warehouse.run("SELECT repeat('x', 35000) FROM generate_series(1, 100)", context_of())
    )
    assert result.row_count == 100
    assert all(row == ("x" * 35000,) for row in result.rows)


def test_many_askers_of_different_scopes_do_not_mix(
    warehouse: Warehouse, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    statement = "SELECT min(store_id), max(store_id) FROM analytics.v_payment_scoped"

    async def ask_all() -> None:
        scopes = [(1,), (2,), (1, 2), ()] * 10
        results = await asyncio.gather(
            *(warehouse.run(statement, context_of("finance", stores)) for stores in scopes)
        )
        for stores, result in zip(scopes, results, strict=True):
            expected = (min(stores), max(stores)) if stores else (None, None)
            assert result.rows == (expected,)

    runner.run(ask_all())


def test_connections_that_were_cut_are_replaced_without_an_error(
    own_warehouse_url: str, reader_secret: str, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    warehouse = own(own_warehouse_url, reader_secret)
    for _ in range(3):
        assert runner.run(warehouse.run("SELECT 1", context_of())).rows == ((1,),)
        with psycopg.connect(own_warehouse_url) as operator:
            operator.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE starts_with(usename, %s) AND datname = current_database()",
                [PREFIX],
            )
    runner.run(warehouse.close())


@pytest.fixture
def own_cluster() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cs-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "pg"


def test_it_comes_back_by_itself_after_a_restart_of_postgresql(
    own_cluster: Path,
    reader_secret: str,
    views_by_role: Mapping[str, tuple[str, ...]],
    context_of: ContextOf,
    runner: asyncio.Runner,
) -> None:
    url = embedded_postgres.start(own_cluster).url(embedded_postgres.WAREHOUSE_DATABASE)
    migrate("warehouse", url)
    grant_readers(url, {"admin": ()}, reader_secret)
    with psycopg.connect(url) as connection:
        connection.execute(f"CREATE ROLE {PREFIX}admin LOGIN")
        connection.execute(f"GRANT CONNECT ON DATABASE pagila TO {PREFIX}admin")
    warehouse = own(url, reader_secret, connect_timeout=1.0)
    assert runner.run(warehouse.run("SELECT 1", context_of())).rows == ((1,),)
    embedded_postgres.stop(own_cluster)
    assert runner.run(kind_of(warehouse, "SELECT 1", context_of())) == "unavailable"
    embedded_postgres.start(own_cluster)

    async def until_it_is_back() -> ResultSet:
        async with asyncio.timeout(20):
            while True:
                try:
                    return await warehouse.run("SELECT 1", context_of())
                except ExecutionError as error:
                    assert error.kind == "unavailable"

    assert runner.run(until_it_is_back()).rows == ((1,),)
    runner.run(warehouse.close())
    embedded_postgres.stop(own_cluster)
