"""Several statements in one round trip."""

import asyncio

import psycopg
import pytest

from workflow.execute.connection import ReaderConnection

BEGIN, SLEEP = b"BEGIN", b"SELECT pg_sleep(20)"


async def connected(url: str) -> ReaderConnection:
    return await ReaderConnection.connect(url, autocommit=True)


async def test_it_gives_the_last_ones_result(app_url: str) -> None:
    async with await connected(app_url) as connection:
        result = await connection.in_one_trip([BEGIN, b"SELECT 1", b"SELECT 2, 3", b"SELECT 4"])
        assert result.get_value(0, 0) == b"4"


async def test_what_follows_one_that_fails_is_not_run(app_url: str) -> None:
    async with await connected(app_url) as connection:
        with pytest.raises(psycopg.errors.DivisionByZero):
            await connection.in_one_trip(
                [b"SELECT 1 / 0", b"INSERT INTO organisations (name) VALUES ('none')"]
            )
        found = await connection.execute("SELECT count(*) FROM organisations")
        assert await found.fetchone() == (0,)


async def test_no_message_holds_two_statements(app_url: str) -> None:
    async with await connected(app_url) as connection:
        with pytest.raises(psycopg.errors.SyntaxError):
            await connection.in_one_trip([b"SELECT 1; SELECT 2"])


async def test_one_that_is_given_up_is_ended_and_the_connection_goes_on(app_url: str) -> None:
    async with await connected(app_url) as connection:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await connection.in_one_trip([BEGIN, SLEEP, b"SELECT 1"])
        await connection.execute("ROLLBACK")  # also by whoever knows of no pipeline
        found = await connection.execute("SELECT 5")
        assert await found.fetchone() == (5,)


async def test_a_server_that_goes_ends_it_at_once(app_url: str) -> None:
    async with await connected(app_url) as connection:
        waiting = asyncio.create_task(connection.in_one_trip([BEGIN, SLEEP, b"SELECT 1"]))
        await asyncio.sleep(0.2)
        with psycopg.connect(app_url, autocommit=True) as owner:
            owner.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            async with asyncio.timeout(5):
                await waiting
