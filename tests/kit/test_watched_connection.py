"""A connection whose socket stays with the event loop."""

import asyncio
import select
import socket
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg
import pytest
import uvloop
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.waiting import WAIT_R

from kit import watched_connection
from kit.database import check_unless_quiet
from kit.watched_connection import WatchedConnection

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[WatchedConnection]:
    connection = await WatchedConnection.connect(url, autocommit=True)
    try:
        yield connection
    finally:
        await connection.close()


async def answer(connection: WatchedConnection, statement: str = "SELECT 42") -> object:
    async with asyncio.timeout(10):
        cursor = await connection.execute(statement)
        row = await cursor.fetchone()
    return row[0] if row else None


async def test_a_statement_after_another_one_is_answered(app_url: str) -> None:
    async with connected(app_url) as connection:
        assert [await answer(connection) for _ in range(50)] == [42] * 50


async def test_an_answer_that_is_there_at_once_is_waited_for_too(
    app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is begun beside a wait relies on being begun."""
    ready_now = watched_connection._ready_now

    def ready_soon(number: int, wanted: int) -> int:
        select.select([number], [], [], 0.2 if wanted == WAIT_R else 0)
        return ready_now(number, wanted)

    async with connected(app_url) as connection:
        assert await answer(connection) == 42
        monkeypatch.setattr(watched_connection, "_ready_now", ready_soon)
        answering = asyncio.create_task(answer(connection))
        await asyncio.sleep(0)
        assert not answering.done()
        assert await answering == 42


async def test_a_large_answer_and_a_large_statement_arrive_whole(app_url: str) -> None:
    text = "x" * 4_000_000
    async with connected(app_url) as connection:
        assert await answer(connection, f"SELECT length('{text}')") == len(text)
        assert await answer(connection, f"SELECT repeat('x', {len(text)})") == text


async def test_a_pipeline_answers_in_order(app_url: str) -> None:
    async with connected(app_url) as connection:
        async with asyncio.timeout(10), connection.pipeline():
            cursors = [await connection.execute("SELECT %s::int", (n,)) for n in range(500)]
            rows = [await cursor.fetchone() for cursor in cursors]
        assert rows == [(n,) for n in range(500)]
        assert await answer(connection) == 42


async def test_a_statement_given_up_is_ended_in_the_server(app_url: str) -> None:
    async with connected(app_url) as connection, connected(app_url) as other:
        await answer(connection, "SELECT set_config('application_name', 'given-up', false)")
        sleeping = asyncio.create_task(answer(connection, "SELECT pg_sleep(60)"))
        activity = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE application_name = 'given-up' AND wait_event = 'PgSleep'"
        )
        async with asyncio.timeout(10):
            while not await answer(other, activity):
                pass
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        assert not await answer(other, activity)
        assert await answer(connection) == 42


async def test_a_wait_with_a_time_limit_leaves_the_connection_of_use(app_url: str) -> None:
    async with connected(app_url) as connection, connected(app_url) as other:
        await connection.execute("LISTEN news")
        heard = [notify async for notify in connection.notifies(timeout=0.01)]
        assert not heard
        await other.execute("NOTIFY news, 'first'")
        async for notify in connection.notifies(timeout=10, stop_after=1):
            heard.append(notify)
        assert [notify.payload for notify in heard] == ["first"]
        assert await answer(connection) == 42


async def test_what_arrives_while_nobody_waits_keeps_no_loop_busy(app_url: str) -> None:
    async with connected(app_url) as connection, connected(app_url) as other:
        await connection.execute("LISTEN news")
        await other.execute("NOTIFY news, 'unasked'")
        for _ in range(1000):
            if connection._watched is None:
                break
            await asyncio.sleep(0.001)
        assert connection._watched is None
        assert await answer(connection) == 42


async def test_a_connection_ended_by_the_server_is_noticed_and_left(app_url: str) -> None:
    async with connected(app_url) as connection, connected(app_url) as other:
        pid = await answer(connection, "SELECT pg_backend_pid()")
        await answer(other, f"SELECT pg_terminate_backend({pid}, 5000)")
        with pytest.raises(psycopg.OperationalError):
            await check_unless_quiet(connection)
        assert connection._watched is None
        assert [await answer(other) for _ in range(3)] == [42] * 3


async def test_a_socket_closed_and_opened_again_under_its_number_is_heard(app_url: str) -> None:
    for _ in range(20):
        async with connected(app_url) as connection:
            assert await answer(connection) == 42


async def test_a_broken_connection_leaves_alone_the_one_that_got_its_socket_s_number(
    app_url: str,
) -> None:
    async with connected(app_url) as broken:
        pid, number = await answer(broken, "SELECT pg_backend_pid()"), broken.pgconn.socket
        with psycopg.connect(app_url, autocommit=True) as owner:  # the loop hears nothing of it
            owner.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            for _ in range(2):  # the farewell, then the end: libpq closes the socket by itself
                with suppress(psycopg.OperationalError):
                    broken.pgconn.consume_input()
        async with connected(app_url) as heir:
            assert heir.pgconn.socket == number
            waiting = asyncio.create_task(answer(heir, "SELECT 42 FROM pg_sleep(0.3)"))
            await asyncio.sleep(0.05)
            await broken.close()
            assert await waiting == 42


def test_a_server_that_dies_with_a_statement_unread_is_noticed(app_url: str) -> None:
    """With the farewell and the end of the stream comes an error of the socket, of which uvloop
    tells once: whoever reads the farewell first must not wait for the end."""
    parts = conninfo_to_dict(app_url)
    name = f".s.PGSQL.{parts.get('port') or 5432}"
    with (
        tempfile.TemporaryDirectory(prefix="cs-") as folder,  # a socket's path has to be short
        socket.socket(socket.AF_UNIX) as listening,
    ):
        listening.bind(f"{folder}/{name}")
        listening.listen()
        upstream = f"{parts['host']}/{name}"
        asked, ended = threading.Event(), threading.Event()
        arguments = (listening, upstream, asked, ended)
        server = threading.Thread(target=die_at_the_first_statement, args=arguments)
        server.start()
        url = make_conninfo(app_url, host=folder)

        async def ask() -> None:
            async with connected(url) as connection:
                answering = asyncio.create_task(answer(connection))
                await asyncio.to_thread(asked.wait)
                ended.set()
                server.join()  # the loop finds the farewell and the end at once
                with pytest.raises(psycopg.OperationalError):
                    await answering

        uvloop.run(ask())


def die_at_the_first_statement(
    listening: socket.socket, upstream: str, asked: threading.Event, ended: threading.Event
) -> None:
    """A server up to the first statement, which it leaves unread."""
    client, _ = listening.accept()
    with client, socket.socket(socket.AF_UNIX) as server:
        server.connect(upstream)
        while True:
            said = client.recv(65536, socket.MSG_PEEK)
            if said[:1] in b"QP":
                break
            server.sendall(client.recv(len(said)))
            client.sendall(server.recv(65536))
        asked.set()
        ended.wait()
        fields = b"SFATAL\0C57P02\0Mdying\0\0"
        client.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
