"""One HTTP call to a Chat Completions endpoint.

aiohttp and not a provider's SDK: of what one adds only the request itself was of use here, and
that took ten times the processor time. What a call's end means is said in `chat`.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr

from workflow.llm.chat import (
    BROKEN_OFF,
    NONSENSE,
    TOO_SLOW,
    UNREACHABLE,
    AnswerFormat,
    Completion,
    Failure,
    Message,
    Piece,
    Schema,
    failure_of,
    read_completion,
    read_piece,
    request_body,
)
from workflow.llm.retry import retry_after_seconds

MOST_CONNECTIONS = 1024
KEEP_ALIVE_SECONDS = 30.0
LONGEST_ANSWER_BYTES = 2_000_000
_DATA = b"data:"
_DONE = b"[DONE]"


@dataclass(frozen=True, slots=True)
class Call:
    """A request to one model. Without a schema its answer is prose; `is_counted` asks for the
    number of tokens of a streamed one. The time limit is for the whole of it."""

    model: str
    messages: Sequence[Message]
    schema: Schema | None
    answer_format: AnswerFormat
    is_cold: bool
    is_counted: bool
    timeout_seconds: float


class Endpoint:
    """A provider, with one pool of connections for all models. For one event loop."""

    def __init__(self, base_url: str, api_key: SecretStr) -> None:
        self._url = f"{base_url}/chat/completions"
        self._key = api_key
        self._is_loopback = _is_loopback(base_url)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()

    async def ask(self, call: Call) -> Completion | Failure:
        """Ask once. Never raises for what the provider does."""
        try:
            async with self._sent(call, is_stream=False) as response:
                return await _whole(response, call.model)
        except TimeoutError:
            return TOO_SLOW
        except aiohttp.ClientError:
            return UNREACHABLE

    async def stream(self, call: Call) -> AsyncGenerator[Piece | Failure, None]:
        """Ask once, and read the answer as it is written. A Failure is the last that comes;
        without one, the answer was finished. Close it where it is left early."""
        try:
            async with self._sent(call, is_stream=True) as response:
                if response.status != 200 or response.content_type != "text/event-stream":
                    yield _in_one_piece(await _whole(response, call.model))
                    return
                async for piece in _pieces(response.content):
                    yield piece
        except TimeoutError:
            yield TOO_SLOW
        except aiohttp.ClientError:
            yield UNREACHABLE

    @asynccontextmanager
    async def _sent(self, call: Call, *, is_stream: bool) -> AsyncIterator[aiohttp.ClientResponse]:
        body = request_body(
            call.model,
            call.messages,
            schema=call.schema,
            answer_format=call.answer_format,
            is_cold=call.is_cold,
            is_stream=is_stream,
            is_counted=call.is_counted,
        )
        async with self._opened().post(
            self._url,
            data=body,
            headers=self._headers(),
            allow_redirects=False,  # a prompt goes where it was configured to go
            timeout=aiohttp.ClientTimeout(total=call.timeout_seconds),
        ) as response:
            yield response

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:  # a session belongs to the event loop of its first call
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=MOST_CONNECTIONS, keepalive_timeout=KEEP_ALIVE_SECONDS
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=not self._is_loopback,  # no proxy between here and here
            )
        return self._session

    def _headers(self) -> dict[str, str]:
        key = self._key.get_secret_value()
        return {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            **({"Authorization": f"Bearer {key}"} if key else {}),
        }


def _is_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _whole(response: aiohttp.ClientResponse, model: str) -> Completion | Failure:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > LONGEST_ANSWER_BYTES:
            return NONSENSE
    if response.status != 200:
        wait = retry_after_seconds(response.headers)
        return failure_of(response.status, bytes(content), wait)
    return read_completion(bytes(content), model)


def _in_one_piece(answer: Completion | Failure) -> Piece | Failure:
    """From a provider that does not stream."""
    if isinstance(answer, Failure):
        return answer
    return Piece(
        answer.text,
        is_finished=True,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
    )


async def _pieces(content: aiohttp.StreamReader) -> AsyncIterator[Piece | Failure]:
    """The events of a stream. One that ends before it said so has broken off."""
    is_finished = False
    async for data in _events(content):
        if data == _DONE:
            return
        piece = read_piece(data)
        yield piece
        if isinstance(piece, Failure):
            return
        is_finished = is_finished or piece.is_finished
    if not is_finished:
        yield BROKEN_OFF


async def _events(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """What stands behind `data:`, line by line; comments, which keep a line alive, are nothing."""
    unread = b""
    async for chunk in content.iter_any():
        *lines, unread = (unread + chunk).split(b"\n")
        for line in lines:
            if line.startswith(_DATA):
                yield line.removeprefix(_DATA).strip()
        if len(unread) > LONGEST_ANSWER_BYTES:
            yield unread  # which is no event, and is said to be none
