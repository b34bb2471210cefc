"""Addresses that a person may type."""

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.webui.stand_in import pages

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


@pytest.mark.parametrize("path", ["/runs/abc", "/approvals?show=nothing", "/audit?cursor=1"])
def test_a_mistyped_address_is_answered_with_a_page(path: str) -> None:
    with (
        pages(_gateway, is_demo=True) as app,
        TestClient(app, follow_redirects=False) as client,
    ):
        client.post("/login", data={"username": "ada", "password": "x"})
        answer = client.get(path)
        assert answer.status_code == 404
        assert "There is no such page" in answer.text
