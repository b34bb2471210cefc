"""To an outside issuer and back."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from webui.gateway_client import Bearer, GatewayProblem
from webui.outside_login import CALLBACK, OutsideLogin, refused
from webui.pages.login import login_form, safe_path
from webui.services import services_of

router = APIRouter()
Answer = Annotated[str, Query(max_length=4096)]


def _outside(request: Request) -> OutsideLogin:
    outside = services_of(request).outside
    if outside is None:
        raise HTTPException(404)
    return outside


@router.get("/login/outside")
async def begin(request: Request, next: Annotated[str, Query()] = "/") -> Response:
    """Go there. A link, for a form may not lead to another site."""
    back = safe_path(next)
    try:
        url, begun = await _outside(request).begin(back)
    except GatewayProblem as error:
        return login_form(request, back, problem=error.problem.detail, status=error.problem.status)
    response = RedirectResponse(url, status_code=303)
    services_of(request).sessions.remember_login(response, begun)
    return response


@router.get(CALLBACK)
async def finish(
    request: Request, code: Answer = "", state: Answer = "", error: Answer = ""
) -> Response:
    """Come back from there, and begin a session, if the gateway knows the person."""
    services = services_of(request)
    begun = services.sessions.login_of(request)
    back = begun.back if begun else "/"
    try:
        if begun is None:
            raise refused("This log-in took too long, or was not begun here. Please begin again.")
        if error or not code:
            raise refused("You were not logged in there. You can try again.")
        tokens = await _outside(request).finish(code, state, begun)
        await services.people.of(Bearer(tokens.access_token))
        response: Response = RedirectResponse(back, status_code=303)
        services.sessions.write(response, services.sessions.of_outside(tokens))
    except GatewayProblem as problem:
        response = login_form(
            request, back, problem=problem.problem.detail, status=problem.problem.status
        )
    services.sessions.forget_login(response)
    return response
