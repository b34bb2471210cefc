"""Calls to the gateway, with the user's own token, as any other client of its API makes them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from pydantic import JsonValue

from contracts.problem import Problem

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


class GatewayClient:
    """One for the process. `transport` stands in for the network in tests."""

    def __init__(self, base_url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url,
            timeout=httpx.Timeout(CALL_SECONDS, connect=2.0),
            trust_env=False,  # a proxy of the machine is not for calls between services
            transport=transport,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def is_ready(self) -> bool:
        """Whether questions can be answered just now."""
        try:
            return (await self._http.get("/readyz", timeout=3.0)).is_success
        except httpx.HTTPError:
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
    ) -> httpx.Response:
        """The reply to a call that succeeded. Raises GatewayProblem or SessionEnded."""
        try:
            reply = await self._http.request(
                method,
                path,
                params=query,
                json=body,
                headers={**bearer.headers, **(headers or {})},
                timeout=httpx.Timeout(seconds, connect=2.0),
            )
        except httpx.HTTPError as error:
            raise GatewayProblem(AWAY) from error
        if reply.is_error:
            raise _problem_of(reply)
        return reply

    @asynccontextmanager
    async def stream(
        self,
        bearer: Bearer,
        method: str,
        path: str,
        *,
        body: JsonValue = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """A reply that is read as it is written. Raises as `call` does."""
        try:
            async with self._http.stream(
                method,
                path,
                json=body,
                headers={
                    **bearer.headers,
                    "Accept": "text/event-stream",
                    **(headers or {}),
                },
                timeout=httpx.Timeout(ANSWER_SECONDS, connect=2.0),
            ) as reply:
                if reply.is_error:
                    await reply.aread()
                    raise _problem_of(reply)
                yield reply
        except httpx.HTTPError as error:
            raise GatewayProblem(AWAY) from error

    async def _tokens(self, path: str, body: JsonValue) -> Tokens:
        try:
            reply = await self._http.post(path, json=body)
        except httpx.HTTPError as error:
            raise GatewayProblem(AWAY) from error
        if reply.is_error:
            raise _problem_of(reply)
        found = reply.json()
        return Tokens(found["access_token"], found["refresh_token"], found["expires_in"])


def _problem_of(reply: httpx.Response) -> GatewayProblem:
    try:
        problem = Problem.model_validate_json(reply.content)
    except ValueError:
        problem = AWAY
    kind = SessionEnded if reply.status_code == 401 else GatewayProblem
    return kind(problem, reply.headers.get("Retry-After"))
