"""Tokens of an outside issuer: OpenID Connect Discovery 1.0 and its key set (RFC 7517)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, cast
from urllib.parse import urlsplit

import jwt
import orjson
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pydantic import JsonValue

from kit.problems import Unavailable, expired_token, invalid_token

OutsideAlgorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]
Fetch = Callable[[str], Awaitable[bytes]]
"""GETs a URL without following a redirect; raises FetchFailed."""

LEEWAY_SECONDS = 30  # two machines' clocks
REFETCH_SECONDS = 30.0  # for a key that is not there: a stranger's tokens cannot make us fetch
RETRY_SECONDS = 5.0  # after a fetch that failed
USABLE_SECONDS = 3600.0  # how much longer keys serve while the issuer is away
MIN_RSA_BITS = 2048
_KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
log = structlog.get_logger(__name__)


class FetchFailed(Exception):
    """The issuer did not answer, or not with what it should."""


class OutsideIssuer:
    """Verifies with the issuer's current keys and with one algorithm, named in settings."""

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        algorithm: OutsideAlgorithm,
        keys_seconds: float,
        fetch: Fetch,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.issuer = issuer
        self._audience = audience
        self._algorithm = algorithm
        self._keys_seconds = keys_seconds
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._document: Mapping[str, JsonValue] = {}
        self._fetched_at = float("-inf")
        self._failed_at = float("-inf")
        self._missed_at = float("-inf")

    async def verify(self, token: str) -> Mapping[str, JsonValue]:
        """The claims of a valid token. Raises Unauthorised, or Unavailable without any keys."""
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            claims: Mapping[str, JsonValue] = jwt.decode(
                token,
                (await self._key(kid)).key,
                algorithms=[self._algorithm],
                audience=self._audience,
                issuer=self.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
        except jwt.ExpiredSignatureError:
            raise expired_token() from None
        except jwt.PyJWTError:
            raise invalid_token() from None
        return claims

    async def endpoint(self, name: str) -> str:
        """An address that the discovery document names, as `token_endpoint`. Raises Unavailable
        where there is none that could be used."""
        await self._refresh_old()
        url = self._document.get(name)
        if not isinstance(url, str) or not self._is_safe(url):
            raise Unavailable("The issuer does not say where to log in. Try again shortly.")
        return url

    async def _key(self, kid: object) -> jwt.PyJWK:
        """The key of that id. A token without one fits an issuer with a single key."""
        await self._refresh_old()
        key = self._find(kid) or await self._fetched(kid)
        if key is None:
            raise invalid_token()
        return key

    async def _fetched(self, kid: object) -> jwt.PyJWK | None:
        async with self._lock:  # a fetch that is under way may bring it
            key = self._find(kid)
            if key is None and self._monotonic() - self._missed_at >= REFETCH_SECONDS:
                self._missed_at = self._monotonic()
                await self._load()
                key = self._find(kid)
            return key

    def _find(self, kid: object) -> jwt.PyJWK | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid) if isinstance(kid, str) else None

    async def _refresh_old(self) -> None:
        if self._age() > self._keys_seconds:
            async with self._lock:
                is_due = self._monotonic() - self._failed_at >= RETRY_SECONDS
                if self._age() > self._keys_seconds and is_due:
                    await self._load()
        if self._age() > self._keys_seconds + USABLE_SECONDS:
            raise Unavailable("The issuer of your token does not answer. Try again shortly.")

    def _age(self) -> float:
        return self._monotonic() - self._fetched_at

    async def _load(self) -> None:
        try:
            document = await self._json(
                self.issuer.rstrip("/") + "/.well-known/openid-configuration"
            )
            if document.get("issuer") != self.issuer:
                raise FetchFailed("the discovery document is another issuer's")
            jwks_uri = document.get("jwks_uri")
            if not isinstance(jwks_uri, str) or not self._is_safe(jwks_uri):
                raise FetchFailed("the discovery document names no usable jwks_uri")
            keys = (await self._json(jwks_uri)).get("keys")
            self._keys = self._usable(keys if isinstance(keys, list) else [])
            self._document = document
            self._fetched_at = self._monotonic()
        except FetchFailed as error:
            self._failed_at = self._monotonic()
            log.warning("issuer keys not fetched", issuer=self.issuer, reason=str(error))

    async def _json(self, url: str) -> dict[str, JsonValue]:
        try:
            found = orjson.loads(await self._fetch(url))
        except orjson.JSONDecodeError as error:
            raise FetchFailed("not JSON") from error
        if not isinstance(found, dict):
            raise FetchFailed("not a JSON object")
        return cast(dict[str, JsonValue], found)

    def _is_safe(self, url: str) -> bool:
        """https, or the plain http of an issuer that is itself on this machine."""
        given = urlsplit(url)
        return given.scheme == "https" or given.netloc == urlsplit(self.issuer).netloc

    def _usable(self, keys: list[JsonValue]) -> dict[str, jwt.PyJWK]:
        """Those that can verify our one algorithm; a key that cannot be read is passed over."""
        usable: dict[str, jwt.PyJWK] = {}
        for data in keys:
            if (
                isinstance(data, dict)
                and data.get("kty") == _KEY_TYPES[self._algorithm[:2]]
                and data.get("use", "sig") == "sig"
                and data.get("alg", self._algorithm) == self._algorithm
            ):
                try:
                    key = jwt.PyJWK(data, self._algorithm)
                except jwt.PyJWTError:
                    continue
                if isinstance(key.key, RSAPublicKey) and key.key.key_size < MIN_RSA_BITS:
                    continue
                usable[str(data.get("kid", ""))] = key
        return usable
