"""Who is logged in at a browser: the gateway's tokens, in an encrypted cookie.

The cookie is all there is of a session, so a restart of webui logs nobody out. A refresh token
works once; several requests of a page may find it due at the same time, so one of them refreshes
and the others, whose cookies are older, are given what it got.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import asdict, dataclass, field, replace
from weakref import WeakValueDictionary

import orjson
from cachetools import LRUCache
from cryptography.fernet import Fernet, InvalidToken
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webui.gateway_client import GatewayClient, SessionEnded, Tokens
from webui.outside_login import Begun, OutsideLogin, refused

MAX_AGE_SECONDS = 30 * 24 * 3600
EARLY_SECONDS = 60.0
"""A token is exchanged when it has less than this to live."""
_REMEMBERED = 4096
LOGIN_SECONDS = 600
"""How long a log-in at an outside issuer may take."""
_MOST_COOKIE = 3900
"""Browsers drop a cookie of more than 4,096 bytes, attributes included, without a word."""


@dataclass(frozen=True, slots=True)
class Session:
    """Tokens, and what a form has to bring back to prove that it came from our page.
    `is_outside`: they are an outside issuer's."""

    session_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: float
    csrf: str = field(repr=False)
    is_outside: bool = False


class Sessions:
    """Reads and writes the cookie, and keeps its tokens fresh."""

    def __init__(
        self,
        secret: str,
        gateway: GatewayClient,
        *,
        is_secure: bool,
        outside: OutsideLogin | None = None,
    ) -> None:
        key = base64.urlsafe_b64encode(
            hashlib.sha256(b"countersign cookie" + secret.encode()).digest()
        )
        self._cipher = Fernet(key)
        self._gateway = gateway
        self._outside = outside
        self._is_secure = is_secure
        self.cookie = "__Host-countersign" if is_secure else "countersign"
        self._login_cookie = f"{self.cookie}-login"
        self._newest = LRUCache[str, Session](_REMEMBERED)
        # each for as long as anybody holds it or waits for it
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def log_in(self, username: str, password: str, new_password: str = "") -> Session:
        """A new session. Raises GatewayProblem."""
        return _session(await self._gateway.log_in(username, password, new_password))

    def of_outside(self, tokens: Tokens) -> Session:
        """A new session with an outside issuer's tokens. Raises GatewayProblem where they are
        too large to be kept; a refresh token alone is left out."""
        session = replace(_session(tokens), is_outside=True)
        if len(self._sealed(session)) > _MOST_COOKIE:
            session = replace(session, refresh_token="")
        if len(self._sealed(session)) > _MOST_COOKIE:
            raise refused("The issuer's token is too large to be kept in a browser.")
        return session

    def remember_login(self, response: Response, begun: Begun) -> None:
        """Keep the secrets of a log-in at the issuer until the browser comes back."""
        self._set(response, self._login_cookie, _dump(begun), LOGIN_SECONDS)

    def login_of(self, request: Request) -> Begun | None:
        """Those secrets, if they are ours and not too old."""
        try:
            text = request.cookies.get(self._login_cookie, "")
            return Begun(**orjson.loads(self._cipher.decrypt(text.encode(), ttl=LOGIN_SECONDS)))
        except (InvalidToken, ValueError, TypeError):
            return None

    def forget_login(self, response: Response) -> None:
        """They work once."""
        response.delete_cookie(self._login_cookie, path="/", secure=self._is_secure, httponly=True)

    def read(self, request: Request) -> Session | None:
        """The session of the request's cookie, if it is one of ours."""
        text = request.cookies.get(self.cookie)
        if not text:
            return None
        try:
            plain = self._cipher.decrypt(text.encode(), ttl=MAX_AGE_SECONDS)
            return Session(**orjson.loads(plain))
        except (InvalidToken, ValueError, TypeError):
            return None

    async def fresh(self, session: Session) -> Session:
        """The session with a token that lives long enough for a call. Raises SessionEnded."""
        session = self._newest.get(session.session_id, session)
        if session.expires_at - time.time() > EARLY_SECONDS:
            return session
        async with self._locks.setdefault(session.session_id, asyncio.Lock()):
            session = self._newest.get(session.session_id, session)
            if session.expires_at - time.time() > EARLY_SECONDS:
                return session
            if session.is_outside and self._outside is not None:
                tokens = await self._outside.refresh(session.refresh_token)
            else:
                tokens = await self._gateway.refresh(session.refresh_token)
            session = replace(
                session,
                access_token=tokens.access_token,
                refresh_token=tokens.refresh_token,
                expires_at=time.time() + tokens.expires_in,
            )
            self._newest[session.session_id] = session
            return session

    def write(self, response: Response, session: Session) -> None:
        """Give the browser the session's cookie."""
        self._set(response, self.cookie, _dump(session), MAX_AGE_SECONDS)

    def _set(self, response: Response, name: str, plain: bytes, seconds: int) -> None:
        response.set_cookie(
            name,
            self._cipher.encrypt(plain).decode(),
            max_age=seconds,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )

    def _sealed(self, session: Session) -> bytes:
        return self._cipher.encrypt(_dump(session))

    def forget(self, response: Response) -> None:
        """Take the cookie back."""
        response.delete_cookie(self.cookie, path="/", secure=self._is_secure, httponly=True)


def _session(tokens: Tokens) -> Session:
    return Session(
        session_id=secrets.token_urlsafe(16),
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_at=time.time() + tokens.expires_in,
        csrf=secrets.token_urlsafe(32),
    )


def _dump(kept: Session | Begun) -> bytes:
    return orjson.dumps(asdict(kept))


class KeepSession:
    """Middleware: a session whose tokens were exchanged on the way goes back to the browser with
    whatever the answer is. Plain ASGI, so that a stream stays a stream."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_session(message: Message) -> None:
            session = scope.get("state", {}).get("session_to_write")
            if session is not None and message["type"] == "http.response.start":
                carrier = Response()
                scope["app"].state.services.sessions.write(carrier, session)
                cookies = [pair for pair in carrier.raw_headers if pair[0] == b"set-cookie"]
                message["headers"] = [*message["headers"], *cookies]
            await send(message)

        await self._app(scope, receive, send_with_session)


def is_same_token(expected: str, given: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(expected.encode(), given.encode())


__all__ = ["Session", "SessionEnded", "Sessions", "is_same_token"]
