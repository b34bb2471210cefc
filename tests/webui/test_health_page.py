"""The page says what is so, and holds no key."""

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from webui.app import make_app
from webui.settings import WebuiSettings


def _app(status: int) -> FastAPI:
    gateway = httpx.MockTransport(lambda _: httpx.Response(status))
    return make_app(WebuiSettings(), gateway)


def test_the_page_says_that_the_service_is_ready() -> None:
    with TestClient(_app(200)) as client:
        page = client.get("/")
        assert page.status_code == 200
        assert "ready" in page.text
        assert client.get("/readyz").status_code == 200


def test_without_a_gateway_the_page_says_so_and_readiness_is_a_problem_detail() -> None:
    with TestClient(_app(503)) as client:
        assert client.get("/").status_code == 503
        assert "does not answer" in client.get("/").text
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert client.get("/healthz").status_code == 200


def test_webui_starts_without_any_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INTERNAL_TOKEN", raising=False)
    assert WebuiSettings().required_secrets() == {}
