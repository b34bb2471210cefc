"""A session at the browser is refreshed by one request at a time."""

import asyncio
import time
from dataclasses import replace

import httpx

from webui.gateway_client import GatewayClient, GatewayProblem
from webui.session import Session, Sessions

SECRET = "a-key-of-the-tests-and-of-nobody-else"
TOKENS = {"access_token": "a", "refresh_token": "r", "expires_in": 900}


class _Flaky:
    """A gateway whose first refresh fails; `most` is how many were under way at once."""

    def __init__(self) -> None:
        self.used: list[str] = []
        self.at_once = self.most = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.used.append(request.content.decode())
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(0.01)
        self.at_once -= 1
        return httpx.Response(503) if len(self.used) == 1 else httpx.Response(200, json=TOKENS)


async def test_a_refresh_token_is_used_by_one_request_at_a_time_after_a_failure_too() -> None:
    gateway = _Flaky()
    client = GatewayClient("http://gateway", httpx.MockTransport(gateway))
    sessions = Sessions(SECRET, client, is_secure=False)
    due = Session("s", "old", "once", time.time(), "csrf")

    async def refresh() -> Session | None:
        try:
            return await sessions.fresh(replace(due))
        except GatewayProblem:
            # the one that failed tries again while another has its turn
            return await sessions.fresh(replace(due))

    found = await asyncio.gather(*(refresh() for _ in range(4)))
    assert {session.access_token for session in found if session} == {"a"}
    assert gateway.most == 1
    assert len(gateway.used) == 2
    await client.close()
