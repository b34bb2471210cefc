"""The person behind a session: asked for once in a while, and never kept past a log-out."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request

from tests.webui.stand_in import pages
from tests.webui.test_addresses import ME
from webui.refusals import NOT_FOUND as NO_PAGE
from webui.session import Sessions

NOT_FOUND = NO_PAGE.model_dump(mode="json")
RUN = "/runs/018f0000-0000-7000-8000-000000000001"
LOGIN = {"data": {"username": "ada", "password": "x"}}


class _Gateway:
    """Gives tokens that live for `lives` seconds."""

    def __init__(self, lives: int) -> None:
        self.asked: Counter[str] = Counter()
        self._lives = lives

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked[request.url.path] += 1
        if request.url.path == "/api/me":
            return httpx.Response(200, json=ME)
        if request.url.path.startswith("/api/runs/"):
            return httpx.Response(404, json=NOT_FOUND)
        token = f"token {self.asked['/api/auth/refresh']}"
        return httpx.Response(
            200,
            json={"access_token": token, "refresh_token": "r", "expires_in": self._lives},
        )


@contextmanager
def _client(gateway: _Gateway) -> Iterator[TestClient]:
    with (
        pages(gateway) as app,
        TestClient(app, base_url="https://pages", follow_redirects=False) as client,
    ):
        yield client


def _csrf(client: TestClient) -> str:
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    request = Request({"type": "http", "headers": [(b"cookie", cookies.encode())]})
    sessions: Sessions = client.app.state.services.sessions  # type: ignore[attr-defined]
    session = sessions.read(request)
    assert session is not None
    return session.csrf


def test_who_somebody_is_is_asked_once_for_several_pages_and_again_after_a_log_out() -> None:
    gateway = _Gateway(lives=900)
    with _client(gateway) as client:
        client.post("/login", **LOGIN)
        for _ in range(3):
            assert client.get(RUN).status_code == 404
        assert gateway.asked["/api/me"] == 1
        assert client.post("/logout", data={"csrf": _csrf(client)}).headers["location"] == "/login"
        client.post("/login", **LOGIN)
        assert client.get(RUN).status_code == 404
        assert gateway.asked["/api/me"] == 2


@pytest.mark.parametrize(("lives", "is_new"), [(900, False), (10, True)])
def test_a_session_whose_tokens_were_exchanged_goes_back_with_the_page(
    lives: int, is_new: bool
) -> None:
    with _client(_Gateway(lives)) as client:
        client.post("/login", **LOGIN)
        answer = client.get(RUN)
        assert ("countersign" in answer.headers.get("set-cookie", "")) is is_new
