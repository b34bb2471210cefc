"""Calls to the gateway, with the user's own token, as any other client of its API makes them."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import aiohttp
import orjson
from pydantic import JsonValue

from contracts.problem import Problem
from kit.event_stream import Event, events, lines
from kit.service_session import CONNECT_SECONDS, service_session

CALL_SECONDS = 30.0
ANSWER_SECONDS = 130.0
AWAY = Problem(
    type="urn:countersign:problem:unavailable",
    title="The service does not answer",
    status=503,
    detail="The service behind this page does not answer just now. Nothing that you typed is "
    "lost; try again in a moment.",
)


class GatewayProblem(Exception):
    """What the gateway refused, in words for a person."""

    def __init__(self, problem: Problem, retry_after: str | None = None) -> None:
        super().__init__(problem.title)
        self.problem = problem
        self.retry_after = retry_after


class SessionEnded(GatewayProblem):
    """The tokens are of no more use: the person has to log in again."""


def said(error: GatewayProblem) -> str:
    """A refusal in one text: what is wrong, and each fault of a form."""
    faults = [fault.get("detail", "") for fault in error.problem.errors or ()]
    return " ".join(filter(None, (error.problem.detail, *faults)))


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who calls: an access token, and which of its person's roles; the first where none is said."""

    access_token: str = field(repr=False)
    role: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """As the gateway reads it."""
        role = {"X-Role": self.role} if self.role else {}
        return {"Authorization": f"Bearer {self.access_token}", **role}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the gateway gives for a password or for a refresh token."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True)
class Reply:
    """Of a call that succeeded, whole."""

    headers: Mapping[str, str]
    content: bytes


class StreamedReply:
    """One that is read as it is written. What breaks off raises GatewayProblem."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def chunks(self) -> AsyncIterator[bytes]:
        """Bytes as they arrive."""
        with _away():
            async for chunk in self._response.content.iter_any():
                yield chunk

    def events(self) -> AsyncIterator[Event]:
        """Server-sent events as they arrive."""
        return events(lines(self.chunks()))


class GatewayClient:
    """One for the process; make it inside the event loop."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._session = service_session()

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def is_ready(self) -> bool:
        """Whether questions can be answered just now."""
        try:
            async with self._sent("GET", "/readyz", seconds=3.0):
                return True
        except GatewayProblem:
            return False

    async def log_in(self, username: str, password: str, new_password: str = "") -> Tokens:
        """With a new password it takes the old one's place. Raises GatewayProblem."""
        body: dict[str, JsonValue] = {"username": username, "password": password}
        if new_password:
            body["new_password"] = new_password
        return await self._tokens("/api/auth/login", body)

    async def refresh(self, refresh_token: str) -> Tokens:
        """Raises SessionEnded where the token is refused, GatewayProblem otherwise."""
        return await self._tokens("/api/auth/refresh", {"refresh_token": refresh_token})

    async def call(
        self,
        bearer: Bearer,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: JsonValue = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = CALL_SECONDS,
    ) -> Reply:
        """The reply to a call that succeeded. Raises GatewayProblem or SessionEnded."""
        headers = {**bearer.headers, **(headers or {})}
        sent = self._sent(method, path, query=query, body=body, headers=headers, seconds=seconds)
        async with sent as response:
            return Reply(response.headers, await response.read())

    @asynccontextmanager
    async def stream(
        self,
        bearer: Bearer,
        method: str,
        path: str,
        *,
        body: JsonValue = None,
        accept: str = "text/event-stream",
    ) -> AsyncIterator[StreamedReply]:
        """A reply that is read as it is written. Raises as `call` does."""
        headers = {**bearer.headers, "Accept": accept}
        sent = self._sent(method, path, body=body, headers=headers, seconds=ANSWER_SECONDS)
        async with sent as response:
            yield StreamedReply(response)

    async def _tokens(self, path: str, body: JsonValue) -> Tokens:
        async with self._sent("POST", path, body=body) as response:
            found = orjson.loads(await response.read())
        return Tokens(found["access_token"], found["refresh_token"], found["expires_in"])

    @asynccontextmanager
    async def _sent(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: JsonValue = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = CALL_SECONDS,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The beginning of a reply that succeeds; `seconds` is how long it may be silent."""
        typed = {"Content-Type": "application/json"} if body is not None else {}
        limits = aiohttp.ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=seconds)
        with _away():
            async with self._session.request(
                method,
                self._base_url + path,
                params=query,
                data=json.dumps(body).encode() if body is not None else None,
                headers={**(headers or {}), **typed},
                timeout=limits,
                allow_redirects=False,
            ) as response:
                if response.status >= 400:
                    raise _problem_of(response, await response.read())
                yield response


@contextmanager
def _away() -> Iterator[None]:
    try:
        yield
    except (aiohttp.ClientError, TimeoutError) as error:
        raise GatewayProblem(AWAY) from error


def _problem_of(response: aiohttp.ClientResponse, body: bytes) -> GatewayProblem:
    try:
        problem = Problem.model_validate_json(body)
    except ValueError:
        problem = AWAY
    kind = SessionEnded if response.status == 401 else GatewayProblem
    return kind(problem, response.headers.get("Retry-After"))
