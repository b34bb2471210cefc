"""Who calls: the dependency of every route that needs a token, and what they ask it for."""

from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from contracts.context import UserContext
from gateway.auth.identity import Identity
from gateway.context import user_context
from gateway.directory import Directory
from gateway.limits import Buckets
from gateway.services import Services, services_of
from gateway.workflow_client import Call
from kit.problems import documented

ROLE_HEADER = "X-Role"
_BEARER = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    scheme_name="bearer",
    description="An access token from /api/auth/login, or one of the configured outside issuer. A "
    f"call is made in the first of one's roles, or in the one that the header {ROLE_HEADER} names.",
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]

Role = Annotated[
    str | None,
    Query(min_length=1, max_length=64, description="One of one's roles; none for the default."),
]

CALLER_PROBLEMS = documented(401, 403, 429, 500, 503)
WORKFLOW_PROBLEMS = documented(401, 403, 422, 429, 500, 503, 504)


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified identity, and the directory it was checked against."""

    identity: Identity
    directory: Directory
    services: Services
    request: Request

    def context(self, role: str | None = None, store_id: int | None = None) -> UserContext:
        """The user context of this call: in `role`, else in the one that the request's header
        names, else in the first of the caller's. Forbidden outside what the caller may."""
        chosen = role or self.request.headers.get(ROLE_HEADER) or None
        return user_context(self.identity, self.directory, role=chosen, store_id=store_id)

    def to_workflow(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Call:
        """A call to the workflow that carries this request's ids."""
        state = self.request.state
        return Call(
            method,
            path,
            {
                "X-Request-Id": state.request_id,
                "traceparent": state.traceparent,
                "Accept": "application/json",
                **(headers or {}),
            },
            query or {},
            body,
        )


async def caller(request: Request, credentials: Credentials) -> Caller:
    """Of any call but a question."""
    return await _identified(request, credentials, services_of(request).limits.call)


async def asker(request: Request, credentials: Credentials) -> Caller:
    """Of a question, which has a limit of its own."""
    return await _identified(request, credentials, services_of(request).limits.ask)


async def _identified(request: Request, credentials: Credentials, limit: Buckets) -> Caller:
    services = services_of(request)
    directory = services.directory.current()
    token = credentials.credentials if credentials else None
    identity = await services.bearer.identify(token, directory)
    user_id = str(identity.user_id)
    structlog.contextvars.bind_contextvars(user_id=user_id)
    limit.take(user_id)
    return Caller(identity, directory, services, request)


CallerOf = Annotated[Caller, Depends(caller)]
AskerOf = Annotated[Caller, Depends(asker)]
