"""Logging in at an outside issuer: OpenID Connect's authorization code flow with PKCE.

The browser is sent to the issuer with a state, a nonce and a challenge whose secrets wait in an
encrypted cookie; it comes back with a code, which is exchanged for tokens that are then used as
the gateway's own would be. Sources: OpenID Connect Core 1.0, section 3.1; RFC 7636 (PKCE).
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx
import structlog

from contracts.problem import Problem
from kit.outside_issuer import FetchFailed, OutsideIssuer
from kit.problems import ProblemError
from webui.gateway_client import GatewayProblem, SessionEnded, Tokens
from webui.settings import WebuiSettings

CALLBACK = "/login/outside/callback"
SECONDS = 10.0
MOST_BYTES = 1024 * 1024
KEYS_SECONDS = 600.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """A log-in that is under way at the issuer, and where to go after it."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    back: str


class OutsideLogin:
    """One for the process. `transport` stands in for the network in tests."""

    def __init__(
        self, settings: WebuiSettings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._client_id = settings.oidc_client_id
        self._secret = settings.oidc_client_secret
        self._scopes = settings.oidc_scopes
        self._audience = settings.oidc_audience
        self._redirect = settings.public_url + CALLBACK
        self.label = settings.oidc_label
        self._http = httpx.AsyncClient(timeout=SECONDS, follow_redirects=False, transport=transport)
        self._issuer = OutsideIssuer(
            issuer=settings.oidc_issuer,
            audience=settings.oidc_client_id,
            algorithm=settings.oidc_algorithm,
            keys_seconds=KEYS_SECONDS,
            fetch=self._fetch,
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def begin(self, back: str) -> tuple[str, Begun]:
        """Where to send the browser, and what to remember meanwhile. Raises GatewayProblem."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        begun = Begun(state, nonce, verifier, back)
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect,
            "scope": self._scopes,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": _challenge(begun.verifier),
            "code_challenge_method": "S256",
            **({"audience": self._audience} if self._audience else {}),
        }
        url = await self._endpoint("authorization_endpoint")
        return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}", begun

    async def finish(self, code: str, state: str, begun: Begun) -> Tokens:
        """The tokens for a code that came back with our state. Raises GatewayProblem."""
        if not hmac.compare_digest(state.encode(), begun.state.encode()):
            raise refused("This log-in was not begun here. Please begin again.")
        reply = await self._ask(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._redirect,
                "code_verifier": begun.verifier,
            }
        )
        if reply is None:
            raise refused("The issuer did not accept the log-in. Please try again.")
        try:
            claims = await self._issuer.verify(str(reply.get("id_token", "")))
        except ProblemError as error:
            raise refused("The issuer's answer could not be verified.") from error
        nonce = str(claims.get("nonce", ""))
        party = claims.get("azp", self._client_id)
        if not hmac.compare_digest(nonce.encode(), begun.nonce.encode()):
            raise refused("The issuer's answer is to another log-in. Please try again.")
        if party != self._client_id:
            raise refused("The issuer's answer is for another application.")
        return _tokens(reply)

    async def refresh(self, refresh_token: str) -> Tokens:
        """New tokens for old. Raises SessionEnded where there are none to be had."""
        ended = SessionEnded(refused("Your session has ended. Please log in again.").problem)
        if not refresh_token:
            raise ended
        reply = await self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token})
        if reply is None:
            raise ended
        return _tokens({"refresh_token": refresh_token, **reply})

    async def _ask(self, form: dict[str, str]) -> dict[str, object] | None:
        """The token endpoint's answer; None where it refuses. Raises GatewayProblem if it is
        away."""
        url = await self._endpoint("token_endpoint")
        secret = self._secret.get_secret_value()
        auth = httpx.BasicAuth(self._client_id, secret) if secret else None
        try:
            reply = await self._http.post(
                url,
                data={**form, "client_id": self._client_id},
                headers={"Accept": "application/json"},
                auth=auth or httpx.USE_CLIENT_DEFAULT,
            )
            found = reply.json() if len(reply.content) <= MOST_BYTES else None
        except (httpx.HTTPError, ValueError) as error:
            log.warning("issuer not reached", error=type(error).__name__)
            raise away() from error
        if reply.status_code >= 500:
            raise away()
        if not reply.is_success or not isinstance(found, dict) or not found.get("access_token"):
            log.warning("issuer refused", status=reply.status_code)
            return None
        return found

    async def _endpoint(self, name: str) -> str:
        try:
            return await self._issuer.endpoint(name)
        except ProblemError as error:
            raise away() from error

    async def _fetch(self, url: str) -> bytes:
        try:
            reply = await self._http.get(url)
        except httpx.HTTPError as error:
            raise FetchFailed(type(error).__name__) from error
        if reply.status_code != 200 or len(reply.content) > MOST_BYTES:
            raise FetchFailed(f"status {reply.status_code}")
        return reply.content


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _tokens(reply: dict[str, object]) -> Tokens:
    lifetime = reply.get("expires_in")
    return Tokens(
        access_token=str(reply["access_token"]),
        refresh_token=str(reply.get("refresh_token") or ""),
        expires_in=int(lifetime) if isinstance(lifetime, int | float) else 300,
    )


def refused(detail: str) -> GatewayProblem:
    """What a person is told where the log-in did not come to its end."""
    return GatewayProblem(
        Problem(
            type="urn:countersign:problem:outside-login",
            title="Not logged in",
            status=401,
            detail=detail,
        )
    )


def away() -> GatewayProblem:
    """The issuer does not answer."""
    return GatewayProblem(
        Problem(
            type="urn:countersign:problem:unavailable",
            title="The issuer does not answer",
            status=503,
            detail="Where you log in does not answer just now. Try again in a moment.",
        )
    )
