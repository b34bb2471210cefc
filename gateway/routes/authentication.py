"""Logging in and out, and who one is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from contracts.base import Wire
from contracts.people import Me, NewPassword
from gateway.auth.logins import Tokens
from gateway.limits import address_key
from gateway.routes.caller import CALLER_PROBLEMS, CallerOf
from gateway.services import Services, services_of
from kit.payload import documented_body, json_body
from kit.problems import documented

router = APIRouter(prefix="/api")
_LOGIN_PROBLEMS = documented(401, 403, 409, 413, 415, 422, 429, 500, 503)


class LoginRequest(Wire):
    """A name and a password; `new_password` takes its place, as it has to where it works once."""

    username: str = Field(
        min_length=1, max_length=128, pattern=r"^[^\u0000-\u001f\u007f]+$", repr=False
    )
    password: str = Field(min_length=1, max_length=256, repr=False)
    new_password: NewPassword | None = Field(None, repr=False)


class RefreshRequest(Wire):
    """A refresh token, which works once."""

    refresh_token: str = Field(min_length=1, max_length=256, repr=False)


class TokenAnswer(Wire):
    """`expires_in` is the access token's life in seconds (RFC 6749, 5.1)."""

    access_token: str
    refresh_token: str
    token_type: str = "Bearer"  # noqa: S105 - the word of the RFC
    expires_in: int


async def may_log_in(request: Request) -> Services:
    """The services, for a client whose address may still guess."""
    services = services_of(request)
    services.limits.login.take(_address(request))
    return services


async def may_refresh(request: Request) -> Services:
    """The services, for a client whose address may still call: a refresh token is no guess, and
    many people may share an address."""
    services = services_of(request)
    services.limits.call.take(_address(request))
    return services


def _address(request: Request) -> str:
    return address_key(request.client.host if request.client else None)


@router.post(
    "/auth/login",
    tags=["authentication"],
    response_model=TokenAnswer,
    responses=_LOGIN_PROBLEMS,
    openapi_extra=documented_body(LoginRequest),
)
async def log_in(
    services: Annotated[Services, Depends(may_log_in)],
    login: Annotated[LoginRequest, Depends(json_body(LoginRequest))],
) -> Response:
    """Exchange a name and a password for tokens."""
    return _answer(await services.logins.log_in(login.username, login.password, login.new_password))


@router.post(
    "/auth/refresh",
    tags=["authentication"],
    response_model=TokenAnswer,
    responses=_LOGIN_PROBLEMS,
    openapi_extra=documented_body(RefreshRequest),
)
async def refresh(
    services: Annotated[Services, Depends(may_refresh)],
    given: Annotated[RefreshRequest, Depends(json_body(RefreshRequest))],
) -> Response:
    """Exchange a refresh token for new tokens. A second use of it ends the session."""
    return _answer(await services.logins.refresh(given.refresh_token))


@router.post(
    "/auth/logout",
    tags=["authentication"],
    status_code=204,
    response_class=Response,
    responses=CALLER_PROBLEMS,
)
async def log_out(caller: CallerOf) -> Response:
    """End the session: none of its tokens works again."""
    await caller.services.logins.log_out(caller.identity)
    return Response(status_code=204)


@router.get("/me", tags=["authentication"], response_model=Me, responses=CALLER_PROBLEMS)
async def me(caller: CallerOf) -> Me:
    """Who the token says one is, and what one may do."""
    context = caller.context()
    return Me(
        user_id=context.user_id,
        username=context.username,
        org_id=context.org_id,
        role=context.role,
        roles=caller.identity.roles,
        permissions=context.permissions,
        store_ids=context.store_ids,
        is_all_stores=context.is_all_stores,
        allowed_views=context.allowed_views,
    )


def _answer(tokens: Tokens) -> Response:
    answer = TokenAnswer(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_in=int(tokens.expires_in.total_seconds()),
    )
    return Response(answer.model_dump_json(), media_type="application/json")
