"""The Model Context Protocol's endpoint, and how its clients learn where tokens come from."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from contracts.base import Wire
from gateway.routes.caller import Caller, Credentials
from gateway.routes.caller import caller as identified
from gateway.services import Services, services_of
from kit.problems import ProblemError, Unauthorised

PATH = "/mcp"
METADATA = f"/.well-known/oauth-protected-resource{PATH}"
MOST_BYTES = 256 * 1024
"""Of a request: enough that a question far too long is refused by its tool, in words."""
router = APIRouter()


class MethodNotAllowed(ProblemError):
    """There is no stream that this server writes unasked, and no session to end."""

    status, title = 405, "Method not allowed"


class ProtectedResource(Wire):
    """RFC 9728, section 2. Without an authorization server in the list, tokens come from
    `/api/auth/login` alone."""

    resource: str
    resource_name: str = "Countersign"
    authorization_servers: tuple[str, ...] = ()
    bearer_methods_supported: tuple[str, ...] = ("header",)


async def client(request: Request, credentials: Credentials) -> Caller:
    """The caller; a refusal of the token says where the metadata is (RFC 9728, section 5.1)."""
    try:
        return await identified(request, credentials)
    except Unauthorised as error:
        where = f'resource_metadata="{_public_url(services_of(request))}{METADATA}"'
        fault = ', error="invalid_token"' if credentials else ""  # RFC 6750, section 3.1
        error.headers["WWW-Authenticate"] = f"Bearer {where}{fault}"
        raise


@router.api_route(PATH, methods=["POST", "GET", "DELETE"], include_in_schema=False)
async def mcp(caller: Annotated[Caller, Depends(client)], request: Request) -> Response:
    """A message of the protocol (streamable HTTP), under the caller's own token."""
    if request.method != "POST":
        raise MethodNotAllowed(
            "Send messages by POST: there is no session here.", headers={"Allow": "POST"}
        )
    request.state.caller = caller
    return await caller.services.mcp.response()


@router.get(METADATA, response_model=ProtectedResource, tags=["operations"])
async def protected_resource(request: Request) -> ProtectedResource:
    """Where clients of `/mcp` get their tokens (RFC 9728)."""
    services = services_of(request)
    issuer = services.settings.oidc_issuer
    return ProtectedResource(
        resource=_public_url(services) + PATH,
        authorization_servers=(issuer,) if issuer else (),
    )


def _public_url(services: Services) -> str:
    return services.settings.public_url
