"""Logging in at an outside issuer: webui, gateway and a small issuer, each on a port of its own."""

import base64
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import SecretStr

from gateway.app import create_app
from gateway.settings import ClaimMap, GatewaySettings
from tests.gateway.loopback import serving
from tests.gateway.test_outside_issuer import Issuer
from tests.stack import free_ports
from webui.app import make_app
from webui.settings import WebuiSettings

CLIENT = "countersign-webui"
SECRET = "a-secret-of-the-client"


class Provider(Issuer):
    """An issuer where whoever comes is logged in already. `claims_of` and `id_claims` change what
    its tokens say; `lifetime` is that of an access token."""

    def __init__(self) -> None:
        super().__init__()
        self.claims_of: dict[str, Any] = {}
        self.id_claims: dict[str, Any] = {}
        self.id_token: str | None = None
        self.lifetime = 300
        self.codes: dict[str, dict[str, str]] = {}
        self.refreshed = 0
        self.is_closed = False

    def app(self) -> FastAPI:
        app = super().app()

        @app.get("/authorize")
        def authorize(request: Request) -> Response:
            asked = dict(request.query_params)
            assert asked["response_type"] == "code"
            assert asked["code_challenge_method"] == "S256"
            code = secrets.token_urlsafe(8)
            self.codes[code] = asked
            back = urlencode({"code": code, "state": asked["state"]})
            return RedirectResponse(f"{asked['redirect_uri']}?{back}", 303)

        @app.post("/token")
        async def token(request: Request) -> Response:
            form = dict(parse_qsl((await request.body()).decode()))
            expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            if request.headers.get("authorization") != expected or self.is_closed:
                return JSONResponse({"error": "invalid_client"}, 401)
            if form["grant_type"] == "refresh_token":
                self.refreshed += 1
                return JSONResponse(self.tokens({}))
            asked = self.codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if (
                asked is None
                or asked["code_challenge"] != challenge
                or asked["redirect_uri"] != form["redirect_uri"]
            ):
                return JSONResponse({"error": "invalid_grant"}, 400)
            return JSONResponse(self.tokens(asked))

        return app

    def tokens(self, asked: dict[str, str]) -> dict[str, Any]:
        said = {"aud": CLIENT, "nonce": asked.get("nonce"), **self.id_claims}
        return {
            "access_token": self.token(**self.claims_of, jti=secrets.token_hex(4)),
            "id_token": self.id_token or self.token(**said),
            "refresh_token": "again",
            "token_type": "Bearer",
            "expires_in": self.lifetime,
        }


@contextmanager
def providing() -> Iterator[Provider]:
    """A provider that answers over HTTP."""
    provider = Provider()
    with serving(provider.app()) as url:
        provider.url = url
        provider.document = {
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
        }
        yield provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing() as provider:
        yield provider


@pytest.fixture
def browser(settings: GatewaySettings, provider: Provider) -> Iterator[httpx.Client]:
    outside = {
        "oidc_issuer": provider.url,
        "oidc_audience": "countersign",
        "oidc_claim_map": ClaimMap(role="realm.roles", store_ids="https://example.com/stores"),
    }
    (port,) = free_ports(1)
    with ExitStack() as stack:
        gateway = stack.enter_context(serving(create_app(settings.model_copy(update=outside))))
        pages = make_app(
            WebuiSettings(
                countersign_demo=True,  # cookies without https
                gateway_url=gateway,
                webui_port=port,
                webui_secret=SecretStr("w" * 32),
                oidc_issuer=provider.url,
                oidc_audience="countersign",
                oidc_client_id=CLIENT,
                oidc_client_secret=SecretStr(SECRET),
                oidc_label="Acme",
            )
        )
        url = stack.enter_context(serving(pages, port))
        yield stack.enter_context(
            httpx.Client(base_url=url, follow_redirects=True, trust_env=False, timeout=20)
        )


def test_a_person_goes_there_and_comes_back_logged_in_where_they_wanted_to_be(
    browser: httpx.Client, provider: Provider
) -> None:
    page = browser.get("/login?next=/approvals")
    assert "Log in with Acme" in page.text
    assert 'href="/login/outside?next=/approvals"' in page.text
    there = browser.get("/login/outside?next=/approvals")
    assert there.status_code == 200
    assert there.url.path == "/approvals"
    assert "Alice" in there.text
    assert "stores 1, 2" in there.text
    assert "countersign-login" not in browser.cookies
    sent = [urlsplit(str(past.url)) for past in there.history]
    assert all("secret" not in part.query and "verifier" not in part.query for part in sent)


def test_tokens_are_exchanged_at_the_issuer_until_it_gives_no_more(
    browser: httpx.Client, provider: Provider
) -> None:
    provider.lifetime = 30  # due at once
    browser.get("/login/outside")
    assert "Alice" in browser.get("/").text
    assert provider.refreshed >= 1
    provider.is_closed = True
    assert browser.get("/approvals").url.path == "/login"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id_claims": {"nonce": "of another log-in"}}, "to another log-in"),
        ({"id_claims": {"aud": "another-client"}}, "could not be verified"),
        ({"id_claims": {"aud": [CLIENT, "x"], "azp": "x"}}, "another application"),
        ({"id_claims": {"exp": 1}}, "could not be verified"),
        ({"id_token": "eyJhbGciOiJub25lIn0.e30."}, "could not be verified"),
        ({"claims_of": {"realm": {"roles": ["emperor"]}}}, "no role that is known here"),
        ({"claims_of": {"aud": "something-else"}}, "not valid"),
        ({"is_closed": True}, "did not accept"),
    ],
)
def test_what_the_issuer_must_not_say_logs_nobody_in(
    browser: httpx.Client, provider: Provider, change: dict[str, Any], words: str
) -> None:
    for name, value in change.items():
        setattr(provider, name, value)
    answer = browser.get("/login/outside")
    assert words in answer.text
    assert answer.status_code in (401, 403)
    assert browser.get("/").url.path == "/login"


def test_a_code_counts_only_where_it_was_asked_for_and_only_once(
    browser: httpx.Client, provider: Provider
) -> None:
    begun = browser.get("/login/outside?next=//evil.example", follow_redirects=False)
    at_issuer = httpx.get(begun.headers["location"], trust_env=False)
    callback = at_issuer.headers["location"]
    stranger = httpx.get(callback, trust_env=False)  # somebody is sent another person's answer
    assert "was not begun here" in stranger.text
    forged = browser.get(callback.replace("state=", "state=x"))
    assert forged.status_code == 401
    assert "was not begun here" in forged.text
    assert browser.get(callback).status_code == 401  # the secrets are gone with the first try
    browser.get("/login/outside?next=//evil.example")
    assert browser.get("/").url.path == "/"


def test_an_issuer_that_is_away_is_told_in_words(browser: httpx.Client, provider: Provider) -> None:
    provider.status = 500
    answer = browser.get("/login/outside")
    assert answer.status_code == 503
    assert "does not answer just now" in answer.text


def test_without_an_issuer_there_is_no_button(settings: GatewaySettings) -> None:
    pages = make_app(WebuiSettings(countersign_demo=True, webui_secret=SecretStr("w" * 32)))
    with serving(pages) as url:
        assert "Log in with" not in httpx.get(f"{url}/login", trust_env=False).text
        assert httpx.get(f"{url}/login/outside", trust_env=False).status_code == 404
