"""The token that carries a user context from the gateway to the workflow.

A JWT (RFC 7519), HS256 under `INTERNAL_TOKEN`, valid for 60 seconds, for one audience.
"""

import time
from uuid import uuid4

import jwt
from pydantic import ValidationError

from contracts.context import UserContext

ALGORITHM = "HS256"
ISSUER = "countersign-gateway"
AUDIENCE = "countersign-workflow"
LIFETIME_SECONDS = 60
HEADER = "X-Internal-Token"


class InvalidInternalToken(Exception):
    """Missing, expired, for another audience, wrongly signed, or without a whole context."""


def sign(context: UserContext, key: str, *, now: float | None = None) -> str:
    """A fresh token for one call."""
    issued = int(now if now is not None else time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": issued,
        "exp": issued + LIFETIME_SECONDS,
        "jti": uuid4().hex,
        "context": context.model_dump(mode="json"),
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM)


def verify(token: str | None, key: str) -> UserContext:
    """The user context of a valid token.

    Raises InvalidInternalToken for anything else, with no hint as to which check failed.
    """
    try:
        claims = jwt.decode(
            token or "",
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": ["exp", "iat", "aud", "iss", "jti"]},
        )
        return UserContext.model_validate(claims.get("context"), strict=False)
    except (jwt.InvalidTokenError, ValidationError) as error:
        raise InvalidInternalToken from error
