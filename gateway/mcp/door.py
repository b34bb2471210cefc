"""Keeps the protocol's server: begun when the first client comes, ended with the process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kit.problems import Unavailable

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager


class McpDoor:
    """One for the process. The server's tasks belong to a task of the door's own, since whichever
    request comes first does not live long enough."""

    def __init__(self, *, version: str, public_url: str) -> None:
        self._version = version
        self._public_url = public_url
        self._wanted = asyncio.Event()
        self._open: asyncio.Future[StreamableHTTPSessionManager] | None = None

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Ready to open for the length of the block."""
        self._open = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._serve(self._open))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _serve(self, opened: "asyncio.Future[StreamableHTTPSessionManager]") -> None:
        await self._wanted.wait()
        try:
            build = await asyncio.to_thread(_session_manager)
            manager = build(version=self._version, public_url=self._public_url)
            async with manager.run():
                opened.set_result(manager)
                await asyncio.Event().wait()
        except Exception as error:
            if opened.done():
                raise
            opened.set_exception(error)

    async def response(self) -> Response:
        """What answers a request of the protocol that reaches it."""
        if self._open is None:
            raise Unavailable("This door is not open.")
        self._wanted.set()
        return _Served(await asyncio.shield(self._open))


class _Served(Response):
    """A response that the protocol's server writes."""

    def __init__(self, manager: "StreamableHTTPSessionManager") -> None:
        super().__init__()
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)


def _session_manager() -> Callable[..., "StreamableHTTPSessionManager"]:
    from gateway.mcp.server import session_manager

    return session_manager
