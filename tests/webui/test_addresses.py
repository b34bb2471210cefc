"""Addresses that a person may type."""

import httpx
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from webui.app import make_app
from webui.settings import WebuiSettings

TOKENS = {"access_token": "a", "refresh_token": "r", "expires_in": 900}
ME = {
    "user_id": "018f0000-0000-7000-8000-000000000001",
    "org_id": "018f0000-0000-7000-8000-000000000002",
    "username": "ada",
    "role": "finance",
    "roles": ["finance"],
    "permissions": ["ask"],
    "store_ids": [1],
    "is_all_stores": False,
    "allowed_views": [],
}


def _gateway(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=ME if request.url.path == "/api/me" else TOKENS)


def _client() -> TestClient:
    settings = WebuiSettings(
        webui_secret=SecretStr("a-key-of-the-tests-and-of-nobody-else"), countersign_demo=True
    )
    return TestClient(make_app(settings, httpx.MockTransport(_gateway)), follow_redirects=False)


@pytest.mark.parametrize("path", ["/runs/abc", "/approvals?show=nothing", "/audit?cursor=1"])
def test_a_mistyped_address_is_answered_with_a_page(path: str) -> None:
    with _client() as client:
        client.post("/login", data={"username": "ada", "password": "x"})
        answer = client.get(path)
        assert answer.status_code == 404
        assert "There is no such page" in answer.text
