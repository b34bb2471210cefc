"""Calls to the workflow, each with a fresh internal token, over connections that are kept."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import structlog

from contracts.context import UserContext
from kit import internal_token
from kit.event_stream import JSON_LINES
from kit.problems import TimedOut, Unavailable
from kit.service_session import CONNECT_SECONDS, service_session

DOWN = "The part that answers questions does not answer. Try again shortly."
STREAMED = frozenset({"text/event-stream", JSON_LINES})
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the workflow, but for who asks. `headers` hold the request id and trace."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the workflow answered, whatever its status."""

    status: int
    content_type: str
    body: bytes
    retry_after: str | None
    etag: str | None = None


class EventStream:
    """An answer that is still being written."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.content_type = response.content_type

    async def chunks(self) -> AsyncIterator[bytes]:
        """Bytes as they arrive. Raises Unavailable where the stream breaks off or falls silent."""
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable("The stream broke off.") from error

    def close(self) -> None:
        """Hang up, so that the workflow knows that nobody listens."""
        self._response.close()


class WorkflowClient:
    """One for the process; `open` it inside the event loop and `close` it there."""

    def __init__(
        self, base_url: str, *, key: str, call_seconds: float, stream_idle_seconds: float
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._call_seconds = call_seconds
        self._stream_timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS, sock_read=stream_idle_seconds
        )
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the session; connections come with the first calls."""
        self._session = service_session()

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def ready(self) -> None:
        """Return if the workflow is alive; raises Unavailable if not."""
        call = Call("GET", "/healthz", {}, {})
        limits = aiohttp.ClientTimeout(total=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS)
        async with self._sent(call, {}, limits) as response:
            if response.status != 200:
                raise Unavailable(DOWN)

    async def call(
        self, call: Call, context: UserContext, *, seconds: float | None = None
    ) -> Reply:
        """The whole answer. Raises Unavailable when there is none, TimedOut when it is late."""
        limits = aiohttp.ClientTimeout(
            total=seconds or self._call_seconds, sock_connect=CONNECT_SECONDS
        )
        async with self._sent(call, self._headers(call, context), limits) as response:
            return await _read(response)

    async def stream(self, call: Call, context: UserContext) -> EventStream | Reply:
        """The answer as it is written if it is events or lines, else the whole of it. The
        caller closes the stream."""
        headers = self._headers(call, context)
        sent = self._sent(call, headers, self._stream_timeout, is_kept_open=True)
        async with sent as response:
            if response.content_type in STREAMED and response.status == 200:
                return EventStream(response)
            try:
                return await _read(response)
            finally:
                response.release()

    def _headers(self, call: Call, context: UserContext) -> dict[str, str]:
        return {**call.headers, internal_token.HEADER: internal_token.sign(context, self._key)}

    @asynccontextmanager
    async def _sent(
        self,
        call: Call,
        headers: Mapping[str, str],
        limits: aiohttp.ClientTimeout,
        *,
        is_kept_open: bool = False,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            raise RuntimeError("The client is not open.")
        try:
            response = await self._session.request(
                call.method,
                self._base_url + call.path,
                params=call.query,
                data=call.body,
                headers=headers,
                timeout=limits,
                allow_redirects=False,
            )
            try:
                yield response
            finally:
                if not is_kept_open:
                    response.release()
        except TimeoutError as error:
            if isinstance(error, aiohttp.ConnectionTimeoutError):
                raise Unavailable(DOWN) from error
            raise TimedOut(
                "The answer takes longer than can be waited for. What was asked goes on: look for "
                "it at /api/runs."
            ) from error
        except aiohttp.ClientError as error:
            log.warning("workflow not reached", path=call.path, error=type(error).__name__)
            raise Unavailable(DOWN) from error


async def _read(response: aiohttp.ClientResponse) -> Reply:
    return Reply(
        status=response.status,
        content_type=response.headers.get("Content-Type", ""),
        body=await response.read(),
        retry_after=response.headers.get("Retry-After"),
        etag=response.headers.get("ETag"),
    )
