"""A session at the browser is refreshed by one request at a time."""

import asyncio
import time
from dataclasses import replace

import httpx

from tests.webui.stand_in import SECRET, standing_in
from webui.gateway_client import GatewayClient, GatewayProblem
from webui.session import Session, Sessions

TOKENS = {"access_token": "a", "refresh_token": "r", "expires_in": 900}


class _Flaky:
    """A gateway whose first refresh fails; `most` is how many were under way at once."""

    def __init__(self) -> None:
        self.used: list[str] = []
        self.at_once = self.most = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.used.append(request.content.decode())
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        time.sleep(0.01)
        self.at_once -= 1
        return httpx.Response(503) if len(self.used) == 1 else httpx.Response(200, json=TOKENS)


async def test_a_refresh_token_is_used_by_one_request_at_a_time_after_a_failure_too() -> None:
    gateway = _Flaky()
    due = Session("s", "old", "once", time.time(), "csrf")

    async def refresh(sessions: Sessions) -> Session | None:
        try:
            return await sessions.fresh(replace(due))
        except GatewayProblem:
            # the one that failed tries again while another has its turn
            return await sessions.fresh(replace(due))

    with standing_in(gateway) as url:
        client = GatewayClient(url)
        sessions = Sessions(SECRET, client, is_secure=False)
        found = await asyncio.gather(*(refresh(sessions) for _ in range(4)))
        await client.close()
    assert {session.access_token for session in found if session} == {"a"}
    assert gateway.most == 1
    assert len(gateway.used) == 2
