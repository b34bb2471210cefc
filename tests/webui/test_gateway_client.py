"""Calls to a gateway that breaks off, falls silent, refuses, or is hung up on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from webui.gateway_client import AWAY, Bearer, GatewayClient, GatewayProblem, SessionEnded

BEARER = Bearer("token", "finance")
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
ONE = b"event: run\ndata: {}\n\n"
CHUNK = b"%x\r\n%b\r\n" % (len(ONE), ONE)
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def client_of(answer: Answer) -> AsyncIterator[GatewayClient]:
    """Of a gateway that reads the head of a request and then does this."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"authorization: bearer token\r\n" in head.lower()
        assert b"x-role: finance\r\n" in head.lower()
        await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        client = GatewayClient(f"http://127.0.0.1:{port}/")
        yield client
        await client.close()


def saying(text: bytes) -> Answer:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return answer


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize(
    "answer",
    [
        saying(b""),
        silent,
        saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"),
        saying(b"HTTP/1.1 500 No\r\ncontent-length: 3\r\n\r\nno!"),
    ],
)
async def test_what_is_no_answer_is_said_in_words(answer: Answer) -> None:
    async with client_of(answer) as client:
        with pytest.raises(GatewayProblem) as raised:
            await client.call(BEARER, "GET", "/api/me", seconds=0.2)
        assert raised.value.problem == AWAY


async def test_nobody_at_the_address_is_said_in_words() -> None:
    gone = GatewayClient("http://127.0.0.1:1")
    with pytest.raises(GatewayProblem):
        await gone.call(BEARER, "GET", "/api/me")
    assert not await gone.is_ready()
    await gone.close()


async def test_a_refused_token_ends_the_session() -> None:
    async with client_of(saying(b"HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n")) as client:
        with pytest.raises(SessionEnded):
            await client.call(BEARER, "GET", "/api/me")


async def test_a_stream_that_breaks_off_is_told_to_where_it_broke() -> None:
    async with (
        client_of(saying(EVENTS + CHUNK)) as client,
        client.stream(BEARER, "POST", "/api/ask", body={"question": "?"}) as reply,
    ):
        told = reply.events()
        assert (await anext(told)).name == "run"
        with pytest.raises(GatewayProblem):
            await anext(told)


async def test_a_stream_that_is_left_is_hung_up_on() -> None:
    hung_up = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(EVENTS + CHUNK)
        await reader.read()
        hung_up.set()

    async with client_of(answer) as client:
        async with client.stream(BEARER, "GET", "/api/runs/1/events") as reply:
            assert (await anext(reply.events())).name == "run"
        await asyncio.wait_for(hung_up.wait(), 5)
