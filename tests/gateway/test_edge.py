"""What every request meets first, and what every response carries."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from kit import service
from kit.problems import Conflict
from tests.gateway.conftest import LogIn

BIG = b'{"question": "' + b"x" * 100_000 + b'"}'
PROBLEM = "application/problem+json"


class Body(BaseModel):
    text: str


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A service of three routes."""
    app = service.create_app(
        title="test", lifespan=nothing, probes=lambda _: {"thing": _fails}, max_body_bytes=1000
    )

    @app.get("/fault")
    async def fault() -> None:
        raise KeyError("an internal detail")

    @app.get("/conflict")
    async def conflict() -> None:
        raise Conflict("Too late.", run_id="r1")

    @app.post("/body")
    async def body(body: Body) -> dict[str, int]:
        return {"length": len(body.text)}

    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


async def _fails() -> None:
    raise OSError("secret host name")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/nowhere", 404),
        ("DELETE", "/healthz", 405),
        ("GET", "/conflict", 409),
        ("POST", "/body", 422),
        ("GET", "/fault", 500),
        ("GET", "/readyz", 503),
    ],
)
def test_every_response_has_the_headers_and_every_error_is_a_problem(
    client: TestClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path, headers={"X-Request-Id": "mine"})
    assert answer.status_code == status
    assert answer.headers["x-request-id"] == "mine"
    assert answer.headers["traceparent"].startswith("00-")
    for name, value in service.SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    if status >= 400:
        assert answer.headers["content-type"] == PROBLEM
        problem = answer.json()
        assert (problem["status"], problem["instance"]) == (status, path)
        assert problem["request_id"] == "mine"
        assert problem["type"].startswith("urn:countersign:problem:")
        assert "internal detail" not in answer.text and "secret" not in answer.text


def test_a_problem_carries_its_run(client: TestClient) -> None:
    assert client.get("/conflict").json()["run_id"] == "r1"


def test_405_says_what_is_allowed(client: TestClient) -> None:
    assert client.put("/body").headers["allow"] == "POST"


def test_a_body_over_the_limit_is_413_declared_or_not(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"text": "'
        yield b"x" * 2000
        yield b'"}'

    headers = {"Content-Type": "application/json"}
    for content in (b'{"text": "' + b"x" * 2000 + b'"}', chunks()):
        answer = client.post("/body", content=content, headers=headers)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == PROBLEM
        assert "1,000 bytes" in answer.json()["detail"]
    short = client.post("/body", content=b'{"text": "x"}', headers=headers)
    assert short.json() == {"length": 1}


@pytest.mark.parametrize("path", ["/api/ask", "/api/auth/login", "/api/auth/refresh"])
def test_100_kilobytes_are_413_at_the_gateway(
    gateway: TestClient, log_in: LogIn, path: str
) -> None:
    headers = log_in("admin_user", "admin123") | {"Content-Type": "application/json"}
    assert gateway.post(path, content=BIG, headers=headers).status_code == 413
    chunked = gateway.post(path, content=iter([BIG[:50_000], BIG[50_000:]]), headers=headers)
    assert chunked.status_code == 413


def test_a_slash_too_many_is_404_and_no_redirect(gateway: TestClient) -> None:
    answer = gateway.get("/api/me/", headers={"Host": "evil.example"}, follow_redirects=False)
    assert answer.status_code == 404


def test_metrics_count_by_route_and_not_by_path(gateway: TestClient) -> None:
    gateway.get("/api/runs/not-an-id")
    gateway.get("/secret-path")
    text = gateway.get("/metrics").text
    assert 'route="/api/runs/{run_id}"' in text
    assert 'route="unmatched"' in text
    assert "secret-path" not in text and "not-an-id" not in text
