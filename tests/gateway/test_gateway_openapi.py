"""Schemathesis over the OpenAPI document and the running gateway, with every check on."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.fuzzing import Document, at, fuzz
from tests.gateway.loopback import serving

LOG_OUT = "/api/auth/logout"  # ends the very session of the test
# Whether a version is the newest is nothing that a schema can say.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "429", "5xx"]
"""
OPEN = {
    "/healthz", "/readyz", "/metrics", "/api/auth/login", "/api/auth/refresh",
    "/.well-known/countersign-keys.json", "/.well-known/oauth-protected-resource/mcp",
}  # fmt: skip
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


def bearer(url: str, username: str) -> dict[str, str]:
    login = {"username": username, "password": username.removesuffix("_user") + "123"}
    tokens = httpx.post(f"{url}/api/auth/login", json=login, trust_env=False).json()
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def as_one(headers: dict[str, str]) -> tuple[str, str]:
    return ("-H", f"Authorization: {headers['Authorization']}")


@pytest.mark.parametrize("chosen", [("--exclude-path", LOG_OUT), ("--include-path", LOG_OUT)])
def test_nothing_contradicts_the_document(
    url: str, tmp_path: Path, chosen: tuple[str, str]
) -> None:
    admin = bearer(url, "admin_user")
    fuzz(url, tmp_path, *as_one(admin), *chosen, examples=8, settings=CONFIG)


@pytest.mark.parametrize(
    "chosen",
    [
        ("--include-path-regex", "^/api/audit/"),  # what no other role reads
        ("--exclude-path-regex", f"^(/api/audit/|{LOG_OUT})", "--mode", "positive"),
    ],
)
def test_nothing_contradicts_it_for_a_role_that_does_not_ask(
    url: str, tmp_path: Path, chosen: tuple[str, ...]
) -> None:
    options = (*as_one(bearer(url, "auditor_user")), *chosen, "--phases", "coverage")
    fuzz(url, tmp_path, *options, examples=8, settings=CONFIG)


def test_a_stranger_is_refused_whatever_is_sent_but_where_all_may_come(
    url: str, tmp_path: Path
) -> None:
    assert Document(url).answering_strangers() == OPEN
    fuzz(url, tmp_path, *at(OPEN), "--phases", "coverage", examples=8, settings=CONFIG)


def test_every_problem_is_documented_under_its_own_media_type(url: str) -> None:
    Document(url).assert_problems_have_their_media_type()
    assert "HTTPValidationError" not in httpx.get(f"{url}/openapi.json", trust_env=False).text


def test_every_route_but_logging_in_and_operations_asks_for_a_token(url: str) -> None:
    assert Document(url).open_to_all() == OPEN
