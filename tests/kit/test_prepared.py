"""Statements that are prepared once on each connection."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from psycopg import AsyncConnection, DataError
from psycopg.errors import DivisionByZero, UndefinedColumn

from kit.database import make_pool
from kit.prepared import MOST_PREPARED, PreparedStatement

ECHO = PreparedStatement(
    "SELECT %(a)s::uuid, %(b)s::timestamptz, %(c)s::boolean, %(d)s::integer, %(e)s::text, %(a)s"
)


async def test_each_kind_of_value_arrives_and_comes_back(app_url: str) -> None:
    values = {"a": uuid4(), "b": datetime.now(UTC), "c": True, "d": 5, "e": "it's 100 %\n"}
    async with make_pool(app_url, name="one", max_size=1) as pool, pool.connection() as connection:
        for sent in (values, {**values, "c": False, "d": None, "e": ""}):
            ran = await ECHO.run(connection, sent)
            assert ran.rows == [(*sent.values(), sent["a"])]
            assert ran.count == 1
        cursor = await connection.execute("SELECT count(*) FROM pg_prepared_statements")
        assert await cursor.fetchone() == (1,)


async def test_an_error_is_raised_as_psycopgs_and_the_connection_goes_on(app_url: str) -> None:
    divided = PreparedStatement("SELECT 1 / %(by)s::integer")
    async with make_pool(app_url, name="one", max_size=1) as pool, pool.connection() as connection:
        with pytest.raises(DivisionByZero):
            await divided.run(connection, {"by": 0})
        with pytest.raises(UndefinedColumn):
            await PreparedStatement("SELECT nothing").run(connection, {})
        assert (await divided.run(connection, {"by": 1})).rows == [(1,)]


async def test_it_is_part_of_the_callers_transaction(app_url: str) -> None:
    made = PreparedStatement("INSERT INTO organisations (name) VALUES (%(name)s)")
    async with make_pool(app_url, name="one", max_size=1) as pool, pool.connection() as connection:
        async with connection.transaction(force_rollback=True):
            assert (await made.run(connection, {"name": "a"})).count == 1
        cursor = await connection.execute("SELECT count(*) FROM organisations")
        assert await cursor.fetchone() == (0,)


async def test_it_is_prepared_again_after_psycopg_has_dropped_all(app_url: str) -> None:
    async with make_pool(app_url, name="one", max_size=1) as pool, pool.connection() as connection:
        for _ in range(2):
            for number in range(2):  # what psycopg prepares, it drops after a rollback
                ran = await ECHO.run(connection, dict.fromkeys("abcde"))
                assert ran.count == 1
                await connection.execute("SELECT %s::integer", [number], prepare=True)
            async with connection.transaction(force_rollback=True):
                await connection.execute("SELECT 1")
        cursor = await connection.execute("SELECT name FROM pg_prepared_statements")
        assert await cursor.fetchall() == []


async def test_it_runs_on_any_other_connection_too(app_url: str) -> None:
    async with await AsyncConnection.connect(app_url, autocommit=True) as connection:
        assert (await ECHO.run(connection, dict.fromkeys("abcde"))).count == 1


async def test_one_that_was_given_up_does_no_harm(app_url: str) -> None:
    async with make_pool(app_url, name="one", max_size=1) as pool, pool.connection() as connection:
        for turns in range(6):  # up to where it is prepared, and on
            given_up = asyncio.create_task(ECHO.run(connection, dict.fromkeys("abcde")))
            for _ in range(turns):
                await asyncio.sleep(0)
            given_up.cancel()
            with suppress(asyncio.CancelledError):
                await given_up
            assert (await ECHO.run(connection, dict.fromkeys("abcde"))).count == 1
            connection.prepared.clear()  # type: ignore[attr-defined]


async def test_what_text_cannot_hold_is_refused_and_not_cut_off(app_url: str) -> None:
    async with make_pool(app_url, name="one", max_size=1) as pool, pool.connection() as connection:
        with pytest.raises(DataError):
            await ECHO.run(connection, {**dict.fromkeys("abcd"), "e": "before\0after"})


async def test_what_was_used_longest_ago_makes_place(app_url: str) -> None:
    async with make_pool(app_url, name="one", max_size=1) as pool, pool.connection() as connection:
        for number in range(2 * MOST_PREPARED):
            await PreparedStatement(f"SELECT {number}").run(connection, {})
            await ECHO.run(connection, dict.fromkeys("abcde"))
        found = await connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE statement LIKE '%timestamptz%')"
            " FROM pg_prepared_statements WHERE name LIKE 'countersign%'"
        )
        assert await found.fetchone() == (MOST_PREPARED, 1)
