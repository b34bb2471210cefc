"""Schemathesis over the OpenAPI document and the running gateway, with every check on."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.gateway.loopback import serving

LOG_OUT = "/api/auth/logout"  # ends the very session of the test
# Whether a version is the newest is nothing that a schema can say.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "429", "5xx"]
"""
EVERY = {
    "login_burst": 10**6,
    "ask_burst": 10**6,
    "call_burst": 10**6,
    "identity_refresh_seconds": 5,  # as slow as the machine may be, it is not stale
}


@pytest.fixture
def url(settings: GatewaySettings) -> Iterator[str]:
    with serving(create_app(settings.model_copy(update=EVERY))) as url:
        yield url


@pytest.mark.parametrize(
    ("username", "chosen"),
    [
        ("admin_user", ["--exclude-path", LOG_OUT]),
        ("auditor_user", ["--exclude-path", LOG_OUT, "--phases", "coverage"]),
        ("admin_user", ["--include-path", LOG_OUT]),
        (None, ["--phases", "coverage"]),
    ],
)
def test_nothing_contradicts_the_document(
    url: str, tmp_path: Path, username: str | None, chosen: list[str]
) -> None:
    if username:
        login = {"username": username, "password": username.split("_")[0] + "123"}
        tokens = httpx.post(f"{url}/api/auth/login", json=login, trust_env=False).json()
        chosen = [*chosen, "-H", f"Authorization: Bearer {tokens['access_token']}"]
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    run = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            *("run", f"{url}/openapi.json", "--checks", "all", "--mode", "all"),
            *("--max-examples", "8", "--seed", "1", "--no-color", *chosen),
        ],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "generated" in run.stdout


def test_every_problem_is_documented_under_its_own_media_type(url: str) -> None:
    document = httpx.get(f"{url}/openapi.json", trust_env=False).json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    where = f"{method} {path} {status}"
                    assert list(response["content"]) == ["application/problem+json"], where
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_every_route_but_logging_in_and_operations_asks_for_a_token(url: str) -> None:
    document = httpx.get(f"{url}/openapi.json", trust_env=False).json()
    open_to_all = {
        path
        for path, methods in document["paths"].items()
        if not all(operation.get("security") for operation in methods.values())
    }
    assert open_to_all == {
        "/healthz", "/readyz", "/metrics", "/api/auth/login", "/api/auth/refresh",
        "/.well-known/countersign-keys.json", "/.well-known/oauth-protected-resource/mcp",
    }  # fmt: skip
