"""The lightest HTTP/1.1 client that will do, so that a load takes little of what it measures.

One connection, kept; requests one after another; nothing but loopback.
"""

import asyncio
from collections.abc import AsyncIterator

import orjson


class Connection:
    """A kept connection to a service on loopback."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, method: str, path: str, *, headers: dict[str, str], body: object = None
    ) -> tuple[int, bytes]:
        """Status and whole body."""
        reader = await self._send(method, path, headers, body)
        status, fields = await _head(reader)
        if "content-length" in fields:
            return status, await reader.readexactly(int(fields["content-length"]))
        return status, b"".join([chunk async for chunk in _chunks(reader)])

    async def stream(
        self, path: str, *, headers: dict[str, str], body: object
    ) -> AsyncIterator[bytes]:
        """The chunks of a streamed answer to a POST, as they arrive."""
        reader = await self._send("POST", path, headers, body)
        status, _ = await _head(reader)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")
        async for chunk in _chunks(reader):
            yield chunk

    async def _send(
        self, method: str, path: str, headers: dict[str, str], body: object
    ) -> asyncio.StreamReader:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        payload = b"" if body is None else orjson.dumps(body)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(payload)}\r\n{head}\r\n".encode()
            + payload
        )
        await writer.drain()
        return reader

    def close(self) -> None:
        """Drop the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    return int(lines[0].split()[1]), fields


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := int(await reader.readline(), 16):
        yield await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
