"""Our own access tokens: JWTs (RFC 7519), HS256 under `JWT_SECRET`."""

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import jwt
from cachetools import LRUCache
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.context import ScopeId
from gateway.auth.identity import Identity
from gateway.store.users import User
from kit.problems import expired_token, invalid_token

ALGORITHM = "HS256"
MOST_KEPT = 4096
Clock = Callable[[], datetime]
"""The time, in UTC."""


class _Claims(BaseModel):
    """What must be in a token of ours. `username`, `roles` and `sid` are not among the fixed
    claims, so a token without them is whole."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    user_id: UUID
    org_id: UUID
    role: str = Field(min_length=1)
    permissions: frozenset[str]
    store_ids: tuple[ScopeId, ...]
    is_all_stores: bool = Field(strict=True)
    jti: str = Field(min_length=1)
    exp: int
    username: str = ""
    roles: tuple[str, ...] = ()
    sid: UUID | None = None


class AccessTokens:
    """Makes and verifies them. `lifetime` is that of each token made."""

    def __init__(
        self, *, key: str, issuer: str, audience: str, lifetime: timedelta, clock: Clock
    ) -> None:
        self._key = key
        self.issuer = issuer
        self._audience = audience
        self.lifetime = lifetime
        self._clock = clock
        self._verified = LRUCache[bytes, Identity](MOST_KEPT)

    def make(self, user: User, session_id: UUID) -> str:
        """A token that carries the user's claims as they are now."""
        issued = math.floor(self._clock().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": self._audience,
            "sub": str(user.user_id),
            "jti": uuid4().hex,
            "sid": str(session_id),
            "iat": issued,
            "exp": issued + int(self.lifetime.total_seconds()),
            "user_id": str(user.user_id),
            "username": user.username,
            "org_id": str(user.org_id),
            "role": user.roles[0],
            "roles": user.roles,
            "permissions": user.permissions,
            "store_ids": user.store_ids,
            "is_all_stores": user.is_all_stores,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def verify(self, token: str) -> Identity:
        """The identity in a valid token; raises Unauthorised for anything else.

        A token that was found valid is not worked through again, until it expires: what it says
        and what it is checked against, the time apart, do not change while the process runs.
        Whether it is revoked, or its user inactive, is asked at every call, by the caller. Kept
        by the token's digest, so that no token lies in memory.
        """
        digest = sha256(token.encode()).digest()
        kept = self._verified.get(digest)
        if kept is not None:
            if kept.expires_at > time.time():
                return kept
            del self._verified[digest]
        identity = self._identity(token)
        self._verified[digest] = identity
        return identity

    def _identity(self, token: str) -> Identity:
        try:
            decoded = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self.issuer,
                options={"require": ["exp", "iat", "iss", "aud", "jti"]},
            )
            claims = _Claims.model_validate(decoded)
        except jwt.ExpiredSignatureError:
            raise expired_token() from None
        except (jwt.PyJWTError, ValidationError):
            raise invalid_token() from None
        return Identity(
            user_id=claims.user_id,
            username=claims.username or str(claims.user_id),
            org_id=claims.org_id,
            roles=_default_first(claims.role, claims.roles),
            permissions=claims.permissions,
            store_ids=tuple(sorted(set(claims.store_ids))),
            is_all_stores=claims.is_all_stores,
            token_keys=token_keys(claims.jti, claims.sid),
            session_id=claims.sid,
            expires_at=claims.exp,
        )


def token_keys(jti: str, session_id: UUID | None) -> tuple[str, ...]:
    """The names under which a token of ours can be revoked: itself, and its session."""
    return (f"token:{jti}",) if session_id is None else (f"token:{jti}", session_key(session_id))


def session_key(session_id: UUID) -> str:
    """Revokes every access token of a session."""
    return f"session:{session_id}"


def _default_first(role: str, held: tuple[str, ...]) -> tuple[str, ...]:
    return (role, *(other for other in held if other != role))
